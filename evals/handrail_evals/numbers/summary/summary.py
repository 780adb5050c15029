"""A result in numbers: all that a table, a page or a pull request shows of it, what it was asked to say, and how."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import MeasuredSubject, Result
from handrail_evals.numbers.metrics.answers import Right, crashed, failing
from handrail_evals.numbers.metrics.confidence import (
    Ranking,
    Reliability,
    brier,
    calibration_error,
    confident,
    has_confidence,
    reliability,
)
from handrail_evals.numbers.metrics.cost import Histogram, costs, latency, latency_histogram
from handrail_evals.numbers.metrics.fields import FieldScore, field_scores
from handrail_evals.numbers.metrics.flow import Attribution, attribution, deciders, flows
from handrail_evals.numbers.metrics.labels import Confusion, LabelScore, classification, confusion, labelled
from handrail_evals.numbers.metrics.risk import RiskPoint, acceptance, check_risks, ranking_values, risk_curve
from handrail_evals.numbers.metrics.scores import ScoredCases, Slice, average_score, count_scored, slices
from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty

MOST_NAMES = 1000
"""Names of failing cases that a summary lists; their number is always whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a result is summarised; another summary beside a result is made anew when these change.

    Raises:
        InvalidSetting: a risk is not a share, or ``right_at`` is not a finite number.
    """

    certainty: Certainty = field(default=Certainty())
    """Of every interval."""
    right_at: float = 1.0
    """The main score from which on an answer counts as right."""
    risks: tuple[float, ...] = (0.02, 0.05)
    """Shares of wrong answers, 0 to below 1, for which the reachable coverage is told."""

    def __post_init__(self) -> None:
        check_risks(self.risks)
        if not math.isfinite(self.right_at):
            raise InvalidSetting(
                f"right_at is {self.right_at!r}; give the score from which on an answer is right, such as 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far the run came."""

    cases: int
    """Cases that the suite has."""
    answers: int
    """Cases and repeats that were put to the target, crashes included."""
    crashed: int
    """Answers on which the target crashed."""
    unanswered: int
    """Answers that are none: refusals and time-outs; they count as wrong."""
    complete: bool
    """Whether every case and repeat was put to the target, and the target crashed on none."""
    scored: tuple[ScoredCases, ...]
    """For each scorer, what it made of the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Cases by name."""

    count: int
    """How many there are."""
    first: tuple[str, ...]
    """The first thousand of them."""

    @classmethod
    def of(cls, names: tuple[str, ...]) -> "Names":
        """Return all of them as counted, and the first thousand by name."""
        return cls(count=len(names), first=names[:MOST_NAMES])


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSummary:
    """What the confidences are worth."""

    reliability: Reliability
    curve: tuple[RiskPoint, ...]
    """Risk against coverage, the strictest threshold first, at most 200 points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsSummary:
    """How labels are told apart."""

    confusion: Confusion
    scores: tuple[LabelScore, ...]
    """In the order of the confusion's labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A result in numbers."""

    subject: MeasuredSubject
    options: Options
    tally: Tally
    metrics: tuple[MetricValue, ...]
    """Every single number, the mean scores first and of these the main one; unique by group and name."""
    labels: LabelsSummary | None
    """None when the answers are not labels."""
    fields: tuple[FieldScore, ...]
    """Empty when no scorer counts fields."""
    confidence: ConfidenceSummary | None
    """None when no scored answer says how sure it is."""
    latency: Histogram
    """Of the seconds from question to answer."""
    slices: tuple[Slice, ...]
    """The main metric for parts of the cases."""
    attribution: Attribution | None
    """None when the target is no workflow."""
    must_pass_failures: tuple[str, ...]
    """Names of the cases that had to pass and did not."""
    failing: Names
    """Cases with an answer that is not right, the lowest score first."""
    crashed: Names
    """Cases whose target crashed."""

    @property
    def main(self) -> MetricValue:
        """Return the main metric."""
        return self.metrics[0]

    def metric(self, group: Group, name: str) -> MetricValue | None:
        """Return a number, or None when it was not measured."""
        return next((each for each in self.metrics if each.group == group and each.name == name), None)


DEFAULTS = Options()


def summarize(result: Result, options: Options = DEFAULTS) -> Summary:
    """Return a result in numbers, each with its interval; the same options give the same numbers again.

    Takes a few seconds for 10,000 cases, most of it for the bootstraps of labels, fields and confidences.

    Raises:
        LibraryMissing: numpy or scipy is not installed.
    """
    cases, certainty = result.cases, options.certainty
    subject = result.header.subject
    right = Right(subject.main, options.right_at)
    labels, label_values = measured_labels(cases, certainty)
    confidence, confidence_values = measured_confidence(cases, right, options)
    fields = [score for scorer in subject.scorers for score in field_scores(cases, scorer, certainty)]
    return Summary(
        subject=subject,
        options=options,
        tally=tally(result),
        metrics=(
            *(average_score(cases, scorer, certainty) for scorer in subject.scorers),
            *label_values,
            *field_values(fields),
            *confidence_values,
            *acceptance(cases, right, certainty),
            *flows(cases, certainty),
            *deciders(cases, certainty),
            *costs(cases, certainty),
            *latency(cases, certainty),
        ),
        labels=labels,
        fields=tuple(fields),
        confidence=confidence,
        latency=latency_histogram(cases),
        slices=slices(cases, subject.main, certainty),
        attribution=attribution(cases, right, certainty),
        must_pass_failures=result.must_pass_failures,
        failing=Names.of(failing(cases, right)),
        crashed=Names.of(crashed(cases)),
    )


def tally(result: Result) -> Tally:
    """Return how far the run came."""
    return Tally(
        cases=result.header.cases,
        answers=len(result.cases),
        crashed=sum(each.error is not None for each in result.cases),
        unanswered=sum(each.error is None and not each.answered for each in result.cases),
        complete=result.is_complete,
        scored=tuple(count_scored(result.cases, scorer) for scorer in result.header.scorers),
    )


def measured_labels(
    cases: Sequence[CaseResult], certainty: Certainty
) -> tuple[LabelsSummary | None, tuple[MetricValue, ...]]:
    """Return how labels are told apart, where the answers are labels."""
    answers = labelled(cases)
    if answers is None:
        return None, ()
    matrix = confusion(answers)
    found = classification(answers, matrix, certainty)
    return LabelsSummary(confusion=matrix, scores=found.labels), (found.accuracy, found.macro_f1)


def measured_confidence(
    cases: Sequence[CaseResult], right: Right, options: Options
) -> tuple[ConfidenceSummary | None, tuple[MetricValue, ...]]:
    """Return what the confidences are worth, where there are some."""
    answers, certainty = confident(cases, right), options.certainty
    if not answers.confidences:
        return None, ()
    ranking = Ranking.of(answers)
    values = (
        has_confidence(cases, right, certainty),
        calibration_error(answers, ranking, certainty),
        brier(answers, certainty),
        *ranking_values(answers, ranking, options.risks, certainty),
    )
    found = ConfidenceSummary(reliability=reliability(answers, ranking, certainty), curve=risk_curve(ranking))
    return found, values


def field_values(fields: Sequence[FieldScore]) -> tuple[MetricValue, ...]:
    """Return precision, recall and F1 of all fields together; of single fields they stand in the table of fields."""
    return tuple(value for score in fields if not score.field for value in (score.precision, score.recall, score.f1))
