"""The operations page and the event log on a million step records: the time of the one, the memory of the other."""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx2

from bench.figure import Figure, at_most, best_figure
from handrail.console.app import console
from handrail_orchestrator.client import Client
from operations_bench.amount import Bench

REPETITIONS = 9
TWICE = "/operations?workflow=triage&against=before"
"""Counts two windows: the bar is for one."""
PAGES = {
    "/operations?workflow=triage": "the last 7 days, with the map",
    "/operations?workflow=triage&window=30d": "all of it",
    TWICE: "held against the week before",
    "/operations/live?workflow=triage": "the part that is loaded every 5 s",
}
WRITE_LOG = """
import os, resource, sys
from handrail_orchestrator.event_log.xes import xes
from handrail_orchestrator.reader import reading
from handrail_orchestrator.store.flows import FlowQuery
with reading(sys.argv[1]) as reader, open(os.devnull, "wb") as out:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    events = 0
    with reader.event_log(FlowQuery()) as cases:
        for piece in xes(cases):
            events += piece.count(b"<event>")
            out.write(piece)
    print(events, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def page_rows(bench: Bench, _: Path) -> Iterable[Figure]:
    """Measure the page as a browser asks for it, then the event log in a process of its own."""
    part = f"the page, {bench.amount.records:,} step records"
    yield from asyncio.run(_pages(bench.large, part))
    yield from _log(bench.large, part)


async def _pages(address: str, part: str) -> list[Figure]:
    found: list[Figure] = []
    async with Client(address) as client:
        transport = httpx2.ASGITransport(console(client))
        gc.freeze()  # as whoever serves does
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            for path, what in PAGES.items():
                taken = [await _taken(http, path) for _ in range(REPETITIONS)]
                bar = None if path == TWICE else at_most(200.0)
                found.append(best_figure(part, path, taken, "ms", bar=bar, note=what))
    return found


async def _taken(http: httpx2.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await http.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return 1000 * (time.perf_counter() - began)


def _log(address: str, part: str) -> Iterable[Figure]:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", WRITE_LOG, address], capture_output=True, text=True, check=True)
    taken = time.perf_counter() - began
    events, grown = done.stdout.split()
    note = f"{int(events):,} events, {int(events) / taken:,.0f} a second"
    yield Figure(
        part, "handrail runs log --xes: memory beyond the start", float(grown), "MB", bar=at_most(50.0), note=note
    )
