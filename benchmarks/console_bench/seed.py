"""A store with a full queue: as many open items as asked for, ten step records for each."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from console_bench.pattern import Pattern, patterns
from handrail_orchestrator.store.changes import AskedItem, Change, OpenWait, RecordStep, Suspend
from handrail_orchestrator.store.claiming import Register
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import Started, StartRun

AT_ONCE = 1_000
"""Runs made in one transaction."""
SUBJECTS = ("Charged twice for March", "Export is empty", "Reset link expired", "Invoice address", "Login loops")


def seed(file: Path, items: int) -> None:
    """Make the store, one extraction among ten triages; the file has its name once all is in it."""
    with tempfile.TemporaryDirectory(prefix="filling-", dir=file.parent) as folder:
        full = Path(folder) / "queue.db"
        _fill(full, items)
        full.replace(file)


def _fill(file: Path, items: int) -> None:
    ticket, invoice = patterns(file.parent)
    store = SqliteStore(str(file), durability="process")
    try:
        (worker,) = store.apply([Register(1, "seed", "", "", time.time())])
        for first in range(0, items, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, items))
            chosen = [(number, invoice if number % 10 == 9 else ticket) for number in numbers]
            now = time.time() - 86_400
            starts = [_start(number, pattern, now) for number, pattern in chosen]
            started: list[Started] = store.apply(starts, worker=worker)
            history = [
                change
                for (number, pattern), run in zip(chosen, started, strict=True)
                for change in _history(number, pattern, run.key, now)
            ]
            store.apply(history, worker=worker)
    finally:
        store.close()


def _start(number: int, pattern: Pattern, now: float) -> StartRun:
    return StartRun(f"case-{number:06}", pattern.workflow, 1, pattern.input, pattern.code, now, execute=True)


def _history(number: int, pattern: Pattern, key: int, now: float) -> Iterator[Change]:
    for row in pattern.steps:
        if row.kind != "human":
            yield RecordStep(row._replace(run=key))
    (wait,) = [row for row in pattern.steps if row.kind == "human"]
    item = pattern.item
    shown = {name: getattr(item, name) for name in AskedItem._fields}
    asked = AskedItem(
        **{
            **shown,
            "run": key,
            "title": f"{SUBJECTS[number % len(SUBJECTS)]} ({number})",
            "created": now + number / 10,
            "priority": (number * 37) % 101,
            "due": None if item.due is None else now + number,
        }
    )
    yield OpenWait(wait._replace(run=key), review=asked)
    yield Suspend(key, None, 0)
