"""How long the steps that are not trivial take: the same 5 to 50 ms in every run of the benchmark."""

import random

SHORTEST_SECONDS = 0.005
LONGEST_SECONDS = 0.050
SEED = 7


def _uniform(count: int) -> tuple[float, ...]:
    chance = random.Random(SEED)
    return tuple(chance.uniform(SHORTEST_SECONDS, LONGEST_SECONDS) for _ in range(count))


STEP_SECONDS = _uniform(10_007)
"""A prime number of step times, so that no two callers walk in step."""
