"""Opening a store file to write it: made where there is none, brought to the format of today."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import cache

from handrail_orchestrator import asked
from handrail_orchestrator.errors import StoreError, StoreNotFound
from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store.address_text import MEMORY, Durability
from handrail_orchestrator.store.sql.audit import chain_all
from handrail_orchestrator.store.sqlite.machines_schema import ANSWERS, FORMAT_10, GRADES
from handrail_orchestrator.store.sqlite.operations_schema import OPERATIONS
from handrail_orchestrator.store.sqlite.reading import (
    LOCK_SECONDS,
    NOT_FOUND,
    checked_format,
    explaining,
    is_there,
    opened,
)
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

OLDEST_SQLITE = (3, 35, 0)
"""The first with RETURNING."""

_TABLE = re.compile(r"^(?P<verb>CREATE|ALTER) TABLE (IF NOT EXISTS )?(?P<name>\w+)", re.MULTILINE)


def connect(path: str, place: str | None = None, *, durability: Durability, create: bool) -> sqlite3.Connection:
    """Open a store for reading and writing, and make its tables when it is new.

    ``place`` says where it is, where the working directory may not be any more what ``path`` is told from.

    Raises:
        StoreNotFound: there is no such file and ``create`` is False.
        StoreTooNew: it was made by a newer version.
        StoreError: it cannot be opened, read or written; see its subclasses.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(path, f"SQLite {sqlite3.sqlite_version} is too old: use a Python built with 3.35 or newer")
    if path != MEMORY and not create and not is_there(place or path):
        raise StoreNotFound(path, NOT_FOUND)
    with explaining(path):
        connection = opened(place or path)
        try:
            _prepare(connection, path, durability)
        except BaseException:
            connection.close()
            raise
    return connection


def set_patience(connection: sqlite3.Connection, seconds: float) -> None:
    """Let statements wait so long for another process that is writing, and fail then; 0: fail at once."""
    connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


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
    found = checked_format(connection, path)
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
        later = f"{FILES};{OPERATIONS};{FORMAT_10};{GRADES};{ANSWERS}"
        everything = f"{TABLES}{COUNTING};{AWAITED};{DESK};{LOOKING_BACK};{later}"
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
