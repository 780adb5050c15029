"""How often intervals hold the truth they are drawn around."""

import random

import numpy as np
from numpy.typing import NDArray

from bench.figure import Figure, at_least
from gate_bench.rate import rate
from handrail_evals.numbers.statistics.bootstrap import Kinds, bca_mean, from_sums
from handrail_evals.numbers.statistics.difference import paired_difference
from handrail_evals.numbers.statistics.intervals import Certainty, mean_interval, wilson

PART = "95% intervals hold the truth"
RIGHT = 0.85
POSITIVE = 0.4


def coverage(repetitions: int) -> list[Figure]:
    """Simulate each kind of interval; bootstraps, which cost more, with a tenth of the repetitions."""
    fewer = max(1, repetitions // 10)
    counts = (
        ("Wilson, 100 cases at 97%", shares(repetitions), repetitions),
        ("Wilson, 40 documents of 1 to 12 cases", shares_in_clusters(repetitions), repetitions),
        ("paired score, 100 cases, 3% discordant", differences(repetitions), repetitions),
        ("t, 25 skewed durations", durations(repetitions, bootstrap=False), repetitions),
        ("BCa, 25 skewed durations", durations(fewer, bootstrap=True), fewer),
        ("BCa recomputed F1, 150 cases", recomputed_f1(fewer), fewer),
    )
    return [rate(PART, name, hits, of, bar=None if "skewed" in name else at_least(92)) for name, hits, of in counts]


def shares(repetitions: int) -> int:
    """Return how often Wilson's interval holds a share of 97%."""
    chance = random.Random("shares")
    intervals = (wilson([float(chance.random() < 0.97) for _ in range(100)]) for _ in range(repetitions))
    return sum(interval.low <= 0.97 <= interval.high for interval in intervals)


def shares_in_clusters(repetitions: int) -> int:
    """Return how often Wilson's interval holds a share of 80% that differs from document to document."""
    chance = random.Random("shares in clusters")
    held = 0
    for _ in range(repetitions):
        outcomes, documents = [], []
        for document in range(40):
            share, size = chance.betavariate(4, 1), chance.randint(1, 12)
            outcomes += [float(chance.random() < share) for _ in range(size)]
            documents += [str(document)] * size
        interval = wilson(outcomes, documents)
        held += interval.low <= 0.8 <= interval.high
    return held


def differences(repetitions: int) -> int:
    """Return how often the paired score interval holds a drop of 1 point among 3% of discordant cases."""
    chance = random.Random("differences")
    held = 0
    for _ in range(repetitions):
        difference = paired_difference(chance.choices((-1.0, 1.0, 0.0), (0.02, 0.01, 0.97), k=100))
        held += difference.low <= -0.01 <= difference.high
    return held


def durations(repetitions: int, *, bootstrap: bool) -> int:
    """Return how often an interval holds the mean of exponential durations."""
    chance = random.Random("durations")
    held = 0
    for repetition in range(repetitions):
        minutes = [chance.expovariate(1.0) for _ in range(25)]
        interval = bca_mean(minutes, None, Certainty(seed=repetition)) if bootstrap else mean_interval(minutes)
        held += interval.low <= 1.0 <= interval.high
    return held


def f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F1 of what is right and said, and of what is either, summed."""
    return 2.0 * sums[:, :1] / np.maximum(1.0, sums[:, 1:])


def recomputed_f1(repetitions: int) -> int:
    """Return how often the recomputed bootstrap holds the F1 of an answerer that is right at 85%."""
    chance = np.random.default_rng(1)
    precise, missed = POSITIVE * RIGHT, POSITIVE * (1.0 - RIGHT)
    true_f1 = 2.0 * precise / (2.0 * precise + missed + (1.0 - POSITIVE) * (1.0 - RIGHT))
    held = 0
    for repetition in range(repetitions):
        truth = chance.random(150) < POSITIVE
        said = np.where(chance.random(150) < RIGHT, truth, ~truth)

        rows = np.stack([truth & said, truth.astype(np.intp) + said], axis=1).astype(np.float64)
        (interval,) = from_sums(Kinds.of_each(rows, None), f1, 150, Certainty(seed=repetition, resamples=1000))
        held += interval is not None and interval.low <= true_f1 <= interval.high
    return held
