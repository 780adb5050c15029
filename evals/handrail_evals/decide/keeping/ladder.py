"""The thresholds that a keeper may come to accept at, fixed before any label that counts."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from handrail_evals.errors import InvalidLabels
from handrail_guards.numbers import is_finite

RUNGS = 400
"""At most, a quarter of a percent of coverage each: in a fixed sequence more thresholds cost no evidence, and the one
reached lies closer to the last one that could be. Of fewer scores each makes one."""
FEWEST_SCORES = 500
"""Unlabelled scores that thresholds are taken from."""
STARTS = (0.2, 0.35, 0.5)
"""The coverage at which each segment begins: as what is shown for stricter ones counts towards looser ones, strict ones
cost little where scores are good, and a loose one little where they are not (``benchmarks/promise.py``)."""
PARTS = (0.1, 0.2, 0.7)
"""What each segment gets of delta."""
LADDERS_AT_ONCE = 200
"""Ladders that are remembered, of the promises of a store."""
LEAST_MASS = 1e-6
"""A rung is never expected to hold nothing wrong, however sure the model is of it."""


@dataclass(frozen=True, slots=True)
class LadderSegment:
    """Neighbouring thresholds that are tried one after the other, strict to loose."""

    begin: int
    end: int
    """The first threshold behind it."""
    part: float
    """Its part of delta, above 0, up to 1."""


@dataclass(frozen=True, slots=True)
class KeeperLadder:
    """Thresholds from strict to loose, in segments.

    Raises:
        InvalidLabels: the thresholds do not fall, or the segments do not cover them with parts above 0 that add up to
            one.
    """

    thresholds: tuple[float, ...]
    """Falling."""
    wrong: tuple[float, ...]
    """How much is expected to be wrong between each threshold and the one before it, relative to each other, above 0.

    What the model says of itself serves: it only shapes the bets, and a wrong guess costs labels, never the promise."""
    segments: tuple[LadderSegment, ...]
    graded: bool = False
    """Whether more is asked towards the threshold than of the surest cases; not so of promises that began before."""
    joint: bool = False
    """Whether what is shown for stricter segments counts towards looser ones, with other bets; not so of promises that
    began before."""

    def __post_init__(self) -> None:
        if not self.thresholds or not all(map(is_finite, self.thresholds)):
            raise InvalidLabels("a ladder needs thresholds, which are finite numbers")
        if any(loose >= strict for strict, loose in zip(self.thresholds, self.thresholds[1:], strict=False)):
            raise InvalidLabels("the thresholds of a ladder fall, from strict to loose; each stands once")
        if len(self.wrong) != len(self.thresholds) or not all(0 < each < math.inf for each in self.wrong):
            raise InvalidLabels("each threshold of a ladder has what is expected to be wrong there, above 0")
        places = [0, *(each.end for each in self.segments)]
        follow = all(each.begin == place < each.end for each, place in zip(self.segments, places, strict=False))
        if not self.segments or not follow or places[-1] != len(self.thresholds):
            raise InvalidLabels("the segments of a ladder follow each other from its first threshold to its last")
        if not math.isclose(sum(each.part for each in self.segments), 1) or any(
            each.part <= 0 for each in self.segments
        ):
            raise InvalidLabels("the parts of a ladder's segments add up to 1, and each is above 0")

    def place_of(self, score: float) -> int:
        """Return the number of the strictest threshold that a score reaches; how many there are, if it reaches none."""
        low, high = 0, len(self.thresholds)
        while low < high:
            middle = (low + high) // 2
            if self.thresholds[middle] <= score:
                high = middle
            else:
                low = middle + 1
        return low

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        segments = [[each.begin, each.end, each.part] for each in self.segments]
        told = {"thresholds": list(self.thresholds), "wrong": list(self.wrong), "segments": segments}
        marks = {"graded": self.graded, "joint": self.joint}
        return told | {name: True for name, has in marks.items() if has}

    @classmethod
    def of_json(cls, data: Any) -> Self:
        """Return one from JSON data.

        Raises:
            InvalidLabels: it is none.
        """
        try:
            segments = tuple(LadderSegment(int(begin), int(end), float(part)) for begin, end, part in data["segments"])
            graded, joint = (data.get(name, False) is True for name in ("graded", "joint"))
            return cls(tuple(map(float, data["thresholds"])), tuple(map(float, data["wrong"])), segments, graded, joint)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidLabels(f"this is no ladder of thresholds: {error}") from error


@lru_cache(LADDERS_AT_ONCE)
def ladder_told(text: str) -> KeeperLadder:
    """Return the ladder that a store has of a stream, which is read at every look and never changes.

    Raises:
        InvalidLabels: it is none.
    """
    return KeeperLadder.of_json(json.loads(text))


def ladder_of(
    scores: Sequence[float],
    *,
    rungs: int = RUNGS,
    starts: Sequence[float] = STARTS,
    parts: Sequence[float] = PARTS,
    fewest: int = FEWEST_SCORES,
    graded: bool = True,
    joint: bool = True,
) -> KeeperLadder:
    """Return the ladder of unlabelled scores: thresholds at equal steps of coverage, in segments from each start on.

    The first start is the strictest threshold that is ever accepted at. Scores that many cases have in common make one
    threshold.

    Raises:
        InvalidLabels: there are too few scores, one is no number, or the starts do not rise from 0 to 1.
    """
    if len(scores) < fewest:
        raise InvalidLabels(
            f"thresholds are taken from at least {fewest} scores of unlabelled cases, not {len(scores)}"
        )
    if not all(map(is_finite, scores)):
        raise InvalidLabels("a score is a finite number")
    if len(starts) != len(parts) or [*starts] != sorted(set(starts)) or not all(0 < each <= 1 for each in starts):
        raise InvalidLabels(f"starts {tuple(starts)!r}: give rising shares of the cases above 0, and a part for each")
    falling = sorted(scores, reverse=True)
    places: dict[float, float] = {}  # each threshold once, at the most that it covers
    for step in range(1, rungs + 1):
        coverage = step / rungs
        if coverage >= starts[0] - 1e-9:
            places[falling[math.ceil(coverage * len(falling)) - 1]] = coverage
    thresholds = tuple(places)
    segments, begin = [], 0
    reached = [*places.values()]
    for number, part in enumerate(parts):
        following = starts[number + 1] if number + 1 < len(starts) else math.inf
        end = sum(each < following - 1e-9 for each in reached)
        if end > begin or number + 1 == len(parts):
            segments.append(LadderSegment(begin, len(reached) if number + 1 == len(parts) else end, part))
            begin = end
        elif segments:  # no threshold of its own: what it would have got goes to the segment before it
            segments[-1] = LadderSegment(segments[-1].begin, segments[-1].end, segments[-1].part + part)
    return KeeperLadder(thresholds, _wrong(falling, thresholds), _whole(segments), graded, joint)


def _whole(segments: Sequence[LadderSegment]) -> tuple[LadderSegment, ...]:
    kept = [each for each in segments if each.end > each.begin]
    total = sum(each.part for each in kept)
    return tuple(LadderSegment(each.begin, each.end, each.part / total) for each in kept)


def _wrong(falling: Sequence[float], thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return what a model whose scores are probabilities expects to be wrong from each threshold to the one before."""
    mass, place = [], 0
    for threshold in thresholds:
        expected = 0.0
        while place < len(falling) and falling[place] >= threshold:
            expected += min(1.0, max(0.0, 1.0 - falling[place]))
            place += 1
        mass.append(max(expected, LEAST_MASS * len(falling)))
    return tuple(mass)
