"""The queue without pages: lists at any depth, take and decide, and many threads at once."""

import asyncio
import shutil
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

from bench.figure import Figure, at_most, median_figure
from bench.pairs import Pairs, milliseconds
from console_bench.plain_desk import plain_desk
from handrail import Client
from handrail.orchestrator import ReviewQuery

PAGE, DEPTHS, LOADING = 50, 60, 2
"""Rows of a list, where it is looked at, and looks before those that count."""
THREADS, DECISIONS = 8, 100


def desk_rows(file: Path, items: int) -> list[Figure]:
    """Measure on a store with that many open items."""
    part = f"the queue alone, {items:,} open items"
    return [
        *_lists(file, part, items),
        asyncio.run(_take_and_decide(file, part)),
        _threads(file, part),
    ]


def _lists(file: Path, part: str, items: int) -> list[Figure]:
    """Read pages at depths that are spread over the whole queue, by where they begin, beside their rows."""

    async def read() -> tuple[list[tuple[float, float]], list[float]]:
        pages, counts = [], []
        async with Client(f"sqlite:///{file}") as client:
            with plain_desk(file) as plain:
                for number in range(-LOADING, DEPTHS):
                    priority = 100 - (max(number, 0) * 100) // DEPTHS
                    after = None if number < 1 else (priority, (number * items) // DEPTHS)
                    ours = partial(_titles, client, ReviewQuery(after=after, limit=PAGE))
                    pages.append((milliseconds(ours, times=2), milliseconds(partial(plain.listed, priority), times=2)))
                    counts.append(milliseconds(partial(client.review_count, ReviewQuery(queue="triage"))))
        return pages[LOADING:], counts[LOADING:]

    pages, counts = asyncio.run(read())
    name = f"CPU: a list of {PAGE} at any depth ÷ its rows by hand, p95"
    return [
        Pairs(*zip(*pages, strict=True)).late(part, name, at_most(7.0, 3.0)),
        median_figure(part, "CPU: counting a queue", counts, "ms"),
    ]


def _titles(client: Client, query: ReviewQuery) -> list[str]:
    return [row.title for row in client.reviews(query)]


async def _take_and_decide(file: Path, part: str) -> Figure:
    """Measure, by the clock, two commits of either, which wait for the same disk."""
    times, copy = [], file.with_name("by-hand.db")
    shutil.copyfile(file, copy)
    async with Client(f"sqlite:///{file}") as client:
        with plain_desk(copy) as plain:
            for _ in range(60):
                begun = time.perf_counter()
                item = await client.next_review(by="ann", queue="triage")
                assert item is not None
                await client.decide(item.id, "billing", by="ann", version=item.version, shown=item.digest)
                ours = 1000 * (time.perf_counter() - begun)
                times.append((ours, milliseconds(plain.take_and_decide, clock=time.perf_counter)))
    for each in file.parent.glob(f"{copy.name}*"):
        each.unlink()
    name = "take the next and decide it ÷ by hand"
    return Pairs(*zip(*times[5:], strict=True)).figure(part, name, at_most(4.0, 1.5))


def _threads(file: Path, part: str) -> Figure:
    """Let threads, each with a client of its own, take and decide at the same time."""
    decided: list[int] = []

    async def work(name: str) -> None:
        async with Client(f"sqlite:///{file}") as client:
            for _ in range(DECISIONS):
                item = await client.next_review(by=name, queue="triage")
                assert item is not None
                await client.decide(item.id, "refund", by=name)
                decided.append(item.id)

    threads = [threading.Thread(target=lambda n=number: asyncio.run(work(f"p{n}"))) for number in range(THREADS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    doubles = sum(times - 1 for times in Counter(decided).values()) + THREADS * DECISIONS - len(decided)
    note = f"{len(decided) / seconds:.0f} decisions/s"
    name = f"{THREADS} threads × {DECISIONS} decisions: doubles and misses"
    return Figure(part, name, float(doubles), "", bar=at_most(0), note=note)
