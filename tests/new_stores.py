"""New stores of tests: the product makes the tables of one in each process, and the others are copies of that.

To make them takes ten milliseconds of a processor, longer than most tests take besides, and thousands need a store. A
copy is what the product made before anything was written to it, to the byte. Processes that tests start make their own.
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

from handrail_orchestrator.store.address_text import MEMORY, Durability
from handrail_orchestrator.store.sqlite import connection, copying, store

_connect, _create = connection.connect, getattr(connection, "_create")  # noqa: B009 -- what is called is private
_one_at_a_time = threading.Lock()
_made_anew: list[None] = []
"""One for each test that wants the tables made as users have them made."""


@contextmanager
def copied() -> Iterator[None]:
    """Let stores that are new be copies, but where a test has them made anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "connect", connect)
        patch.setattr(copying, "connect", connect)
        patch.setattr(connection, "_create", create)
        yield


@contextmanager
def made_anew() -> Iterator[None]:
    """Have the tables of new stores made, for tests of how they are."""
    _made_anew.append(None)
    try:
        yield
    finally:
        _made_anew.pop()


def connect(path: str, place: str | None = None, *, durability: Durability, create: bool) -> sqlite3.Connection:
    """Open a store, and copy one to its place where there is none."""
    if create and path != MEMORY and not _made_anew and not os.path.lexists(place or path):
        with suppress(OSError):  # what is wrong with the place is the product's to tell
            _put(_new_file(), place or path)
    return _connect(path, place, durability=durability, create=create)


def create(opened: sqlite3.Connection) -> None:
    """Make the tables of a store: in memory by copying them."""
    (_, _, path), *_ = opened.execute("PRAGMA database_list").fetchall()
    if path or _made_anew:
        _create(opened)
        return
    with _one_at_a_time:
        _new_in_memory().backup(opened)


@cache
def _new_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        _connect(str(path), durability="power", create=True).close()
        return path.read_bytes()


@cache
def _new_in_memory() -> sqlite3.Connection:
    made = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA page_size = 8192")
    _create(made)
    return made


def _put(content: bytes, path: str) -> None:
    """Put a whole file where none is: whoever opens the store meanwhile finds nothing, or all of it."""
    number, beside = tempfile.mkstemp(prefix=".new-", dir=Path(path).parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(beside).chmod(0o644)
        os.link(beside, path)
    finally:
        Path(beside).unlink()
