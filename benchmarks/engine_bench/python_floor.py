"""The floor in Python: callers on an event loop, values encoded and rows written as the engine does, and no engine."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from engine_bench.callers import call_load
from engine_bench.errors import WrongResult
from engine_bench.five_steps import bump, five, slow_bump
from engine_bench.load import Load
from engine_bench.rows import STEP_NAMES, STEPS, open_file, transaction
from engine_bench.spent import Spent
from handrail_orchestrator.coding import codec_for, signature_codec
from handrail_orchestrator.store.sqlite.store import SqliteStore

START = (
    "INSERT INTO runs (key, id, workflow, status, owner, created, started, code, input)"
    " VALUES (?, ?, 1, 'running', 1, ?, ?, ?, ?)"
)
RECORD = (
    "INSERT INTO steps (run, name, seq, kind, status, attempt, queued, started, ended, input, output)"
    " VALUES (?, ?, ?, 'action', 'done', ?, ?, ?, ?, ?, ?)"
)
COMPLETE = "UPDATE runs SET status = 'completed', owner = NULL, output = ?, ended = ? WHERE key = ?"


class SharedCommits:
    """Puts what was added in one turn of the event loop into one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._rows: list[tuple[str, tuple[object, ...]]] = []
        self._commit: asyncio.Future[None] | None = None

    def add(self, statement: str, row: tuple[object, ...]) -> "asyncio.Future[None]":
        """Add a row and return what is done once it is on the disk."""
        if self._commit is None:
            self._commit = self._loop.create_future()
            self._loop.call_soon(self._flush)
        self._rows.append((statement, row))
        return self._commit

    def _flush(self) -> None:
        assert self._commit is not None
        rows, commit = self._rows, self._commit
        self._rows, self._commit = [], None
        with transaction(self._connection):
            for statement, row in rows:
                self._connection.execute(statement, row)
        commit.set_result(None)


class PythonFloor:
    """What is left when names, history, replay, leases, retries and limits cost nothing."""

    name = "floor in Python"

    def __init__(self) -> None:
        self._arguments = signature_codec(bump.function, where="an argument")
        self._slow_arguments = signature_codec(slow_bump.function, where="an argument")
        self._number = codec_for(int, where="a number")

    def measure(self, file: Path, load: Load) -> Spent:
        """Run the load's callers, write into the tables of a store, and return what that spent."""
        SqliteStore(str(file)).close()
        with closing(open_file(file)) as connection:
            spent = asyncio.run(self._measure(connection, load))
            _check(connection, load)
        return spent

    async def _measure(self, connection: sqlite3.Connection, load: Load) -> Spent:
        commits = SharedCommits(connection)

        async def run_once(number: int) -> int:
            return await self._run(commits, number, load)

        return await call_load(run_once, load)

    async def _run(self, commits: SharedCommits, number: int, load: Load) -> int:
        key, now = number, time.time()
        await commits.add(START, (key, f"run-{key}", now, now, five.code, self._number.encode(number)))
        for step in range(STEPS):
            began = time.time()
            if load.sleeping:
                place = key * STEPS + step
                recorded = self._slow_arguments.encode((number, place), {})
                number = await slow_bump.function(number, place)
            else:
                recorded = self._arguments.encode((number,), {})
                number = await bump.function(number)
            result = self._number.encode(number)
            recording = commits.add(
                RECORD, (key, STEP_NAMES[step], step + 1, 1, began, began, time.time(), recorded, result)
            )
            if step < STEPS - 1:
                await recording
        await commits.add(COMPLETE, (self._number.encode(number), time.time(), key))
        return number


def _check(connection: sqlite3.Connection, load: Load) -> None:
    expected = load.warm_up + load.runs
    (done,) = connection.execute("SELECT count(*) FROM runs WHERE status = 'completed'").fetchone()
    (steps,) = connection.execute("SELECT count(*) FROM steps").fetchone()
    if (done, steps) != (expected, expected * STEPS):
        raise WrongResult(f"{done} runs done of {expected}, {steps} steps recorded of {expected * STEPS}")
