"""Writing and reading files, and which runs use them."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store import files as f
from handrail_orchestrator.store.sealed_text import HEAD_BYTES, plain_size
from handrail_orchestrator.store.sql import audit
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.transaction import Transaction

ABANDONED_SECONDS = 86_400.0
"""After so long without an end, bytes of a file that somebody began to keep are nobody's."""

_PARTS = "INSERT INTO file_parts (file, part, bytes) VALUES (?, ?, ?)"
_UNUSED = "NOT EXISTS (SELECT 1 FROM run_files WHERE run_files.file = files.number)"
_ROW = ", ".join(f"files.{name}" for name in f.FileRow._fields)


def begin(tx: Transaction, change: f.BeginFile) -> int:
    """Begin a file; it has no id until all of its bytes are there."""
    ((number,),) = tx.execute("INSERT INTO files (size, kept) VALUES (0, ?) RETURNING number", (change.now,)).fetchall()
    return int(number)


def put_part(tx: Transaction, change: f.PutPart) -> None:
    """Keep some bytes of a file that was begun."""
    begun = tx.execute("SELECT 1 FROM files WHERE number = ? AND id IS NULL", (change.number,)).fetchone()
    if begun is None:
        raise StoreError(tx.path, f"file {change.number} was begun too long ago: keep it again, from its first byte")
    tx.execute(_PARTS, (change.number, change.part, change.data))


def keep(tx: Transaction, change: f.KeepFile) -> bool:
    """Keep a file; of one that is there already the bytes are not kept twice."""
    found = tx.execute("SELECT number, purged FROM files WHERE id = ?", (change.id,)).fetchone()
    if found is not None and found[1] is None:
        tx.execute("UPDATE files SET kept = ?, unused_since = NULL WHERE number = ?", (change.now, found[0]))
        if change.number is not None:
            abandon(tx, change.number)
        return False
    number = change.number
    if number is None:
        number = begin(tx, f.BeginFile(change.now))
        if change.data:
            tx.execute(_PARTS, (number, 0, change.data))
    _check(tx, number, change)
    if found is not None:  # it was removed once: its runs have it again
        abandon(tx, found[0])
        tx.execute("UPDATE run_files SET file = ? WHERE file = ?", (number, found[0]))
    tx.execute(
        "UPDATE files SET id = ?, size = ?, kept = ? WHERE number = ?", (change.id, change.size, change.now, number)
    )
    return True


def _check(tx: Transaction, number: int, change: f.KeepFile) -> None:
    """Check that all bytes are there: those of somebody who took too long were removed."""
    sql = "SELECT substr(bytes, 1, ?), length(bytes) FROM file_parts WHERE file = ?"
    parts = tx.execute(sql, (HEAD_BYTES, number)).fetchall()
    there = sum(plain_size(bytes(head), length) for head, length in parts)
    if there != change.size:
        raise StoreError(tx.path, f"{there} of {change.size} bytes of file {change.id} are there: keep it again")


def abandon(tx: Transaction, number: int) -> None:
    """Leave a file's bytes to the next sweep: removing many of them takes a while."""
    tx.execute("UPDATE files SET id = NULL, kept = 0 WHERE number = ?", (number,))


def hold(tx: Transaction, run: int, text: str | None) -> None:
    """Let a run use the files that stored JSON names, as long as the run is there."""
    for named in f.named_in(text):
        used = tx.execute(
            "INSERT INTO run_files (run, file) SELECT ?, number FROM files WHERE id = ? ON CONFLICT DO NOTHING",
            (run, named),
        )
        if used.rowcount:
            tx.execute("UPDATE files SET unused_since = NULL WHERE id = ?", (named,))


def hold_as(tx: Transaction, source: int, run: int) -> None:
    """Let a run use what another uses."""
    tx.execute(
        "INSERT INTO run_files (run, file) SELECT ?, file FROM run_files WHERE run = ? ON CONFLICT DO NOTHING",
        (run, source),
    )


def let_go(tx: Transaction, runs: str, now: float) -> None:
    """Forget what some runs used, given as a JSON list of their keys."""
    these = NUMBERS
    left = tx.execute(f"DELETE FROM run_files WHERE run IN {these} RETURNING file", (runs,)).fetchall()  # noqa: S608 -- a constant
    tx.execute(
        f"UPDATE files SET unused_since = ? WHERE number IN {these} AND {_UNUSED}",  # noqa: S608 -- constants
        (now, json.dumps(sorted({file for (file,) in left}))),
    )


def sweep(tx: Transaction, change: f.SweepFiles) -> int:
    """Remove bytes that nobody needs, some at a time."""
    _purge(tx, change)
    parts = tx.execute(
        "DELETE FROM file_parts WHERE (file, part) IN (SELECT file_parts.file, part FROM files JOIN file_parts"
        " ON file_parts.file = files.number WHERE files.purged IS NOT NULL OR (files.id IS NULL AND files.kept < ?)"
        " LIMIT ?)",
        (change.now - ABANDONED_SECONDS, change.most),
    ).rowcount
    tx.execute(
        "DELETE FROM files WHERE id IS NULL AND kept < ?"
        " AND NOT EXISTS (SELECT 1 FROM file_parts WHERE file_parts.file = files.number)",
        (change.now - ABANDONED_SECONDS,),
    )
    return parts


def _purge(tx: Transaction, change: f.SweepFiles) -> None:
    """Say of files that no run uses that their bytes are gone: what they were called by stays known."""
    before = change.never_used_before
    purged = tx.execute(
        "UPDATE files SET purged = ?, unused_since = NULL WHERE number IN (SELECT number FROM files"  # noqa: S608 -- constants
        " WHERE id IS NOT NULL AND purged IS NULL AND (unused_since IS NOT NULL OR kept < ?)"
        f" AND {_UNUSED} ORDER BY number LIMIT ?) RETURNING id",
        (change.now, -1.0 if before is None else before, change.most),
    ).fetchall()
    if purged:
        data = json.dumps({"files": sorted(found for (found,) in purged)})
        audit.append(tx, audit.LogEntry(0, change.now, change.actor, "purge_files", "", 0, data))


class FileRows(ABC):
    """The part of the store that keeps files."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def file(self, id: str) -> f.FileRow | None:  # noqa: A002
        """Return a file, also one whose bytes were removed."""
        rows = self._rows(f"SELECT {_ROW} FROM files WHERE id = ?", (id,))  # noqa: S608 -- our own column names
        return f.FileRow._make(rows[0]) if rows else None

    def file_part(self, number: int, part: int) -> bytes | None:
        """Return some bytes of a file; None behind its last ones."""
        rows = self._rows("SELECT bytes FROM file_parts WHERE file = ? AND part = ?", (number, part))
        return bytes(rows[0][0]) if rows else None

    def files_of(self, run: int) -> list[f.FileRow]:
        """Return the files that a run uses."""
        sql = f"SELECT {_ROW} FROM run_files JOIN files ON files.number = run_files.file WHERE run = ? ORDER BY id"  # noqa: S608 -- as above
        return [f.FileRow._make(row) for row in self._rows(sql, (run,))]
