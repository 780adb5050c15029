"""Durations in log-spaced buckets: sums of them stay exact, and quantiles are off by a few per cent at most."""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

PER_DOUBLING: Final = 8
"""Buckets by which a duration doubles."""
GROWTH: Final = 2.0 ** (1.0 / PER_DOUBLING)
"""How many times its beginning the end of a bucket is."""
PERCENTILE_ERROR: Final = (GROWTH - 1.0) / (GROWTH + 1.0)
"""How far a quantile is from the duration of the run or step of that rank at most, as a share of it: 4.3%."""
ZERO: Final = -1
"""The bucket of what took less than a microsecond."""
MICROS: Final = 1_000_000


def micros_of(seconds: float) -> int:
    """Return whole microseconds, so that sums are exact in any order; of a clock that was set back, none."""
    return int(seconds * MICROS + 0.5) if seconds > 0.0 else 0


def bucket_of(micros: int) -> int:
    """Return the bucket of a duration."""
    return int(math.log2(micros) * PER_DOUBLING) if micros > 0 else ZERO


@lru_cache(maxsize=1024)
def bounds_of(bucket: int) -> tuple[float, float]:
    """Return from when and until when, in seconds, a duration is in a bucket."""
    if bucket == ZERO:
        return 0.0, 1.0 / MICROS
    return 2.0 ** (bucket / PER_DOUBLING) / MICROS, 2.0 ** ((bucket + 1) / PER_DOUBLING) / MICROS


def middle_of(bucket: int) -> float:
    """Return the seconds that stand for a bucket: of no others is the largest error, as a share, as small.

    That is the harmonic mean of its ends. Interpolating by rank within a bucket would be closer on average, and
    further off at worst: then nobody could say how far.
    """
    low, high = bounds_of(bucket)
    return 2.0 * low * high / (low + high)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the duration below or at which this share of them are; None: there are none.

    It is the middle of the bucket of the duration of that rank (the first at which at least the share is reached), so
    it is off from that one by ``PERCENTILE_ERROR`` at most.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = max(1, math.ceil(share * total))
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return 0.0 if bucket == ZERO else middle_of(bucket)
    raise AssertionError("the ranks of a histogram end at its total")


def counted(buckets: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return how many are in each bucket, those that none are in aside."""
    found: dict[int, int] = {}
    for bucket, count in buckets:
        found[bucket] = found.get(bucket, 0) + count
    return {bucket: count for bucket, count in found.items() if count}
