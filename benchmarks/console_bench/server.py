"""The server: how soon it answers, how long pages and decisions take, and what many requests leave in its memory."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, number
from bench.pairs import Pairs, centile
from console_bench.served import Served, ServedByHand

ITEMS_A_REQUEST, REQUESTS_A_SETTLED = 10, 5
"""Of the open items, one in so many is asked for; of these, the first one in so many fill caches."""
LOOKS, STARTS = 3, 3
"""How often each page is asked for, in turn, and a server started: of looks the quickest counts."""
START_BAR, PAGE_BAR, RUNS_BAR, DECIDE_BAR = at_most(6.0, 4.0), at_most(10.0, 6.0), at_most(15.0, 6.0), at_most(3.0, 2.0)
"""What ours takes, by what the desk by hand takes, which shows fifty rows of the same store with the same libraries."""
MEMORY_BAR = at_most(1.06)


def server_rows(file: Path, items: int) -> list[Figure]:
    """Measure on a store with that many open items."""
    part = f"the server, {items:,} open items"
    copy = file.with_name("by-hand.db")
    shutil.copyfile(file, copy)
    try:
        started = [(_started(Served(file)), _started(ServedByHand(copy))) for _ in range(STARTS)]
        starting = Pairs(*zip(*started, strict=True))
        name = "CPU: from its start to its first list ÷ the desk by hand"
        with Served(file) as served, ServedByHand(copy) as by_hand:
            return [
                starting.figure(part, name, START_BAR),
                *_pages(served, by_hand, part, items),
                _taken_and_decided(served, by_hand, part),
                _memory(served, part, items),
            ]
    finally:
        for each in file.parent.glob(f"{copy.name}*"):
            each.unlink()


def _started(server: Served) -> float:
    with server as served:
        return served.started_cpu_ms


def _pages(served: Served, by_hand: Served, part: str, items: int) -> list[Figure]:
    """Measure the processor time of the server for lists at depths that are spread over all of them."""
    places = [(100 - (each * 100) // 40, (each * items) // 40) for each in range(40)]
    depths = [f"/queue?after={priority}.{item}" for priority, item in places]
    plain = [f"/queue?after={priority}.0" for priority, _ in places]
    runs = [f"/runs?before={51 + (each * items) // 40}" for each in range(40)]
    lists: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
        ("a list page at any depth", depths, plain),
        ("a list of every state at any depth", [f"{path}&state=any" for path in depths], plain),
        ("the list searched for what no item has", [f"/queue?text=nobody+wrote+{each}" for each in range(40)], plain),
        ("the list of runs at any depth", runs, runs),
        ("the list of runs searched for one", [f"/runs?text={(each * items) // 40:06}" for each in range(40)], runs),
        ("the list of runs searched for what all have", [f"{path}&text=case" for path in runs], runs),
    )
    figures = []
    for name, paths, base in lists:
        pairs, clock = _beside(served, by_hand, paths, base)
        figures.append(
            pairs.late(
                part,
                f"CPU: {name} ÷ the desk by hand, p95",
                RUNS_BAR if base is runs else PAGE_BAR,
                note=_by_the_clock(clock),
            )
        )
    items_pages = [f"/items/{item}" for item in range(1, 80, 2)]
    pairs, clock = _beside(served, by_hand, items_pages, plain)
    note = _by_the_clock(clock)
    return [*figures, pairs.figure(part, "CPU: an item's page ÷ a list by hand", note=note)]


def _by_the_clock(milliseconds: Sequence[float]) -> str:
    return f"by the clock {number(centile(milliseconds, 95))} ms"


def _beside(
    served: Served, by_hand: Served, paths: Sequence[str], plain: Sequence[str]
) -> tuple[Pairs, tuple[float, ...]]:
    """Return what each page and the one by hand take of the processor, and how long ours takes by the clock.

    All in milliseconds, the least of some looks at all of them in turn.
    """
    looks = [
        [(*_look(served, path), _look(by_hand, base)[0]) for path, base in zip(paths, plain, strict=True)]
        for _ in range(LOOKS)
    ]
    ours, clock, floor = (
        tuple(min(look[place][side] for look in looks) for place in range(len(paths))) for side in range(3)
    )
    return Pairs(ours, floor), clock


def _look(served: Served, path: str) -> tuple[float, float]:
    """Ask for a page; return the processor time of the server, and the time by the clock."""
    before, began = served.cpu_ms, time.perf_counter()
    served.get(path)
    seconds = time.perf_counter() - began
    return served.cpu_ms - before, 1000 * seconds


def _taken_and_decided(served: Served, by_hand: Served, part: str) -> Figure:
    """Measure, by the clock, taking and deciding an item: two commits of either, which wait for the same disk."""
    items = (item for item in range(101, 160) if item % 10)  # the others are invoices
    taken = [(_take_and_decide(served, item), _take_and_decide(by_hand, item)) for item in items]
    name = "take and decide over HTTP ÷ the desk by hand"
    return Pairs(*zip(*taken[5:], strict=True)).figure(part, name, DECIDE_BAR)


def _take_and_decide(served: Served, item: int) -> float:
    """Return how long it takes, in milliseconds."""
    begun = time.perf_counter()
    taken = served.post(f"/api/v1/reviews/{item}/take", {})
    answer = {"value": "billing", "version": taken["version"], "shown": taken.get("digest")}
    served.post(f"/api/v1/reviews/{item}/decide", answer)
    return 1000 * (time.perf_counter() - begun)


def _memory(served: Served, part: str, items: int) -> Figure:
    """Measure what many requests leave in the memory of the server, by what it held after some."""
    requests = items // ITEMS_A_REQUEST
    for place in range(requests // REQUESTS_A_SETTLED):
        served.get(_any(place, items))
    before = served.megabytes
    for place in range(requests):
        served.get(_any(place, items))
    after = served.megabytes
    note = f"{after - before:.1f} MB more than {before:.0f}"
    return Figure(part, f"memory after {requests:,} requests more ÷ before", after / before, TIMES, MEMORY_BAR, note)


def _any(place: int, items: int) -> str:
    return "/queue" if place % 2 else f"/items/{1 + place % items}"
