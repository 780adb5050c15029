"""The operations page and the event log on a million step records: the time of the one, the memory of the other."""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import httpx2

from bench.figure import TIMES, Figure, at_most
from bench.pairs import async_in_turn
from handrail.console.app import console
from handrail_orchestrator.client import Client
from operations_bench.amount import Bench
from operations_bench.plain_sql import plain_sql

REPETITIONS = 9
PAGE_TIMES_SQL = 2.0
TWICE = "/operations?workflow=triage&against=before"
"""Counts two windows: the bar is for one."""
PAGES = {
    "/operations?workflow=triage": "the last 7 days, with the map",
    "/operations?workflow=triage&window=30d": "all of it",
    TWICE: "held against the week before",
    "/operations/live?workflow=triage": "the part that is loaded every 5 s",
}
WRITE_LOG = r"""
import os, re, sys
from handrail_orchestrator.event_log.xes import xes
from handrail_orchestrator.reader import reading
from handrail_orchestrator.store.flows import FlowQuery
def held():
    return int(re.findall(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[0]) * 1024 / 1e6
with reading(sys.argv[1]) as reader, open(os.devnull, "wb") as out:
    before = held()
    events = 0
    with reader.event_log(FlowQuery()) as cases:
        for piece in xes(cases):
            events += piece.count(b"<event>")
            out.write(piece)
    print(events, held() - before, before)
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
        with plain_sql(address) as plain:

            async def by_hand() -> None:
                plain.added_up()

            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                for path, what in PAGES.items():
                    ours = partial(_get, http, path)
                    pairs = await async_in_turn(ours, by_hand, REPETITIONS, clock=time.process_time)
                    bar = None if path == TWICE else at_most(PAGE_TIMES_SQL)
                    found.append(pairs.figure(part, f"CPU: {path} ÷ all rollups added up in plain SQL", bar, note=what))
    return found


async def _get(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def _log(address: str, part: str) -> Iterable[Figure]:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", WRITE_LOG, address], capture_output=True, text=True, check=True)
    taken = time.perf_counter() - began
    events, grown, before = done.stdout.split()
    note = f"{float(grown):.1f} MB beyond {float(before):.0f}; {int(events) / taken:,.0f} events a second"
    name = "handrail runs log --xes: memory that it takes ÷ that of its start"
    yield Figure(part, name, float(grown) / float(before), TIMES, bar=at_most(1.0), note=note)
