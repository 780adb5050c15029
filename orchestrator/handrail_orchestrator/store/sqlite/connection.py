"""Opening a store file, and SQLite's errors in our words."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from handrail_orchestrator import asked
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
from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store.port import MEMORY, Durability
from handrail_orchestrator.store.sql.audit import chain_all
from handrail_orchestrator.store.sqlite.machines_schema import FORMAT_10
from handrail_orchestrator.store.sqlite.operations_schema import OPERATIONS
from handrail_orchestrator.store.sqlite.schema import (
    APPLICATION_ID,
    AWAITED,
    CHAINED,
    COUNTING,
    DESK,
    FILES,
    FORMAT,
    LOOKING_BACK,
    TABLES,
    UPGRADES,
)
from handrail_orchestrator.texts import lone_surrogate

LOCK_SECONDS = 2.0
"""How long SQLite waits for another process's write lock before it says that the store is locked."""
OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

_TABLE = re.compile(r"^(?P<verb>CREATE|ALTER) TABLE (IF NOT EXISTS )?(?P<name>\w+)", re.MULTILINE)
_NOT_FOUND = "there is no such file: run a workflow with this --store first, or check the path"

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
            return kind(path, f"{hint} ({error})")
    return StoreError(path, str(error))


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


def connect(path: str, *, durability: Durability, create: bool) -> sqlite3.Connection:
    """Open a store for reading and writing, and make its tables when it is new.

    Raises:
        StoreNotFound: there is no such file and ``create`` is False.
        StoreTooNew: it was made by a newer version.
        StoreError: it cannot be opened, read or written; see its subclasses.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(path, f"SQLite {sqlite3.sqlite_version} is too old: use a Python built with 3.35 or newer")
    if path != MEMORY and not create and not is_there(path):
        raise StoreNotFound(path, _NOT_FOUND)
    with explaining(path):
        connection = _opened(path)
        try:
            _prepare(connection, path, durability)
        except BaseException:
            connection.close()
            raise
    return connection


def reader(path: str) -> sqlite3.Connection:
    """Open a connection that can only read: it needs no write lock, and no medium that can be written.

    Raises:
        StoreNotFound: there is no such file.
        StoreTooNew: it was made by a newer version.
        StoreReadOnly: it cannot be read without writing; the message says what to do.
        StoreError: it cannot be opened or read; see its subclasses.
    """
    if not is_there(path):
        raise StoreNotFound(path, _NOT_FOUND)
    with explaining(path):
        connection = _opened(path)
        try:
            try:
                _check(connection, path)
            except sqlite3.OperationalError as error:
                if not _needs_writing(error):
                    raise
                connection.close()
                connection = _unchanging(path)
                _check(connection, path)
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


def _unchanging(path: str) -> sqlite3.Connection:
    """Open a file on a medium that cannot be written, where SQLite cannot make the files that it reads beside it."""
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreReadOnly(
            path, f"it cannot be read here, since {log.name} holds changes: copy both files to where one can write"
        )
    address = f"{Path(path).absolute().as_uri()}?immutable=1"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)


def _opened(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=LOCK_SECONDS
    )


@contextmanager
def waiting_for_nobody(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the block fail at once where another process is writing, instead of waiting for it."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(LOCK_SECONDS * 1000)}")


def _format(connection: sqlite3.Connection) -> int:
    """Return the format of the store; 0 for a database that is still empty."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: str) -> int:
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


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side; the file remembers it.

    SQLite does not wait for others here as it does elsewhere, and several processes may open a new store at once.
    """
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: str, durability: Durability) -> None:
    found = _check(connection, path)
    set_durability(connection, durability)
    if found == 0:
        connection.execute("PRAGMA page_size = 8192")
        _write_ahead(connection)
        _create(connection)
    elif found < FORMAT:
        _upgrade(connection)
    _write_ahead(connection)
    connection.execute("PRAGMA temp_store = MEMORY")
    # a read-only file opens without complaint; asking for the write lock shows it before anything is started
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA user_version")
    connection.execute("ROLLBACK")


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("PRAGMA application_id").fetchone()[0]:  # nobody made it since we looked
        everything = f"{TABLES}{COUNTING};{AWAITED};{DESK};{LOOKING_BACK};{FILES};{OPERATIONS};{FORMAT_10}"
        for statement in _columns_first(everything):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.create_function("asked_question", 3, _asked_question, deterministic=True)
    connection.create_function("shown_digest", 4, _shown_digest, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]  # somebody may have upgraded it since we looked
    for version in range(found + 1, FORMAT + 1):
        _run(connection, UPGRADES[version])
        if version == CHAINED:
            chain_all(connection)
    connection.execute(f"PRAGMA user_version = {max(found, FORMAT)}")
    connection.execute("COMMIT")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Execute several statements in the open transaction, which ``executescript`` would commit."""
    for statement in _each(statements):
        connection.execute(statement)


def _each(statements: str) -> Iterator[str]:
    statement = ""
    for part in statements.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):  # a trigger has statements of its own
            if part.strip():
                yield statement.strip()
            statement = ""


@cache
def _columns_first(statements: str) -> Sequence[str]:
    """Return statements with every added column right after its table.

    SQLite reads all tables again for each column that is added: few of them, while most are not made yet.
    """
    ordered: list[str] = []
    after: dict[str, int] = {}
    for statement in _each(statements):
        made = _TABLE.search(statement)
        place = after.get(made["name"], len(ordered)) if made and made["verb"] == "ALTER" else len(ordered)
        ordered.insert(place, statement)
        after = {name: at + (at > place) for name, at in after.items()}
        if made:
            after[made["name"]] = place + 1
    return tuple(ordered)


def _asked_question(title: str, context: str, schema: str) -> str:
    return asked.question(title, context, asked.form(json.loads(schema)))


def _shown_digest(*shown: str | None) -> str:
    return digest_of(*shown)


def set_durability(connection: sqlite3.Connection, durability: Durability) -> None:
    """Set what the following commits survive: ``FULL`` waits for the disk, ``NORMAL`` for the system."""
    connection.execute("PRAGMA synchronous = FULL" if durability == "power" else "PRAGMA synchronous = NORMAL")
