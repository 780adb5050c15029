"""DBOS on SQLite with WAL and ``synchronous=FULL``: the same five steps."""

import logging
import sqlite3
from pathlib import Path

import sqlalchemy
from dbos import DBOS, SetWorkflowID

from engine_bench.callers import call_load
from engine_bench.load import Load
from engine_bench.peer_process import main
from engine_bench.rows import STEPS
from engine_bench.spent import Spent


async def bump(number: int) -> int:
    """Return the next number."""
    return number + 1


bump_step = DBOS.step()(bump)


async def five(number: int) -> int:
    """Take five trivial steps."""
    for _ in range(STEPS):
        number = await bump_step(number)
    return number


five_workflow = DBOS.workflow()(five)


async def run_once(number: int) -> int:
    """Start one workflow by its id and return its result."""
    with SetWorkflowID(f"run-{number}"):
        result: int = await five_workflow(number)
    return result


def set_mode(connection: sqlite3.Connection, _record: object) -> None:
    """Put a new connection in the mode every side is measured in."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


async def measure(file: Path, load: Load) -> Spent:
    """Launch DBOS on a new file, put the load on it and return what that spent."""
    logging.disable(logging.WARNING)
    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", set_mode)
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{file}"})
    DBOS.launch()
    try:
        return await call_load(run_once, load)
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main(measure)
