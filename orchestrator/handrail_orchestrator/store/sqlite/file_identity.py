"""Which file a store was opened from, and whether it is still the one at its path."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from handrail_orchestrator.errors import StoreNotFound, StoreReadOnly
from handrail_orchestrator.store.address_text import MEMORY

Identity = tuple[int, int]
"""The device and the number of a file."""


def place_of(path: str) -> str:
    """Return the whole path of a store's file: what is meant by it from whatever working directory.

    What stands before a ``..`` is followed, as the system does: SQLite takes a folder that is missing out of the text,
    and would make another file than anybody looks for; and it may take a path that begins with ``file:`` for an address
    with options.
    """
    if path == MEMORY:
        return path
    whole = Path(path).absolute()
    up = max((place for place, part in enumerate(whole.parts) if part == ".."), default=0)
    if not up:
        return str(whole)
    try:
        return str(Path(*whole.parts[: up + 1]).resolve(strict=True).joinpath(*whole.parts[up + 1 :]))
    except (OSError, RuntimeError):  # it is not there, or a loop of links: whoever opens it says so
        return str(whole)


class FileIdentity:
    """Remembers the file at a path; a file that is gone takes what is written along, and nobody would notice."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._in_memory = path == MEMORY
        self.place = place_of(path)
        """Where the file is, whatever becomes of the working directory, which a step may change."""
        self._log = f"{self.place}-wal"
        self._file: Identity | None = None
        self._file_of_log: Identity | None = None
        self._size = self._largest = 0
        self._rewriting = Lock()
        self._cookie: int | None = None
        self._schema: Callable[[], int] | None = None

    def watch_size(self, schema: Callable[[], int]) -> None:
        """Take a file that becomes smaller for another one from now on, unless it was rewritten by ``VACUUM``.

        That changes what ``schema`` returns, ``PRAGMA schema_version`` of a connection to it, and nothing else makes a
        file smaller. ``cp copy.db store.db`` does: the file stays the same one for the system, with other pages than
        those that the log beside it, and every connection, believe to be there.
        """
        self._cookie, self._schema = schema(), schema

    @property
    def known(self) -> bool:
        """Whether a file is remembered: where there was none, anybody may make it before it is looked for again."""
        return self._file is not None

    def note(self) -> None:
        """Remember which file is there now, unless one is remembered."""
        if self._file is None:
            self._file = self._now(self.place)

    def note_log(self) -> None:
        """Remember the file beside it that changes are written to first: it stays while a connection is open."""
        if self._file_of_log is None:
            self._file_of_log = self._now(self._log)

    def forget_log(self) -> None:
        """Let the file beside it go: the last connection that is closed deletes it."""
        self._file_of_log = None

    def check(self) -> None:
        """Refuse to go on once a file was deleted or another one was put into its place.

        Raises:
            StoreNotFound: it was.
            StoreReadOnly: nobody may look any more.
        """
        if self._in_memory:
            return
        if self._now(self.place) != self._file:
            self._must_be_within_reach()
            problem = "the file was deleted or replaced while it was open: put it back, or start again with another"
            raise StoreNotFound(self._path, problem)
        if self._size < self._largest:
            self._must_be_rewritten()
        else:
            self._largest = self._size
        if self._file_of_log is not None and self._now(self._log) != self._file_of_log:
            problem = (
                f"{self._path}-wal was deleted or replaced while it was open, and holds what is not in the file yet:"
                " end all who have the store open, look at what is there, and start again"
            )
            raise StoreNotFound(self._path, problem)

    def _must_be_rewritten(self) -> None:
        schema = self._schema
        if schema is None:
            return
        for _ in range(2):  # it may be rewritten once more in between
            try:
                cookie: int | None = schema()  # waits for who reads, who may wait for this lock: so before it
            except sqlite3.Error:
                cookie = self._cookie
            with self._rewriting:
                size = self._size
                if size >= self._largest:
                    return  # another thread saw the same, and was first
                if cookie != self._cookie:
                    self._cookie, self._largest = cookie, size
                    return
        problem = (
            "a copy was written over the file while it was open: end all who have the store open, move the file"
            " away with its -wal and -shm, and restore the copy once more with `handrail restore`"
        )
        raise StoreNotFound(self._path, problem)

    def _must_be_within_reach(self) -> None:
        try:
            os.stat(self.place)  # noqa: PTH116 -- as below
        except FileNotFoundError:
            return
        except OSError as error:
            problem = f"it cannot be reached any more: check the rights of its folders ({error.strerror})"
            raise StoreReadOnly(self._path, problem) from error

    def _now(self, place: str) -> Identity | None:
        if self._in_memory:
            return None
        try:
            found = os.stat(place)  # noqa: PTH116 -- asked before each change: a third of the time
        except OSError:
            return None
        if place is self.place:
            self._size = found.st_size
        return found.st_dev, found.st_ino
