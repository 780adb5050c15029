"""Whether answers are right as often as they say: reliability diagram and Brier score."""

from collections.abc import Mapping
from dataclasses import dataclass

from handrail_evals.errors import TooFewCases
from handrail_evals.numbers.metrics.average import mean_score, proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.confident import Confident
from handrail_evals.numbers.metrics.ranking import Ranking
from handrail_evals.numbers.metrics.sample import Sample
from handrail_evals.numbers.metrics.value import Metric, MetricValue
from handrail_evals.numbers.statistics.interval import Interval

BRIER = Metric("confidence", "brier", "score", higher_is_better=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Answers of about one confidence."""

    low: float
    """The lowest confidence in it, 0 to 1."""
    high: float
    """The highest confidence in it, 0 to 1."""
    confidence: float
    """Their mean confidence, 0 to 1."""
    right: float
    """The share of them that is right, 0 to 1."""
    interval: Interval | None
    """Of that share (Wilson); None when all are of one cluster."""
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """A reliability diagram: confidence against how often it was deserved."""

    sources: Mapping[str, int]
    """Where the confidences came from, with how many."""
    bins: tuple[ReliabilityBin, ...]
    """Of about equally many answers each, the least confident first; equal confidences are never parted."""


def reliability(answers: Confident, ranking: Ranking, certainty: Certainty) -> Reliability:
    """Return the points of a reliability diagram, in the bins of the calibration error."""
    members: dict[int, list[int]] = {}
    bins = ranking.bin_of_answers().tolist()
    for place in ranking.order.tolist():
        members.setdefault(bins[place], []).append(place)
    return Reliability(
        sources=answers.sources,
        bins=tuple(reliability_bin(answers, places, certainty) for _, places in sorted(members.items())),
    )


def reliability_bin(answers: Confident, places: list[int], certainty: Certainty) -> ReliabilityBin:
    """Return what the answers in these places come to; they are in order of confidence."""
    confidences = [answers.confidences[place] for place in places]
    right = Sample(
        [float(answers.right[place]) for place in places],
        None if answers.clusters is None else [answers.clusters[place] for place in places],
    )
    try:
        interval = proportion(right, certainty)
    except TooFewCases:
        interval = None
    return ReliabilityBin(
        low=confidences[0],
        high=confidences[-1],
        confidence=sum(confidences) / len(places),
        right=sum(right.values) / len(places),
        interval=interval,
        answers=len(places),
    )


def brier(answers: Confident, certainty: Certainty) -> MetricValue:
    """Return the Brier score: the mean squared distance of confidence and truth, 0 (best) to 1, as a mean score."""
    squares = [(confidence - right) ** 2 for confidence, right in zip(answers.confidences, answers.right, strict=True)]
    sample = Sample(squares, answers.clusters)
    return BRIER.measured(
        lambda: mean_score(sample, certainty, right_or_wrong=False),
        coverage=answers.coverage,
        value=sample.mean,
    )
