"""Opening a store file to read it, and SQLite's errors in our words; apart from what makes and writes one."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from handrail_orchestrator.errors import (
    NotStorable,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMoved,
    StoreNotFound,
    StoreReadOnly,
    StoreTooNew,
)
from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.store.sqlite.file_identity import place_of
from handrail_orchestrator.store.sqlite.schema import APPLICATION_ID, FORMAT
from handrail_orchestrator.texts import lone_surrogate

LOCK_SECONDS = 2.0
"""How long SQLite waits for another process's write lock before it says that the store is locked."""

TAKEN_FOR_EMPTY = 1
"""Bytes of a file that SQLite writes into as if it were empty: it writes one itself where a file system needs that."""

NOT_FOUND = "there is no such file: run a workflow with this --store first, or check the path"

_HINTS: dict[str, tuple[type[StoreError], str]] = {
    "SQLITE_FULL": (StoreFull, "the disk is full: free some space and start again; everything recorded is kept"),
    "SQLITE_READONLY": (StoreReadOnly, "it cannot be written: check the rights of the file and its folder"),
    "SQLITE_PERM": (StoreReadOnly, "it cannot be written: check the rights of the file and its folder"),
    "SQLITE_CANTOPEN": (StoreReadOnly, "it cannot be opened: check that the folder exists and can be written"),
    "SQLITE_BUSY": (StoreLocked, "another process holds its write lock: end that process, or wait for it"),
    "SQLITE_LOCKED": (StoreLocked, "another connection holds its write lock: end it, or wait for it"),
    "SQLITE_CORRUPT": (
        StoreCorrupt,
        "the file is damaged: restore a backup, or save what can be read with `sqlite3 FILE .recover`",
    ),
    "SQLITE_NOTADB": (StoreCorrupt, "the file is not a Handrail store: give the path of another file"),
    "SQLITE_IOERR": (StoreFull, "the disk failed to read or write: check its health and free space"),
}


def explained(error: sqlite3.Error, path: str) -> StoreError:
    """Return SQLite's error as ours, with what to do."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_CONSTRAINT_TRIGGER":  # ours refuse changes of a store that was left, and nothing else
        return StoreMoved(path, str(error))
    for prefix, (kind, hint) in _HINTS.items():
        if name.startswith(prefix):
            return StoreReadOnly(path, other) if (other := _no_file(name, path)) else kind(path, f"{hint} ({error})")
    if str(error).startswith(("no such table", "no such column")):  # SQLite has no name of its own for that
        return StoreCorrupt(path, f"a part of it is missing, which somebody has taken out: restore a backup ({error})")
    return StoreError(path, str(error))


def _no_file(name: str, path: str) -> str | None:
    """Return what is at a path that SQLite cannot open or read, if it is no file that could be a store."""
    if path == MEMORY or not name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return None
    try:
        mode = Path(path).lstat().st_mode
        if stat.S_ISLNK(mode) and not Path(path).exists():
            return "it is a link to something that is not there: put that back, or give the path of a file"
        mode = Path(path).stat().st_mode
    except OSError:
        return None
    if stat.S_ISREG(mode):
        return None
    return f"it is a {'folder' if stat.S_ISDIR(mode) else 'device or a pipe'}: give the path of a file"


@contextmanager
def explaining(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours, and what Python says of values that SQLite cannot take."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise NotStorable(where=f"store {path}, {error.object[:60]!r}", problem=lone_surrogate(error)) from error
    except OverflowError as error:
        raise NotStorable(where=f"store {path}", problem=f"a number is larger than it can hold ({error})") from error
    except sqlite3.Error as error:
        raise explained(error, path) from error


def reader(path: str, place: str | None = None) -> sqlite3.Connection:
    """Open a connection that can only read: it needs no write lock, and no medium that can be written.

    ``place`` says where it is, where the working directory may not be any more what ``path`` is told from.

    Raises:
        StoreNotFound: there is no such file.
        StoreTooNew: it was made by a newer version.
        StoreReadOnly: it cannot be read without writing; the message says what to do.
        StoreError: it cannot be opened or read; see its subclasses.
    """
    if not is_there(place or path):
        raise StoreNotFound(path, NOT_FOUND)
    with explaining(path):
        connection = opened(place or path)
        try:
            try:
                checked_format(connection, path)
            except sqlite3.OperationalError as error:
                if not _needs_writing(error):
                    raise
                connection.close()
                connection = _unchanging(path, place or path)
                checked_format(connection, path)
            connection.execute("PRAGMA query_only = 1")
        except BaseException:
            connection.close()
            raise
    return connection


def is_there(path: str) -> bool:
    """Return whether there is a file.

    Raises:
        StoreReadOnly: nobody may look.
    """
    try:
        return Path(path).exists()
    except OSError as error:
        raise StoreReadOnly(path, f"it cannot be reached: check the rights of its folders ({error})") from error


def is_current(connection: sqlite3.Connection) -> bool:
    """Return whether the store has all its tables, in the format of today."""
    return _format(connection) == FORMAT


def _needs_writing(error: sqlite3.OperationalError) -> bool:
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR"))


def _unchanging(path: str, place: str) -> sqlite3.Connection:
    """Open a file on a medium that cannot be written, where SQLite cannot make the files that it reads beside it."""
    log = Path(f"{place}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreReadOnly(
            path, f"it cannot be read here, since {log.name} holds changes: copy both files to where one can write"
        )
    address = f"{Path(place).absolute().as_uri()}?immutable=1"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)


def opened(path: str) -> sqlite3.Connection:
    """Return a connection to a file, which is made where there is none.

    Raises:
        StoreReadOnly: its folder is missing, or nobody may look.
        StoreCorrupt: it is one of those that SQLite takes for an empty database, and it is not empty.
    """
    place = place_of(path)
    if path != MEMORY:
        if not is_there(str(Path(place).parent)):
            raise StoreReadOnly(path, "it cannot be opened: check that the folder exists and can be written")
        if is_there(place):
            with suppress(FileNotFoundError):  # it was deleted meanwhile, and is made anew
                if Path(place).stat().st_size == TAKEN_FOR_EMPTY:
                    why = "the file has one byte, which is no Handrail store: give the path of another file"
                    raise StoreCorrupt(path, why)
    return sqlite3.connect(
        place, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=LOCK_SECONDS
    )


def _format(connection: sqlite3.Connection) -> int:
    """Return the format of the store; 0 for a database that is still empty."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def checked_format(connection: sqlite3.Connection, path: str) -> int:
    """Return the format of the store, 0 for an empty file; refuse what is no store, or one of a newer version."""
    connection.execute("BEGIN")  # another process may make the store between two looks
    try:
        ours = connection.execute("PRAGMA application_id").fetchone()[0]
        is_made = bool(connection.execute("PRAGMA schema_version").fetchone()[0])
        found = _format(connection)
    finally:
        if connection.in_transaction:  # a full disk ends it, and that is the reason to tell
            connection.execute("ROLLBACK")
    if ours not in {0, APPLICATION_ID} or (ours == 0 and is_made):
        raise StoreCorrupt(path, "the file is a database of another program: give the path of another file")
    if found > FORMAT:
        raise StoreTooNew(
            path,
            f"it has format {found}, this version of Handrail reads up to {FORMAT}:"
            " upgrade Handrail, or use another file",
        )
    return found
