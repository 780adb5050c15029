"""What a list of records costs beside the rows it is made of: nothing is decoded before somebody looks at it."""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.figure import TIMES, Figure, at_most, median_figure
from engine_bench.handrail_side import store_url
from handrail import Client
from handrail.orchestrator import ReviewQuery
from handrail_orchestrator.store.sqlite.store import SqliteStore

REPETITIONS = 15
LISTED = 1_000
SHOWN = ("suggestion", "alternatives", "schema", "context")
"""What a page shows of an item that is JSON in the store."""
LIST_BAR = at_most(1.5, 1.2)
LOOK_BAR = at_most(2.5, 1.6)


async def listing_rows(file: Path, part: str) -> list[Figure]:
    """Return what reading a thousand items and runs costs, by what reading their rows costs."""
    query = ReviewQuery(limit=LISTED)
    with closing(SqliteStore(str(file), create=False, reading=True)) as store:
        async with Client(store_url(file)) as client:
            items = _ratios(lambda: client.reviews(query), lambda: store.reviews(query))
            looked = _ratios(lambda: _looked_at(client.reviews(query)), lambda: _decoded(store.reviews(query)))
            runs = _ratios(lambda: client.runs(limit=LISTED), lambda: store.runs(limit=LISTED))
    return [
        median_figure(part, f"{LISTED:,} items listed ÷ their rows", items, TIMES, bar=LIST_BAR),
        median_figure(part, f"{LISTED:,} runs listed ÷ their rows", runs, TIMES, bar=LIST_BAR),
        median_figure(part, "and looked at ÷ rows and json.loads", looked, TIMES, bar=LOOK_BAR),
    ]


def _ratios(work: Callable[[], object], floor: Callable[[], object]) -> list[float]:
    return [_spent(work) / _spent(floor) for _ in range(REPETITIONS)]


def _spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _decoded(rows: Iterable[Any]) -> None:
    for row in rows:
        for name in SHOWN:
            if (text := getattr(row, name)) is not None:
                json.loads(text)


def _looked_at(items: Iterable[Any]) -> None:
    for item in items:
        for name in SHOWN:
            getattr(item, name)
