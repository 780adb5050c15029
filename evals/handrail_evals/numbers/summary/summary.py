"""A result in numbers: all that a table, a page or a pull request shows of it, and what it was asked to say."""

import math
from dataclasses import dataclass, field

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.result.result import Subject
from handrail_evals.numbers.metrics.confidence import Reliability
from handrail_evals.numbers.metrics.cost import Histogram
from handrail_evals.numbers.metrics.fields import FieldScore
from handrail_evals.numbers.metrics.flow import Attribution
from handrail_evals.numbers.metrics.labels import Confusion, LabelScore
from handrail_evals.numbers.metrics.risk import RiskPoint, check_risks
from handrail_evals.numbers.metrics.scores import Scored, Slice
from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty


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


MOST_NAMES = 1000
"""Names of failing cases that a summary lists; their number is always whole."""


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
    scored: tuple[Scored, ...]
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
class Confidence:
    """What the confidences are worth."""

    reliability: Reliability
    curve: tuple[RiskPoint, ...]
    """Risk against coverage, the strictest threshold first, at most 200 points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How labels are told apart."""

    confusion: Confusion
    scores: tuple[LabelScore, ...]
    """In the order of the confusion's labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A result in numbers."""

    subject: Subject
    options: Options
    tally: Tally
    metrics: tuple[MetricValue, ...]
    """Every single number, the mean scores first and of these the main one; unique by group and name."""
    labels: Labels | None
    """None when the answers are not labels."""
    fields: tuple[FieldScore, ...]
    """Empty when no scorer counts fields."""
    confidence: Confidence | None
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
