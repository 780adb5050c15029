"""Ways to set a threshold from labels: ours, and what people do instead."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from guarantee_bench.mapie_side import installed, mapie
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit, Scored
from handrail_evals.decide.calibrate.promise import Promise, upper_bound
from handrail_evals.decide.calibrate.sequence import AcceptedTally

Method: TypeAlias = Callable[[Sequence[Scored], Sequence[float], Promise], float | None]
"""From drawn labels and other scores to a threshold."""

FIXED = 0.8


def guaranteed(drawn: Sequence[Scored], traffic: Sequence[float], promise: Promise) -> float | None:
    """Fixed-sequence testing, as shipped."""
    audits = [Audit(each.score, each.right) for each in drawn]
    return calibrate(audits, traffic=traffic, promise=promise).threshold


def naive(drawn: Sequence[Scored], _: Sequence[float], promise: Promise) -> float | None:
    """Take the largest coverage whose observed error meets the target."""
    tally = AcceptedTally.of(drawn)
    for threshold in dict.fromkeys(tally.scores):  # rising: the first that meets the target covers most
        counts = tally.at_least(threshold)
        if counts.errors <= promise.target * counts.accepted:
            return threshold
    return None


def fixed(_: Sequence[Scored], __: Sequence[float], ___: Promise) -> float | None:
    """Take a round number, whatever the labels say."""
    return FIXED


def sgr(drawn: Sequence[Scored], _: Sequence[float], promise: Promise) -> float | None:
    """Search by halves, each probe with its share of delta (Geifman and El-Yaniv, 2017, algorithm 2)."""
    tally = AcceptedTally.of(drawn)
    low, high = 0, tally.labels - 1
    probes = math.ceil(math.log2(tally.labels))
    found: float | None = None
    for _probe in range(probes):
        middle = math.ceil((low + high) / 2)
        counts = tally.at_least(tally.scores[middle])
        if upper_bound(counts.errors, counts.accepted, promise.delta / probes) < promise.target:
            found, high = tally.scores[middle], middle
        else:
            low = middle
    return found


METHODS: Mapping[str, Method] = {
    "guaranteed": guaranteed,
    "naive": naive,
    "fixed 0.8": fixed,
    "SGR": sgr,
    **({"MAPIE": mapie} if installed() else {}),
}
"""What is compared, in the order of the table."""
