"""Counts of labels and errors at or above any threshold."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, TypeAlias

ROUNDING = 1e-9
"""What sums of shares may be off by, so that three thirds are one error and not two."""

_Row: TypeAlias = tuple[float, bool, str]
"""Score, whether it is wrong, and cluster."""


class HasScore(Protocol):
    """A labelled case, whatever it may be used for."""

    @property
    def score(self) -> float:
        """Return how sure the value was."""
        ...

    @property
    def right(self) -> bool:
        """Return whether it was right."""
        ...

    @property
    def cluster(self) -> str:
        """Return what it shares with others; empty: it stands alone."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What lies at or above a threshold."""

    accepted: int
    """How many labels; those of one cluster count once."""
    errors: int
    """How many of them are wrong."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Labels sorted once, so that every threshold is counted in logarithmic time.

    Labels of one cluster (copies, several questions on one document) err together, so a cluster is one label, wrong by
    the share of its members that are. Where large clusters are worse than small ones, the share of wrong cases is
    larger than that of clusters, and counts instead: a threshold meets cases, not clusters.
    """

    scores: tuple[float, ...]
    """Of every case, rising."""
    labels_from: tuple[int, ...]
    """How many labels there are from each place on; one entry more than scores."""
    errors_from: tuple[int, ...]
    """How many of these are wrong."""

    @classmethod
    def of(cls, labels: Iterable[HasScore]) -> "Tally":
        """Return the tally of labelled cases."""
        rows: list[_Row] = sorted((label.score, not label.right, label.cluster) for label in labels)
        scores = tuple(score for score, _, _ in rows)
        if any(cluster for _, _, cluster in rows):
            counts = list(_clustered(rows))[::-1]
            return cls(scores, tuple(each.accepted for each in counts), tuple(each.errors for each in counts))
        from_the_end = accumulate((wrong for _, wrong, _ in reversed(rows)), initial=0)
        return cls(scores, tuple(range(len(rows), -1, -1)), tuple(from_the_end)[::-1])

    @property
    def labels(self) -> int:
        """How many labels there are; those of one cluster count once."""
        return self.labels_from[0]

    def at_least(self, threshold: float) -> Counts:
        """Return what would have been accepted at a threshold."""
        place = bisect_left(self.scores, threshold)
        return Counts(self.labels_from[place], self.errors_from[place])

    def share_at_least(self, threshold: float) -> float:
        """Return the share of the cases that would have been accepted, 0 to 1, copies counted each; 0 without cases."""
        size = len(self.scores)
        return (size - bisect_left(self.scores, threshold)) / size if size else 0.0


def _clustered(rising: Sequence[_Row]) -> Iterator[Counts]:
    """Give the counts of no case, of the last one, of the last two, and so on."""
    members: dict[str, tuple[int, int]] = {}
    labels, wrong_cases, wrong_labels = 0, 0, 0.0
    yield Counts(0, 0)
    for cases, (_, wrong, cluster) in enumerate(reversed(rising), start=1):
        wrong_cases += wrong
        size, errors = members.get(cluster, (0, 0)) if cluster else (0, 0)
        labels += size == 0
        wrong_labels += (errors + wrong) / (size + 1) - (errors / size if size else 0)
        if cluster:
            members[cluster] = size + 1, errors + wrong
        yield Counts(labels, math.ceil(max(wrong_labels, labels * wrong_cases / cases) - ROUNDING))
