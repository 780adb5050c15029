"""From a step and labelled cases to the acceptance rule that the step loads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee
from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.choice import choose_score, development_scores, fit_acceptor
from handrail_evals.decide.calibrate.labels import JudgedCase, Scored, audits_of, scores_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.labels import Labels
from handrail_evals.decide.judging import JudgedCases, judge_cases, judge_traffic
from handrail_evals.errors import InvalidLabels, InvalidSetting
from handrail_ground.hashing import drawn
from handrail_guards.guarantee import GuaranteedThreshold, ScoreName, score_of
from handrail_guards.outcome import Judgement

if TYPE_CHECKING:
    from handrail_guards.acceptor import Acceptor

__all__ = [
    "CalibrationSettings",
    "JudgedCases",
    "StepCalibration",
    "SureError",
    "from_labels",
    "judge_cases",
    "judge_traffic",
    "set_threshold",
]

DEVELOPMENT = 0.2
"""Share of the cases that fit an acceptor and choose whether it is used, and do not calibrate."""

PLAIN_SCORES: tuple[ScoreName, ...] = ("confidence", "margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSettings:
    """How a threshold is set on labelled cases; fixed before the labels are looked at.

    Raises:
        InvalidSetting: the share is not from 0 up to below 1.
    """

    score: ScoreName | None = None
    """What it is set on; None: the confidence, or with ``development`` the score that should let most pass."""
    acceptor: bool = False
    """Whether a score learned from the cases takes part."""
    development: float | None = None
    """Share of the cases that chooses the score and does not calibrate; None: a fifth where an acceptor is fitted,
    otherwise none. To choose between confidence and margin costs more labels than the better one gives back: it lost
    up to 8 and gained up to 3.5 points of the oracle's coverage with 1,000 to 3,000 labels, and lost on average."""
    first_errors: int | None = None
    """Errors that the first threshold tolerates; None: the usual number."""
    accept_seen: bool = False
    """Whether labels count that were given with the suggestion in view."""

    def __post_init__(self) -> None:
        if self.development is not None and not 0.0 <= self.development < 1.0:
            raise InvalidSetting(f"development is {self.development!r}; give a share from 0 up to below 1, such as 0.2")
        if self.development == 0 and self.fits_acceptor:
            raise InvalidSetting("an acceptor is fitted on cases that do not calibrate; give development=0.2 or so")

    @property
    def fits_acceptor(self) -> bool:
        """Return whether an acceptor is fitted."""
        return self.score == "acceptor" or (self.acceptor and self.score is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SureError:
    """A case whose value is wrong although its score is high; a wrong label looks like this."""

    case: str
    score: float
    answer: str
    """The suggested value; empty: not known."""
    label: str
    """What is right by the label; empty: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCalibration:
    """The rule for a step, and how it was found."""

    rule: GuaranteedThreshold
    calibration: Calibration
    judged: JudgedCases
    development: int
    """How many cases chose the score, and did not calibrate."""
    expected_coverage: Mapping[ScoreName, float] = field(default_factory=dict)
    """For each score that competed, the coverage expected of it, 0 to 1; empty where none did."""
    spread: Mapping[ScoreName, tuple[float, float]] = field(default_factory=dict)
    """For each of them, what one calibration in ten stays under, and what one in ten exceeds."""

    @property
    def coverage(self) -> float:
        """Return the expected share of all cases that is accepted, 0 to 1, those the guards hold back counted too."""
        total = self.judged.total
        return self.calibration.coverage * len(self.judged.cases) / total if total else 0.0

    @property
    def sure_errors(self) -> tuple[SureError, ...]:
        """Return the wrong values that the score is surest of, ten at most, with what was said and what is right."""
        by_name = {each.case: each for each in self.judged.cases}
        return tuple(
            SureError(
                case=each.case,
                score=each.score,
                answer=by_name[each.case].answer,
                label=by_name[each.case].label,
            )
            for each in self.calibration.sure_errors
        )


def set_threshold(
    judged: JudgedCases,
    promise: Promise,
    *,
    day: date,
    traffic: Iterable[Judgement] | None = None,
    settings: CalibrationSettings = CalibrationSettings(),
) -> StepCalibration:
    """Return the acceptance rule that keeps a promise, set on cases that were drawn at random.

    Where scores compete, a share of the cases, drawn by a hash of their clusters, chooses one; all others calibrate.
    The thresholds to try come from ``traffic``, judgements of cases that nobody labelled; without it, from the scores
    of the cases that calibrate.

    Raises:
        InvalidLabels: there are no judged cases, answers of several models, or labels that were not given blind.
    """
    if judged.learned and not judged.cases:
        raise InvalidLabels(
            f"the model learned from {len(judged.learned)} of the labelled cases, and no other has an answer that"
            " passes the guards: calibrate on cases that it was not trained on"
        )
    one = _one_model(judged.cases)
    share = _share(settings)
    chosen_by = [each for each in judged.cases if _draw(each) < share]
    calibrating = [each for each in judged.cases if _draw(each) >= share]
    if not calibrating or (share and not chosen_by):
        raise InvalidLabels(f"{len(judged.cases)} judged cases are too few to set some apart; label more")
    options = _scores(chosen_by or calibrating, settings)
    score: ScoreName = next(iter(options))
    choice = choose_score(options, promise=promise, labels=len(calibrating)) if share and len(options) > 1 else None
    if choice is not None:
        score = choice.score
    fitted: Acceptor | None = fit_acceptor(chosen_by) if score == "acceptor" else None
    audits = audits_of(calibrating, score, fitted)
    calibration = calibrate(
        audits,
        traffic=None if traffic is None else scores_of(traffic, score, fitted),
        promise=promise,
        first_errors=settings.first_errors,
        accept_seen=settings.accept_seen,
    )
    subject = Subject(
        step=one.judgement.task,
        prompt_version=one.judgement.prompt_version,
        model=one.judgement.model,
        confidence_source=one.judgement.confidence.source,
        score=score,
        acceptor=fitted,
    )
    return StepCalibration(
        rule=guarantee(calibration, subject, day=day),
        calibration=calibration,
        judged=_without_score(judged, calibrating, {audit.case for audit in audits}),
        development=len(chosen_by),
        expected_coverage=choice.expected_coverage if choice else {},
        spread=choice.spread if choice else {},
    )


def from_labels(labels: Labels, promise: Promise, *, day: date, first_errors: int | None = None) -> StepCalibration:
    """Return the acceptance rule that keeps a promise, set on the audits of a store.

    Raises:
        InvalidLabels: no judgement of the step has a score.
    """
    if labels.learned and not labels.audits:
        raise InvalidLabels(
            f"the model learned from all {len(labels.learned)} audits that were decided: calibrate on cases that it was"
            " not trained on"
        )
    if labels.subject is None:
        raise InvalidLabels("the step has made no judgement with a score: run its workflow first")
    calibration = calibrate(labels.audits, traffic=labels.traffic or None, promise=promise, first_errors=first_errors)
    return StepCalibration(
        rule=guarantee(calibration, labels.subject, day=day),
        calibration=calibration,
        judged=JudgedCases(
            cases=labels.judged,
            refused={},
            learned=labels.learned,
            can_tell=all(audit.learned is not None for audit in labels.audits),
        ),
        development=0,
    )


def _share(settings: CalibrationSettings) -> float:
    """Return the share of the cases that choose."""
    if settings.development is not None:
        return settings.development
    return DEVELOPMENT if settings.fits_acceptor else 0.0


def _scores(cases: Sequence[JudgedCase], settings: CalibrationSettings) -> dict[ScoreName, Sequence[Scored]]:
    """Return the cases under each score that may be chosen, the usual one first."""
    if settings.fits_acceptor:
        found: dict[ScoreName, Sequence[Scored]] = dict(development_scores(cases))
    else:
        # A case without a score is never accepted: the others may still compete where they have all the same ones.
        known = {name: _known(cases, name) for name in PLAIN_SCORES}
        most = max(map(len, known.values()))
        found = {name: each for name, each in known.items() if each and len(each) == most}
    usable = found if settings.score is None else {name: e for name, e in found.items() if name == settings.score}
    if not usable:
        raise InvalidLabels(
            f"no {settings.score or 'confidence'} in the judgements: ask a model that gives one (see `handrail eval"
            " run`), or choose another with --score"
        )
    return usable


def _known(cases: Sequence[JudgedCase], name: ScoreName) -> list[Scored]:
    scored = ((score_of(each.judgement, name), each) for each in cases)
    return [Scored(number, each.right, each.cluster) for number, each in scored if number is not None]


def _without_score(judged: JudgedCases, calibrating: Sequence[JudgedCase], scored: set[str]) -> JudgedCases:
    """Return what was judged with the cases that have no score among those that are never accepted."""
    lacking = {each.case for each in calibrating} - scored
    if not lacking:
        return judged
    refused = Counter(judged.refused)
    refused["no_confidence"] += len(lacking)
    return replace(judged, cases=tuple(e for e in judged.cases if e.case not in lacking), refused=dict(refused))


def _one_model(cases: Sequence[JudgedCase]) -> JudgedCase:
    models = Counter(each.judgement.model for each in cases)
    if not cases:
        raise InvalidLabels("no case has an answer that passes the guards; there is nothing to accept")
    if len(models) > 1:
        listed = ", ".join(f"{model} ({count})" for model, count in models.most_common())
        raise InvalidLabels(f"several models answered: {listed}; calibrate one of them at a time with --model")
    return cases[0]


def _draw(case: JudgedCase) -> float:
    """Return where a case falls between 0 and 1, the same each time; those of one cluster fall together."""
    return drawn(case.cluster or case.case, "development")
