"""What it takes until so much of the oracle's coverage is accepted on average: cases, and answers to accepted ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.figure import Figure, at_most
from promise_bench.stream import Played

FIRST = 100
STEP = 1.04
"""Each point of the curve has so many times the cases of the one before."""


@dataclass(frozen=True, slots=True)
class Until:
    """What it may take at most to reach so much."""

    percent: float
    """Of the oracle's coverage."""
    reviews: int
    cases: int | None = None


UNTIL: Mapping[tuple[str, float], tuple[Until, ...]] = {
    ("banking77", 0.02): (Until(90, 580), Until(95, 1_250)),
    ("clinc150", 0.02): (Until(80, 960, cases=11_500),),
    ("banking77", 0.05): (Until(93, 470),),
    ("clinc150", 0.05): (Until(93, 600),),
}


def points(last: int) -> tuple[int, ...]:
    """Return after how many cases it is looked how far a stream is, up to the last."""
    found, at = set[int](), float(FIRST)
    while at < last:
        found.add(round(at))
        at *= STEP
    return tuple(sorted(found))


def figures(where: str, cell: tuple[str, float], played: Sequence[Played]) -> list[Figure]:
    """Return what it took to come so far, beside what it may."""
    found: list[Figure] = []
    for until in UNTIL[cell]:
        name = f"reviews until {until.percent:.0f}% of the oracle's coverage"
        cases = _first(played, until.percent)
        if cases is None:
            last = played[0].marks[-1].cases
            found.append(Figure(where, name, float("inf"), "", at_most(until.reviews), f"not in {last:,} cases"))
            continue
        reviews = fmean(each.at(cases).reviews for each in played)
        found.append(Figure(where, name, reviews, "", at_most(until.reviews), f"after {cases:,} cases"))
        if until.cases is not None:
            found.append(Figure(where, f"cases until {until.percent:.0f}%", float(cases), "", at_most(until.cases)))
    return found


def _first(played: Sequence[Played], percent: float) -> int | None:
    for mark in played[0].marks:
        if 100 * fmean(each.at(mark.cases).coverage / each.oracle for each in played) >= percent:
            return mark.cases
    return None
