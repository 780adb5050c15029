"""The answers that say how sure they are, and whether they are right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.right import Right
from handrail_evals.numbers.metrics.sample import answered, clusters_of, per_answer, share
from handrail_evals.numbers.metrics.value import Metric, MetricValue

HAS_CONFIDENCE = Metric("confidence", "has_confidence", "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confident:
    """Scored answers with a confidence; the others are left out, for a missing one is neither 0 nor 1."""

    confidences: Sequence[float]
    """0 to 1."""
    right: Sequence[bool]
    clusters: Sequence[str | None] | None
    sources: Mapping[str, int]
    """Where the confidences came from, with how many, the most frequent first."""
    scored: int
    """Scored answers, with a confidence or without."""

    @property
    def coverage(self) -> float:
        """Return the share of the scored answers that say how sure they are, 0 to 1."""
        return share(len(self.confidences), self.scored)

    def __len__(self) -> int:
        """Return how many answers there are."""
        return len(self.confidences)


def confident(cases: Sequence[CaseResult], right: Right) -> Confident:
    """Return the scored answers that say how sure they are."""
    judged = [(each, says) for each in answered(cases) if (says := right.says(each)) is not None]
    known = [(each, each.confidence, says) for each, says in judged if each.confidence is not None]
    return Confident(
        confidences=[confidence for _, confidence, _ in known],
        right=[says for _, _, says in known],
        clusters=clusters_of([each for each, _, _ in known]),
        sources=dict(Counter(each.source or "unknown" for each, _, _ in known).most_common()),
        scored=len(judged),
    )


def has_confidence(cases: Sequence[CaseResult], right: Right, certainty: Certainty) -> MetricValue:
    """Return the share of the scored answers that say how sure they are, with Wilson's interval."""
    judged = [each for each in answered(cases) if right.says(each) is not None]
    sample = per_answer(judged, lambda each: float(each.confidence is not None))
    return HAS_CONFIDENCE.measured(partial(proportion, sample, certainty), value=sample.mean)
