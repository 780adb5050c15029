"""What one commit costs on this disk: what the disk's other users do to it shows here first."""

import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure, median_figure
from engine_bench.rows import INSERT_RUN, open_journal, run_row, transaction

COMMITS = 100
PART = "this disk, before each part and at the end"


class CommitTimes(NamedTuple):
    """Times of single commits, in milliseconds."""

    p50: float
    p95: float


def commit_times(directory: Path) -> CommitTimes:
    """Commit single rows one after the other, on a new file, and return how long that takes."""
    file = directory / "commits.db"
    with closing(open_journal(file)) as connection:
        times = [_commit(connection, key) for key in range(COMMITS)]
    for leftover in directory.glob(f"{file.name}*"):
        leftover.unlink()
    return CommitTimes(statistics.median(times), statistics.quantiles(times, n=20)[-1])


def commit_rows(times: Sequence[CommitTimes]) -> list[Figure]:
    """Return the rows of the disk; their spread tells whether the parts met the same one."""
    return [
        median_figure(PART, "one commit, p50", [each.p50 for each in times], "ms"),
        median_figure(PART, "one commit, p95", [each.p95 for each in times], "ms"),
    ]


def _commit(connection: sqlite3.Connection, key: int) -> float:
    began = time.perf_counter()
    with transaction(connection):
        connection.execute(INSERT_RUN, run_row(key))
    return (time.perf_counter() - began) * 1000
