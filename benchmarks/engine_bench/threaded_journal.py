"""A journal as one would write it by hand: a thread for each caller, one thread that commits for all."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from engine_bench.load import Load
from engine_bench.rows import (
    END_RUN,
    INSERT_RUN,
    INSERT_STEP,
    STEPS,
    check_complete,
    end_row,
    open_journal,
    run_row,
    step_row,
    transaction,
)
from engine_bench.spent import Spent, Stopwatch

Statement = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What one caller wants committed."""

    statements: tuple[Statement, ...]
    """Committed together or not at all."""
    committed: "Future[None]" = field(default_factory=Future)
    """Resolves when the transaction with these statements is on the disk."""


class Journal:
    """Commits what many threads write, as many entries in one transaction as have queued meanwhile."""

    def __init__(self, file: Path) -> None:
        self.connection = open_journal(file)
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_batches, name="journal-writer")
        self._writer.start()

    def write(self, *statements: Statement) -> None:
        """Return when the statements are on the disk."""
        entry = Entry(statements)
        self._queue.put(entry)
        entry.committed.result()

    def close(self) -> None:
        """Commit what is queued and end the writer."""
        self._queue.put(None)
        self._writer.join()
        self.connection.close()

    def _write_batches(self) -> None:
        while (entry := self._queue.get()) is not None:
            self._commit([entry, *self._queued()])

    def _queued(self) -> Iterator[Entry]:
        """Yield what has queued; the closing mark goes back, to be met by the next ``get``."""
        while True:
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return
            if entry is None:
                self._queue.put(None)
                return
            yield entry

    def _commit(self, batch: list[Entry]) -> None:
        try:
            with transaction(self.connection):
                for entry in batch:
                    for sql, values in entry.statements:
                        self.connection.execute(sql, values)
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to the callers
            for entry in batch:
                entry.committed.set_exception(error)
            return
        for entry in batch:
            entry.committed.set_result(None)


def write_run(journal: Journal, key: int) -> None:
    """Write one run as a workflow would: each row on the disk before the next is thought of."""
    journal.write((INSERT_RUN, run_row(key)))
    for step in range(STEPS - 1):
        journal.write((INSERT_STEP, step_row(key, step)))
    journal.write((INSERT_STEP, step_row(key, STEPS - 1)), (END_RUN, end_row(key)))


def write_together(journal: Journal, numbers: range, callers: int) -> list[float]:
    """Write the runs from as many threads as there are callers and return the seconds of each run."""
    seconds: list[float] = []

    def write_each(share: range) -> None:
        for number in share:
            began = time.perf_counter()
            write_run(journal, number)
            seconds.append(time.perf_counter() - began)

    threads = [threading.Thread(target=write_each, args=(numbers[caller::callers],)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


class ThreadedJournal:
    """What a careful engineer gets in an afternoon: group commit and threads, but no replay and no leases."""

    name = "threaded journal"

    def measure(self, file: Path, load: Load) -> Spent:
        """Write the runs from one thread for each caller and return what that spent."""
        with closing(Journal(file)) as journal:
            write_together(journal, load.warm_up_numbers, load.concurrency)
            stopwatch = Stopwatch()
            seconds = write_together(journal, load.numbers, load.concurrency)
            spent = stopwatch.stop(load.runs, seconds)
            check_complete(journal.connection, load)
        return spent
