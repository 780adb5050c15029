"""What running a chain of passing guards adds to the checks themselves, beside reading a short answer as JSON."""

import json
import timeit
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

from bench.figure import TIMES, Figure, at_most, median_figure
from handrail_guards.chain import run_guards
from handrail_guards.check import Check
from handrail_guards.conditions import one_of
from handrail_guards.guard import GuardContext
from handrail_guards.text import forbids, matches, max_length, min_length

CALLS = 2_000
ROUNDS = 15
MOST_TIMES_LOADS = 12.0

ANSWER = json.dumps({"company": "Café Zürich", "date": "2026-01-02", "total": 42.5, "note": "a short answer " * 10})


def chain_cost(_: Path) -> list[Figure]:
    """Return the added time of chains of three and of five guards, by that of reading an answer."""
    value, context = "a short answer", GuardContext(source="a question")
    five = [max_length(1200), min_length(2), matches(r"[a-z ]+"), forbids(r"\d"), one_of([value])]
    figures = []
    for count in (3, 5):
        guards = five[:count]
        # Processor time: other processes on the machine do not count.
        chain = timeit.Timer(partial(run_guards, guards, value, context), timer=process_time)
        checks = timeit.Timer(partial(_check_all, guards, value, context), timer=process_time)
        loads = timeit.Timer(partial(json.loads, ANSWER), timer=process_time)
        rounds = [(chain.timeit(CALLS) - checks.timeit(CALLS), loads.timeit(CALLS)) for _round in range(ROUNDS)]
        ratios = [added / read for added, read in rounds]
        microseconds = median(added / CALLS * 1e6 for added, _read in rounds)
        name = f"a chain of {count} passing guards adds, ÷ json.loads of an answer of {len(ANSWER)} characters"
        note = f"{microseconds:.1f} µs; in {ROUNDS} rounds"
        figures.append(median_figure("chain", name, ratios, TIMES, bar=at_most(MOST_TIMES_LOADS), note=note))
    return figures


def _check_all(guards: Sequence[Check], value: str, context: GuardContext) -> None:
    for guard in guards:
        guard.check(value, context)
