"""The queue without pages: lists at any depth, take and decide, and many threads at once."""

import asyncio
import statistics
import threading
import time
from collections import Counter
from pathlib import Path

from bench.figure import Figure, at_most, best_third
from handrail import Client
from handrail.orchestrator import ReviewQuery

PAGE = 50
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
    """Read pages at depths that are spread over the whole queue, by where they begin."""

    async def read() -> tuple[list[float], list[float]]:
        pages, counts = [], []
        async with Client(f"sqlite:///{file}") as client:
            for number in range(60):
                after = None if number == 0 else (100 - (number * 100) // 60, (number * items) // 60)
                begun = time.perf_counter()
                rows = client.reviews(ReviewQuery(after=after, limit=PAGE))
                _ = [row.title for row in rows]
                pages.append(1000 * (time.perf_counter() - begun))
                begun = time.perf_counter()
                client.review_count(ReviewQuery(queue="triage"))
                counts.append(1000 * (time.perf_counter() - begun))
        return pages, counts

    pages, counts = asyncio.run(read())
    return [
        Figure(part, f"a list of {PAGE} at any depth, p95", _p95(pages), "ms", bar=at_most(30, 5)),
        Figure(part, "counting a queue, p95", _p95(counts), "ms"),
    ]


async def _take_and_decide(file: Path, part: str) -> Figure:
    times = []
    async with Client(f"sqlite:///{file}") as client:
        for _ in range(60):
            begun = time.perf_counter()
            item = await client.next_review(by="ann", queue="triage")
            assert item is not None
            await client.decide(item.id, "billing", by="ann", version=item.version, shown=item.digest)
            times.append(1000 * (time.perf_counter() - begun))
    return best_third(part, "take the next and decide it, p50", times[5:], "ms", bar=at_most(15, 8))


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


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
