"""The server: how soon it answers, how long pages and decisions take, and what many requests leave in its memory."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figure import Figure, at_most, best_figure, best_third, median_figure
from console_bench.served import Served

ITEMS_A_REQUEST, REQUESTS_A_SETTLED = 10, 5
"""Of the open items, one in so many is asked for; of these, the first one in so many fill caches."""
LOOKS, STARTS = 4, 3
"""How often each page is asked for, in turn, and a server started: the quickest counts, any may be late by chance."""


def server_rows(file: Path, items: int) -> list[Figure]:
    """Measure on a store with that many open items."""
    part = f"the server, {items:,} open items"
    started = []
    for _ in range(STARTS - 1):
        with Served(file) as served:
            started.append(served.started_ms)
    with Served(file) as served:
        started.append(served.started_ms)
        depths = [f"/queue?after={100 - (each * 100) // 40}.{(each * items) // 40}" for each in range(40)]
        lists = _best(served, depths)
        of_any = _best(served, [f"{path}&state=any" for path in depths])
        searched = _best(served, [f"/queue?text=nobody+wrote+{each}" for each in range(40)])
        runs = _best(served, [f"/runs?before={1 + (each * items) // 40}" for each in range(1, 41)])
        found = _best(served, [f"/runs?text={(each * items) // 40:06}" for each in range(40)])
        common = _best(served, [f"/runs?text=case&before={1 + (each * items) // 40}" for each in range(1, 41)])
        pages = _best(served, [f"/items/{number}" for number in range(1, 80, 2)])
        decided = [_taken_and_decided(served, number) for number in range(101, 160) if number % 10]
        requests = items // ITEMS_A_REQUEST
        for number in range(requests // REQUESTS_A_SETTLED):
            served.get(_any(number, items))
        before = served.megabytes
        for number in range(requests):
            served.get(_any(number, items))
        grown = served.megabytes - before
        return [
            best_figure(part, "from its start to its first list", started, "ms", bar=at_most(1_000)),
            Figure(part, "a list page at any depth, p95", _p95(lists), "ms", bar=at_most(30)),
            Figure(part, "a list of every state at any depth, p95", _p95(of_any), "ms", bar=at_most(30)),
            Figure(part, "the list searched for what no item has, p95", _p95(searched), "ms", bar=at_most(30)),
            Figure(part, "the list of runs at any depth, p95", _p95(runs), "ms", bar=at_most(30)),
            Figure(part, "the list of runs searched for one, p95", _p95(found), "ms", bar=at_most(30)),
            Figure(part, "the list of runs searched for what all have, p95", _p95(common), "ms", bar=at_most(30)),
            median_figure(part, "an item's page, p50", pages, "ms"),
            Figure(part, "an item's page, p95", _p95(pages), "ms"),
            best_third(part, "take and decide over HTTP, p50", decided, "ms", bar=at_most(15)),
            Figure(
                part, f"memory after {requests:,} requests more", grown, "MB", bar=at_most(5), note=f"of {before:.0f}"
            ),
        ]


def _any(number: int, items: int) -> str:
    return "/queue" if number % 2 else f"/items/{1 + number % items}"


def _best(served: Served, paths: Sequence[str]) -> list[float]:
    """Return the milliseconds of each page, the least of some looks at all of them in turn."""
    looks = [[_milliseconds(served, path) for path in paths] for _ in range(LOOKS)]
    return [min(each) for each in zip(*looks, strict=True)]


def _milliseconds(served: Served, path: str) -> float:
    begun = time.perf_counter()
    served.get(path)
    return 1000 * (time.perf_counter() - begun)


def _taken_and_decided(served: Served, number: int) -> float:
    """Return how long it takes to take an item and to decide it."""
    begun = time.perf_counter()
    taken = served.post(f"/api/v1/reviews/{number}/take", {})
    answer = {"value": "billing", "version": taken["version"], "shown": taken["digest"]}
    served.post(f"/api/v1/reviews/{number}/decide", answer)
    return 1000 * (time.perf_counter() - begun)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
