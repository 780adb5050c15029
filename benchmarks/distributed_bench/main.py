"""The command: starts the servers, measures every part asked for, and prints one table."""

import argparse
import asyncio
import gc
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from distributed_bench.decisions import IN_MEMORY, ON_DISK, decision_rows
from distributed_bench.embedded import embedded_rows
from distributed_bench.five_steps import five_step_rows
from distributed_bench.servers import Servers, servers
from distributed_bench.settings import QUICK, SHORT, Amount
from distributed_bench.sides import HandrailSide, PlainSide
from distributed_bench.waiting import waiting_rows
from distributed_bench.workers import worker_rows
from handrail import Client

PARTS = ("embedded", "steps", "workers", "decisions", "waiting")
STOPPED = 130
"""The exit code of a measurement that was stopped: what it saw is printed all the same."""
SDK_ENDS_SECONDS = 0.5
"""What the SDK of Temporal is given to end its own threads: it brings down a process that ends before."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed, 130 when it was stopped."""
    parser = argparse.ArgumentParser(prog="benchmarks/distributed.py", description="Measure what many machines cost.")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="fewer runs, as `make bench` does")
    parser.add_argument("--quick", action="store_true", help="small and once; the figures mean nothing")
    parser.add_argument("--waiting", type=int, metavar="RUNS", help=f"how many wait (usually {Amount().waiting:,})")
    parser.add_argument(
        "--rounds", type=int, metavar="TIMES", help=f"how often the sides take turns (usually {Amount().rounds})"
    )
    parser.add_argument("--folder", type=Path, help="where stores are made; without it, the folder for such things")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    amount = QUICK if asked.quick else SHORT if asked.short else Amount()
    if asked.waiting is not None:
        amount = replace(amount, waiting=asked.waiting)
    if asked.rounds is not None:
        amount = replace(amount, rounds=asked.rounds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers and workers are ended, too
    progress = Console(stderr=True)
    figures: list[Figure] = []
    stopped = False
    try:
        _measure(asked, amount, progress, figures)
    except KeyboardInterrupt:
        stopped = True
        progress.log("stopped: these are the figures until then")
    caption = "Temporal's development server, in memory where nothing else is said; PostgreSQL with fsync; one machine"
    missed = report("Many machines", figures, caption=caption, write=asked.json)
    if stopped:
        return STOPPED
    return missed if asked.strict else 0


def _measure(asked: argparse.Namespace, amount: Amount, progress: Console, figures: list[Figure]) -> None:
    with servers() as at, tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for name in asked.only or PARTS:
            progress.log(f"measuring: {name}")
            part = Path(folder, name)
            part.mkdir()
            asyncio.run(_measured(name, at, amount, part, figures))
            if name == "decisions":
                with servers(on_disk=True) as on_disk:
                    asyncio.run(_measured("decisions on the disk", on_disk, amount, part, figures))


async def _measured(name: str, at: Servers, amount: Amount, folder: Path, figures: list[Figure]) -> None:
    """Add the figures of a part as they come, so that those of one that is stopped are there."""
    try:
        async for figure in _rows(name, at, amount, folder):
            figures.append(figure)  # noqa: PERF401 -- what came before it is stopped is kept
    finally:
        gc.collect()
        await asyncio.sleep(SDK_ENDS_SECONDS)


async def _rows(name: str, at: Servers, amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    if name == "embedded":
        async for figure in embedded_rows(at, amount, folder):
            yield figure
        return
    with at.store() as store:
        async with Client(store) as client:
            plain = await PlainSide.connect(at)
            ours = HandrailSide(at, store, client, plain.temporal)
            rows = {
                "steps": five_step_rows(at, (plain, ours), amount, folder),
                "workers": worker_rows(at, ours, amount, folder),
                "decisions": decision_rows(IN_MEMORY, (plain, ours), amount, folder),
                "decisions on the disk": decision_rows(ON_DISK, (plain, ours), amount, folder),
                "waiting": waiting_rows(at, ours, amount, folder),
            }
            async for figure in rows[name]:
                yield figure
