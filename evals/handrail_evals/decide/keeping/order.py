"""In which order the thresholds of a ladder are believed, and how much each has to show: the keeper's theorem."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from handrail_evals.decide.keeping.bets import np
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment

FURTHEST = 700.0
"""Of the logarithm of a wealth: more tells nothing new, and would be no number."""


class SegmentOrder:
    """How many thresholds of each segment are believed: the first ones, tried strict to loose."""

    def __init__(self, ladder: KeeperLadder, delta: float) -> None:
        self.delta = delta
        self._segments = ladder.segments
        self._is_joint = ladder.joint
        self._runs = [0] * len(ladder.segments)

    @property
    def enough(self) -> float:
        """Return the logarithm of what a threshold has to show at the least, whatever its segment: of 1 / delta."""
        return -math.log(self.delta)

    @property
    def loosest(self) -> int:
        """Return the place of the loosest threshold that is believed; -1: none is."""
        return max((segment.begin + run - 1 for segment, run in self._known() if run), default=-1)

    @property
    def believed(self) -> tuple[int, ...]:
        """Return the places of all thresholds that are believed, strict to loose."""
        return tuple(place for segment, run in self._known() for place in range(segment.begin, segment.begin + run))

    @property
    def unbelieved(self) -> Any:
        """Return the places of the others."""
        return np.concatenate([np.arange(segment.begin + run, segment.end) for segment, run in self._known()])

    @property
    def weighs_more(self) -> bool:
        """Whether what a threshold has to show depends on what has been shown for those of stricter segments."""
        *stricter, _ = self._known()
        return self._is_joint and any(run < segment.end - segment.begin for segment, run in stricter)

    def tried(self) -> list[tuple[int, float]]:
        """Return the thresholds that are tried now, by their place, each with the logarithm of what it has to show.

        Where it depends on stricter segments, what ``dearer`` says is taken off beforehand.
        """
        known = zip(self._segments, self._runs, self._levels(), strict=True)
        found = ((segment.begin + run, segment.end, level) for segment, run, level in known)
        return [(place, -math.log(level)) for place, end, level in found if place < end and level > 0]

    def levels(self, means: Any) -> tuple[tuple[int, float], ...]:
        """Return the thresholds that are tried, by their place, each with the level at which it is believed just now.

        ``means``: what bets on those that are not believed have made, strict to loose, as logarithms.
        """
        more = dict[int, float]()
        if self.weighs_more:
            dearer = self.dearer(self.unbelieved, 1, lambda columns: means[None, columns])[0]
            more = dict(zip(self.unbelieved.tolist(), dearer.tolist(), strict=True))
        return tuple((place, math.exp(-asked - more.get(place, 0.0))) for place, asked in self.tried())

    def dearer(self, places: Any, rows: int, means: Callable[[Any], Any]) -> Any:
        """Return how much more than 1 / delta thresholds have to show after some cases: its logarithm, 0 or above.

        For each way to take one threshold that is not believed, or none, of each stricter segment, what these have
        made, weighted by their parts of delta, adds to what the threshold has made: only the rest is asked of it.

        Args:
            places: of the thresholds that are not believed, from the strictest on, rising.
            rows: after how many cases it is asked.
            means: what bets on some of ``places``, by their columns, have made after each of them, as logarithms.

        Returns:
            a row for each case, a column for each of ``places``.
        """
        found = np.zeros((rows, len(places)))
        taken: list[tuple[Any, float]] = [(np.zeros(rows), 0.0)]
        """What the thresholds taken so far have made, with the parts of the segments behind the last of them."""
        for segment in self._segments:
            columns = np.flatnonzero((places >= segment.begin) & (places < segment.end))
            asked = [(1 / self.delta - made) / (part + segment.part) for made, part in taken]
            found[:, columns] = np.log(np.maximum.reduce(asked) * self.delta)[:, None]
            if places[-1] < segment.end:
                break
            none = [(made, part + segment.part) for made, part in taken]
            if len(columns):
                weakest = np.exp(np.minimum(means(columns).min(axis=1), FURTHEST))
                taken = [*none, *((made + part * weakest, 0.0) for made, part in none)]
            else:
                taken = none
        return found

    def advance(self, best: Any) -> tuple[int, ...]:
        """Believe what has shown enough; returns the segments of which more is believed than before."""
        moved = []
        for number, (segment, level) in enumerate(zip(self._segments, self._levels(), strict=True)):
            if level > 0:
                doubtful = best[segment.begin : segment.end] < -math.log(level)
                first = int(doubtful.argmax())  # the first one that is; the very first if none is
                run = first if doubtful[first] else segment.end - segment.begin
                if run > self._runs[number]:
                    self._runs[number] = run
                    moved.append(number)
        return tuple(moved)

    def _known(self) -> Iterator[tuple[LadderSegment, int]]:
        return zip(self._segments, self._runs, strict=True)

    def _levels(self) -> Iterator[float]:
        """Yield the level that each segment works at.

        That is its own part of delta, and what a complete one hands on; one that becomes complete before the next level
        is asked for hands on too. Where segments are believed jointly it is delta, as ``dearer`` is taken off.
        """
        carry = 0.0
        for number, segment in enumerate(self._segments):
            level = self.delta if self._is_joint else segment.part * self.delta + carry
            yield level
            carry = level if self._runs[number] == segment.end - segment.begin else 0.0
