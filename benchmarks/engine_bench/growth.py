"""What grows: the hundredth question of a run, a fan-out of them, and a store that is counted and pruned."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure
from engine_bench.bench import Bench
from engine_bench.errors import WrongResult
from engine_bench.five_steps import five
from engine_bench.handrail_side import open_engine, store_url
from engine_bench.rows import open_file, transaction
from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import ReviewQuery
from handrail_orchestrator.store import open_store

TIMES_AS_MANY = 4
"""How many more questions the longer of two runs asks."""
LATE_BAR = at_most(3.0, 2.0)
"""The processor time of a question of a run that asks four times as many: replaying all of it for each would be 4."""
FAN_BAR = at_most(1.5, 1.0)
"""The processor time of an answer to a fan-out, by that of one that is a run's only one."""
COUNTS_BAR = at_most(1.0, 0.8)
"""The processor time of counting the runs, by that of counting them joined to their workflows, one by one."""
PRUNE_BAR = at_most(4.0, 2.0)
"""The processor time of pruning, by that of deleting the same rows in one transaction of plain SQL."""

WHOLE_TABLE = (
    "SELECT name, version, status, count(*) FROM runs JOIN workflows ON workflows.id = workflow GROUP BY 1, 2, 3"
)
COUNTED = 20
"""Times in a round."""
TABLES = ("steps", "archived_steps", "events", "reviews")
"""What else belongs to a run, by its key."""


@workflow(version=1)
async def asks_in_turn(run: Run, questions: int) -> int:
    """Ask one question after the other."""
    total = 0
    for number in range(questions):
        total += await run.ask("How many?", int, context=number)
    return total


@workflow(version=1)
async def asks_at_once(run: Run, questions: int) -> int:
    """Ask all of them at the same time."""
    return sum(await run.all(*[run.ask("How many?", int, name=f"q{number}") for number in range(questions)]))


def growth(bench: Bench) -> list[Figure]:
    """Measure what takes longer the more there is."""
    rounds = range(bench.scale.repetitions)
    bench.say("questions of one run, one after the other and at once")
    files = (bench.directory / f"asked-{number}.db" for number in range(1_000_000))
    few, many = bench.scale.questions // TIMES_AS_MANY, bench.scale.questions
    asyncio.run(_in_turn(next(files), few))  # the first answer imports what checks it
    turns = [(asyncio.run(_in_turn(next(files), few)), asyncio.run(_in_turn(next(files), many))) for _ in rounds]
    fans = [(asyncio.run(_at_once(next(files), many, 1)), asyncio.run(_at_once(next(files), 1, many))) for _ in rounds]
    part = f"{many} questions"
    return [
        median_figure(part, f"CPU of one of {few} in turn", [each[0] for each in turns], "ms"),
        median_figure(part, f"CPU of one of {many} in turn", [each[1] for each in turns], "ms"),
        median_figure(part, "CPU: many in turn ÷ few", [b / a for a, b in turns], TIMES, bar=LATE_BAR),
        median_figure(part, f"CPU of one of {many} at once", [each[0] for each in fans], "ms"),
        median_figure(part, f"CPU of the only one of a run, {many} runs", [each[1] for each in fans], "ms"),
        median_figure(part, "CPU: at once ÷ the only one", [a / b for a, b in fans], TIMES, bar=FAN_BAR),
        *_ended(bench),
    ]


async def _in_turn(file: Path, questions: int) -> float:
    """Return the processor time of a question, in milliseconds, each answered when it is asked."""
    async with Orchestrator(store_url(file), workflows=[asks_in_turn]) as orchestrator:
        handle = await orchestrator.start(asks_in_turn, questions, id="run")
        await orchestrator.idle()
        began = time.process_time()
        for _ in range(questions):
            (item,) = orchestrator.reviews()
            await orchestrator.decide(item.id, 1, by="bench")
            await orchestrator.idle()
        spent = time.process_time() - began
        _require(await handle.result(), questions)
    return spent * 1000 / questions


async def _at_once(file: Path, questions: int, runs: int) -> float:
    """Return the processor time of an answer, in milliseconds, when all that is asked is answered at the same time."""
    async with Orchestrator(store_url(file), workflows=[asks_at_once]) as orchestrator:
        inputs = [(f"run-{number}", questions) for number in range(runs)]
        handles = await orchestrator.start_many(asks_at_once, inputs)
        await orchestrator.idle()
        items = orchestrator.reviews(ReviewQuery(limit=questions * runs))
        began = time.process_time()
        await asyncio.gather(*(orchestrator.decide(item.id, 1, by="bench") for item in items))
        await orchestrator.idle()
        spent = time.process_time() - began
        _require({await handle.result() for handle in handles}, {questions})
    return spent * 1000 / (questions * runs)


def _ended(bench: Bench) -> list[Figure]:
    """Return what it takes to count and to prune runs that have ended."""
    runs = bench.scale.ended_runs
    part, file = f"{runs:,} runs that ended", bench.directory / "ended.db"
    bench.say(f"making {part}")
    asyncio.run(_make(file, runs))
    counts = [_count(file, runs) for _ in range(bench.scale.repetitions)]
    pruned = [_prune_both(file, bench.directory, runs) for _ in range(bench.scale.repetitions)]
    return [
        median_figure(part, "CPU: counted by workflow and status", [each[0] for each in counts], "ms"),
        median_figure(part, "CPU: the same, joined one by one", [each[1] for each in counts], "ms"),
        median_figure(part, "CPU: counted ÷ joined one by one", [a / b for a, b in counts], TIMES, bar=COUNTS_BAR),
        median_figure(part, "CPU: pruned", [each[0] for each in pruned], "ms"),
        median_figure(part, "CPU: the same rows deleted in plain SQL", [each[1] for each in pruned], "ms"),
        median_figure(part, "CPU: pruned ÷ deleted in plain SQL", [a / b for a, b in pruned], TIMES, bar=PRUNE_BAR),
    ]


async def _make(file: Path, runs: int) -> None:
    async with open_engine(file, concurrency=500) as orchestrator:
        await orchestrator.start_many(five, [(f"run-{number}", number) for number in range(runs)])
        await orchestrator.idle()


def _count(file: Path, runs: int) -> tuple[float, float]:
    """Return the processor time of counting, and of counting joined run by run, in milliseconds."""
    expected = {("five", 1, "completed"): runs}
    connection, store = open_file(file), open_store(store_url(file))
    ours, plain = 0.0, 0.0
    for _ in range(COUNTED):  # taking turns, so that both find the file in memory
        for_plain, found = _timed(lambda: _whole_table(connection))
        _require(found, expected)
        for_ours, found = _timed(store.counts)
        _require(found, expected)
        ours, plain = ours + for_ours / COUNTED, plain + for_plain / COUNTED
    connection.close()
    store.close()
    return ours, plain


def _whole_table(connection: sqlite3.Connection) -> dict[tuple[str, int, str], int]:
    return {(name, version, status): times for name, version, status, times in connection.execute(WHOLE_TABLE)}


def _prune_both(file: Path, directory: Path, runs: int) -> tuple[float, float]:
    """Return the processor time of pruning a copy, and of deleting as many rows from another, in milliseconds."""
    ours, plain = (Path(shutil.copy(file, directory / f"{name}.db")) for name in ("pruned", "deleted"))
    pruned, count = _timed(lambda: asyncio.run(_prune(ours)))
    _require(count, runs - 1)  # the newest stays
    connection = open_file(plain)
    deleted, _ = _timed(lambda: _delete(connection))
    _require(connection.execute("SELECT count(*) FROM runs").fetchone(), (1,))
    connection.close()
    for copy in (ours, plain):
        for each in directory.glob(f"{copy.name}*"):
            each.unlink()
    return pruned, deleted


async def _prune(file: Path) -> int:
    async with Client(store_url(file)) as client:
        return await client.prune(older_than=timedelta())


def _delete(connection: sqlite3.Connection) -> None:
    these = "(SELECT key FROM runs WHERE key < (SELECT max(key) FROM runs))"
    with transaction(connection):
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE run IN {these}")  # noqa: S608 -- our own names
        connection.execute(f"DELETE FROM runs WHERE key IN {these}")  # noqa: S608 -- as above


def _timed(call: Callable[[], object]) -> tuple[float, object]:
    """Return the processor time of a call, in milliseconds, and what it returns."""
    began = time.process_time()
    found = call()
    return (time.process_time() - began) * 1000, found


def _require(found: object, expected: object) -> None:
    if found != expected:
        raise WrongResult(f"{found!r} instead of {expected!r}")
