"""What running a chain of passing guards adds to the checks themselves."""

import timeit
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

from guards.chain import run_guards
from guards.check import Check
from guards.guard import GuardContext
from guards.text import forbids, matches, max_length, min_length
from guards.values import one_of
from guards_bench.figure import Figure

CALLS = 2_000
ROUNDS = 15


def chain_cost(_: Path) -> list[Figure]:
    """Return the added time of chains of three and of five guards, in microseconds."""
    value, context = "a short answer", GuardContext(source="a question")
    five = [max_length(1200), min_length(2), matches(r"[a-z ]+"), forbids(r"\d"), one_of([value])]
    figures = []
    for count in (3, 5):
        guards = five[:count]
        # Processor time: other processes on the machine do not count.
        chain = timeit.Timer(partial(run_guards, guards, value, context), timer=process_time)
        checks = timeit.Timer(partial(_check_all, guards, value, context), timer=process_time)
        added = [(chain.timeit(CALLS) - checks.timeit(CALLS)) / CALLS * 1e6 for _round in range(ROUNDS)]
        name = f"a chain of {count} passing guards adds"
        note = f"processor time; least {min(added):.1f}, most {max(added):.1f} of {ROUNDS} rounds"
        figures.append(
            Figure(part="chain", name=name, value=median(added), unit="µs", better="lower", bar=20.0, note=note)
        )
    return figures


def _check_all(guards: Sequence[Check], value: str, context: GuardContext) -> None:
    for guard in guards:
        guard.check(value, context)
