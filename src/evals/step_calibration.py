"""From a step and labelled cases to the acceptance rule that the step loads."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ai_steps.batch import Failed
from ai_steps.step import AIStep
from evals.calibrate.acceptance_file import Subject, guarantee
from evals.calibrate.calibration import Calibration, calibrate
from evals.calibrate.choice import choose_score, choose_start
from evals.calibrate.errors import InvalidLabels
from evals.calibrate.fitting import development_scores, fit_acceptor
from evals.calibrate.judged import JudgedCase, audits_of
from evals.calibrate.labels import Scored
from evals.calibrate.promise import Promise
from evals.case import Case
from evals.corrections.labels import Labels
from evals.errors import InvalidSetting, MissingExpected
from evals.fingerprint import jsonable
from guards.acceptance import Threshold
from guards.guarantee import GuaranteedThreshold, ScoreName, score_of
from guards.outcome import Accepted

if TYPE_CHECKING:
    from guards.acceptor import Acceptor

DEVELOPMENT = 0.2
"""Share of the cases that choose the score and the thresholds to try, and do not calibrate."""

PLAIN_SCORES: tuple[ScoreName, ...] = ("confidence", "margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a step made of labelled cases."""

    cases: tuple[JudgedCase, ...]
    """Those with an answer that passed the guards: only they could ever be accepted."""
    refused: Mapping[str, int]
    """How many others there are, by the reason why they are never accepted."""

    @property
    def total(self) -> int:
        """Return how many cases there were."""
        return len(self.cases) + sum(self.refused.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCalibration:
    """The rule for a step, and how it was found."""

    rule: GuaranteedThreshold
    calibration: Calibration
    judged: Judged
    development: int
    """How many cases chose the score and the thresholds to try."""
    expected_coverage: Mapping[ScoreName, float]
    """For each score that could be chosen, the coverage expected of it, 0 to 1."""

    @property
    def coverage(self) -> float:
        """Return the expected share of all cases that is accepted, 0 to 1, those the guards hold back counted too."""
        total = self.judged.total
        return self.calibration.coverage * len(self.judged.cases) / total if total else 0.0


async def judge_cases(step: AIStep[Any], cases: Sequence[Case[Any, Any]], *, concurrency: int = 20) -> Judged:
    """Return a step's judgement of each labelled case, and whether it was right.

    The step's own acceptance rule is left aside: every answer that passes the guards counts.

    Raises:
        MissingExpected: a case is not labelled.
        InvalidLabels: the step raised on a case, or several models answered.
    """
    for case in cases:
        if not case.is_labelled:
            raise MissingExpected(where=case.where, case=repr(case.name), scorer="calibrate")
    anything = replace(step, accept=Threshold(0.0))
    outcomes = await anything.map([case.input for case in cases], concurrency=concurrency)
    found: list[JudgedCase] = []
    refused: Counter[str] = Counter()
    for case, outcome in zip(cases, outcomes, strict=True):
        match outcome:
            case Failed(error=error):
                raise InvalidLabels(f"{case.place}: the step raised {type(error).__name__}: {error}") from error
            case Accepted(value=value, judgement=judgement):
                right = jsonable(value, where="the answer") == jsonable(case.expected, where="the expected value")
                group = str(case.metadata.get("group", ""))
                found.append(JudgedCase(judgement=judgement, right=right, case=case.name, group=group))
            case doubtful:
                refused[doubtful.code] += 1
    return Judged(cases=tuple(found), refused=dict(refused))


def set_threshold(
    judged: Judged,
    promise: Promise,
    *,
    day: date,
    score: ScoreName | None = None,
    acceptor: bool = False,
    development: float = DEVELOPMENT,
) -> StepCalibration:
    """Return the acceptance rule that keeps a promise, set on cases that were drawn at random.

    A share of the cases, drawn by a hash of their names, chooses the score (unless one is given; with ``acceptor`` one
    learned from those cases takes part) and the thresholds to try; all others calibrate.

    Raises:
        InvalidLabels: there are no judged cases, or answers of several models.
        InvalidSetting: the share is not between 0 and 1.
    """
    if not 0.0 < development < 1.0:
        raise InvalidSetting(f"development is {development!r}; give a share above 0 and below 1, such as 0.2")
    one = _one_model(judged.cases)
    chosen_by = [each for each in judged.cases if _draw(each.case) < development]
    calibrating = [each for each in judged.cases if _draw(each.case) >= development]
    if not chosen_by or not calibrating:
        raise InvalidLabels(f"{len(judged.cases)} judged cases are too few to set some apart; label more")
    options = _scores(chosen_by, score, acceptor=acceptor)
    choice = choose_score(options, promise=promise, labels=len(calibrating))
    scored = options[choice.score]
    fitted: Acceptor | None = fit_acceptor(chosen_by) if choice.score == "acceptor" else None
    calibration = calibrate(
        audits_of(calibrating, choice.score, fitted),
        traffic=[each.score for each in scored],
        promise=promise,
        first_errors=choose_start(scored, promise=promise, labels=len(calibrating)),
    )
    subject = Subject(
        step=one.judgement.task,
        prompt_version=one.judgement.prompt_version,
        model=one.judgement.model,
        confidence_source=one.judgement.confidence.source,
        score=choice.score,
        acceptor=fitted,
    )
    return StepCalibration(
        rule=guarantee(calibration, subject, day=day),
        calibration=calibration,
        judged=judged,
        development=len(chosen_by),
        expected_coverage=choice.expected_coverage,
    )


def from_labels(labels: Labels, promise: Promise, *, day: date) -> StepCalibration:
    """Return the acceptance rule that keeps a promise, set on the audits of a store.

    Raises:
        InvalidLabels: no judgement of the step has a score, or there are no other scores to take thresholds from.
    """
    if labels.subject is None:
        raise InvalidLabels("the step has made no judgement with a score: run its workflow first")
    calibration = calibrate(labels.audits, traffic=labels.traffic, promise=promise)
    return StepCalibration(
        rule=guarantee(calibration, labels.subject, day=day),
        calibration=calibration,
        judged=Judged(cases=labels.judged, refused={}),
        development=0,
        expected_coverage={},
    )


def _scores(
    cases: Sequence[JudgedCase], score: ScoreName | None, *, acceptor: bool
) -> dict[ScoreName, Sequence[Scored]]:
    """Return the cases under each score that may be chosen."""
    if acceptor or score == "acceptor":
        found: dict[ScoreName, Sequence[Scored]] = dict(development_scores(cases))
    else:
        found = {}
        for name in PLAIN_SCORES:
            numbers = [(score_of(each.judgement, name), each.right) for each in cases]
            known = [Scored(number, right) for number, right in numbers if number is not None]
            if len(known) == len(cases):
                found[name] = known
    usable = found if score is None else {name: each for name, each in found.items() if name == score}
    if not usable:
        raise InvalidLabels(
            f"no {score or 'confidence'} in every judgement: ask a model that gives one (see `handrail eval run`), or"
            " choose another with --score"
        )
    return usable


def _one_model(cases: Sequence[JudgedCase]) -> JudgedCase:
    models = Counter(each.judgement.model for each in cases)
    if not cases:
        raise InvalidLabels("no case has an answer that passes the guards; there is nothing to accept")
    if len(models) > 1:
        listed = ", ".join(f"{model} ({count})" for model, count in models.most_common())
        raise InvalidLabels(f"several models answered: {listed}; calibrate one of them at a time with --model")
    return cases[0]


def _draw(case: str) -> float:
    """Return where a case falls between 0 and 1, the same each time."""
    digest = hashlib.sha256(b"development:" + case.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
