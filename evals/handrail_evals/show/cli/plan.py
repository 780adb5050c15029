"""What a suite can show, said before anything is asked."""

from typing import Any

from handrail_evals.measure.suite import Suite
from handrail_evals.numbers.statistics.power import smallest_detectable

DISCORDANCE = 0.1
"""Share of cases that only one of two results gets right, assumed before there are results."""


def planned(suite: Suite[Any, Any, Any]) -> str:
    """Return how many cases there are, and how small a difference from a baseline they can show."""
    count = len(suite.cases)
    repeats = f" × {suite.repeats}" if suite.repeats > 1 else ""
    smallest = smallest_detectable(count, discordance=DISCORDANCE)
    clusters = {case.cluster for case in suite.cases if case.cluster is not None}
    fewer = f"; {len(clusters):,} clusters make it larger" if clusters else ""
    shown = f"about {smallest:.1%}" if smallest is not None else "none: too few cases"
    return (
        f"{suite.name}: {count:,} cases{repeats}; smallest difference from a baseline that they show: {shown}"
        f" (if {DISCORDANCE:.0%} of the answers change{fewer})"
    )
