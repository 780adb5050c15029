"""Two kinds of runs in turn on one engine, a small slice of each again and again: in the same process, on one file."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.pairs import Clock, Pairs

WARM_UP = 2
"""Slices of each kind before those that count."""

Slice = Callable[[range], Awaitable[object]]
"""Executes the runs of these numbers; no number is given twice, whatever the kind."""


async def in_slices(
    ours: Slice, floor: Slice, slices: int, runs: int, *, clock: Clock = time.process_time, pause: float = 0.0
) -> Pairs:
    """Return the time of a run of each kind, slice by slice, ours first in every other one.

    ``pause``: seconds before each pair of slices, so that they see more of what the machine does meanwhile.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    kinds, first = (ours, floor), 0
    for number in range(WARM_UP + slices):
        await asyncio.sleep(pause)
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            began = clock()
            await kinds[place](range(first, first + runs))
            spent = 1000 * (clock() - began) / runs
            first += runs
            if number >= WARM_UP:
                taken[place].append(spent)
    return Pairs(tuple(taken[0]), tuple(taken[1]))
