"""Connections to a PostgreSQL database, and its errors in our words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg
from psycopg import conninfo
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from handrail_orchestrator.errors import (
    Misuse,
    NotStorable,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMoved,
    StoreNotFound,
    StoreReadOnly,
    StoreRefused,
    StoreUnreachable,
)
from handrail_orchestrator.store.address_text import shown
from handrail_orchestrator.store.postgres.dialect import rendered
from handrail_orchestrator.store.postgres.refusal import code_of_refusal, is_by_the_server
from handrail_orchestrator.store.sql.database import Cursor
from handrail_orchestrator.texts import lone_surrogate, without_nul

LOCK_SECONDS = 30.0
"""How long a change waits for the changes of others before it says that the store is locked."""
CONNECT_SECONDS = 5
"""How long a server may take to answer a new connection."""
SILENCE_SECONDS = 10
"""How long either side may hear nothing of the other before a connection counts as cut."""
OLDEST_SERVER = 14_00_00
"""The first that this module is tested with, as PostgreSQL numbers its versions."""

MOVED = "HR001"
"""The code with which the triggers of a store that was left refuse changes."""

_OPTIONS = {
    "application_name": "handrail",
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": str(SILENCE_SECONDS // 2),
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": str(SILENCE_SECONDS * 1000),
}
_ALWAYS = {"client_encoding": "UTF8"}
"""Whatever the address or the environment says."""
_SESSION = (
    "SET default_transaction_isolation = 'read committed';"
    f" SET lock_timeout = {int(LOCK_SECONDS * 1000)};"
    " SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0;"
    " SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET extra_float_digits = 1;"
    " SET standard_conforming_strings = on; SET transform_null_equals = off; SET client_min_messages = warning;"
    f" SET tcp_keepalives_idle = {SILENCE_SECONDS // 2}; SET tcp_keepalives_interval = 2;"
    f" SET tcp_keepalives_count = 3; SET tcp_user_timeout = {SILENCE_SECONDS * 1000};"
    " SET jit = off"  # what it gains in long reports it loses in the short statements of an engine
)
"""Whatever the server, the database or the user has set: none of it may end a session, or change what is read."""
_GO_HOME = (
    "SELECT set_config('search_path', coalesce((SELECT quote_ident(nspname) FROM pg_class"
    " JOIN pg_namespace ON relnamespace = pg_namespace.oid WHERE pg_class.oid = to_regclass('handrail_migrations')),"
    " current_setting('search_path')), false)"
)
"""Locks, bells and copies go by the current schema: it is the store's, also for a user who has another before it."""
_SESSION_SINCE = ((17_00_00, "SET transaction_timeout = 0"),)
"""What later servers can have set besides, each with its first version."""

_AGAIN = "a worker tries it again, a command is to be given again"
_CLOSED = "the database takes no connections at the moment: let it (ALTER DATABASE … ALLOW_CONNECTIONS true)"
_DISK_FAILS = "the server's disk failed to read or write: check its health and free space"
_PART_MISSING = "a part of it is missing, which somebody has taken out: restore a backup"
_HINTS: tuple[tuple[type[psycopg.Error], type[StoreError], str], ...] = (
    (psycopg.errors.DiskFull, StoreFull, "the server's disk is full: free some space; everything recorded is kept"),
    (psycopg.errors.OutOfMemory, StoreFull, "the server has no memory left: give it more, or less to do"),
    (psycopg.errors.InsufficientResources, StoreFull, "the server has too little of something: give it more of it"),
    (psycopg.errors.ConfigurationLimitExceeded, StoreFull, "it goes beyond a limit of the server: raise that"),
    (psycopg.errors.IoError, StoreFull, _DISK_FAILS),
    (psycopg.errors.UndefinedFile, StoreFull, _DISK_FAILS),
    (psycopg.errors.SystemError, StoreFull, _DISK_FAILS),
    (psycopg.errors.ReadOnlySqlTransaction, StoreReadOnly, "the server only reads: give the address of the primary"),
    (psycopg.errors.InsufficientPrivilege, StoreReadOnly, "the user may not do that: grant it what it lacks"),
    (psycopg.errors.QueryCanceled, StoreLocked, f"somebody cancelled what this process asked: {_AGAIN}"),
    (psycopg.errors.LockNotAvailable, StoreLocked, "another process holds its locks: end that process, or wait for it"),
    (psycopg.errors.DeadlockDetected, StoreLocked, f"two processes wait for each other: {_AGAIN}"),
    (psycopg.errors.SerializationFailure, StoreLocked, f"another process wrote the same rows: {_AGAIN}"),
    (psycopg.errors.DataCorrupted, StoreCorrupt, "the database is damaged: restore a backup"),
    (psycopg.errors.IndexCorrupted, StoreCorrupt, "an index of the database is damaged: REINDEX it"),
    (psycopg.errors.InvalidCatalogName, StoreNotFound, "there is no such database: create it, or check the address"),
    (psycopg.errors.UndefinedTable, StoreNotFound, "its tables are gone, or the user may not see them: make it anew"),
    (psycopg.errors.UndefinedColumn, StoreCorrupt, _PART_MISSING),
    (psycopg.errors.UndefinedFunction, StoreCorrupt, _PART_MISSING),
    (psycopg.errors.InvalidPassword, StoreRefused, "the server refuses the password: check PGPASSWORD or ~/.pgpass"),
    (psycopg.errors.InvalidAuthorizationSpecification, StoreRefused, "the server refuses the user: check the address"),
    (psycopg.errors.TooManyConnections, StoreUnreachable, "all connections are taken: end some, or let it give more"),
    (psycopg.errors.ObjectNotInPrerequisiteState, StoreUnreachable, _CLOSED),
)
_LOST = ("08", "57P", "53300", "25P03", "25P04", "25006")
"""What the codes of errors begin with after which a connection is of no use: it is cut, ended, or only reads."""
_UNREACHED = "the server cannot be reached: start it, or check the address and the network"


def explained(error: psycopg.Error, path: str) -> StoreError:
    """Return psycopg's error as ours, with what to do."""
    said = str(error).strip().split("\n")[0]
    if error.sqlstate == MOVED:
        return StoreMoved(path, said)
    for kind, ours, hint in _HINTS:
        if isinstance(error, kind):
            return ours(path, f"{hint} ({said})")
    if _ends_connections(error) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None):
        return _refused(said, path) or StoreUnreachable(path, f"{_UNREACHED} ({said})")
    return StoreError(path, said)


def _ends_connections(error: psycopg.Error) -> bool:
    return error.sqlstate is not None and error.sqlstate.startswith(_LOST)


def _refused(said: str, path: str) -> StoreError | None:
    """Return what a server says of a new connection, in English; in other languages it is asked for the code."""
    if re.search(r'database ".*" does not exist', said):
        return StoreNotFound(path, f"there is no such database: create it, or check the address ({said})")
    if re.search(r"authentication failed|no password supplied|no pg_hba.conf entry|role .* does not exist", said):
        return StoreRefused(path, f"the server refuses the user: check the address, PGPASSWORD or ~/.pgpass ({said})")
    if re.search(_NO_ROOM, said):
        return StoreUnreachable(path, f"all connections are taken: end some, or let the server give more ({said})")
    if "is not currently accepting connections" in said:
        return StoreUnreachable(path, f"{_CLOSED} ({said})")
    if re.search(_NOT_AS_ASKED, said):
        return StoreRefused(path, f"it cannot be connected to as the address asks: correct what it says ({said})")
    return None


_NO_NAME = "no host can have the name that it gives"
_NO_ROOM = (
    "too many clients|too many connections|remaining connection slots|no more connections allowed|query_wait_timeout"
)
"""What servers, and poolers before them, say when they have no connection left."""
_NOT_AS_ASKED = (
    "configuration parameter|value for parameter|unsupported startup parameter|invalid .*value|does not support SSL"
    f"|certificate|{_NO_NAME}"
)
"""What is wrong with the address, or with what is given beside it, and does not go away by trying again."""


@contextmanager
def explaining(path: str) -> Iterator[None]:
    """Turn psycopg's errors into ours, and what it says of values that PostgreSQL cannot take."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise NotStorable(where=f"store {path}, {error.object[:60]!r}", problem=lone_surrogate(error)) from error
    except (psycopg.errors.NumericValueOutOfRange, OverflowError) as error:
        raise NotStorable(where=f"store {path}", problem=f"a number is larger than it can hold ({error})") from error
    except psycopg.Error as error:
        raise explained(error, path) from error


def is_lost(connection: "psycopg.Connection[Any]", error: psycopg.Error) -> bool:
    """Return whether a connection is of no use any more after an error."""
    return connection.closed or connection.broken or _ends_connections(error)


class _BoolDumper(Int8Dumper):
    """Our tables hold truth as 0 and 1."""

    def dump(self, obj: Any) -> Buffer | None:
        return b"1" if obj else b"0"


class _PlainLoader(Loader):
    """JSON is text to us, which our own codec reads."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _NumberLoader(Loader):
    """A sum of whole numbers is one."""

    def load(self, data: Buffer) -> int | float:
        said = bytes(data).decode()
        return float(said) if "." in said or said == "NaN" else int(said)


def connect(address: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """Open a connection that speaks our types.

    Raises:
        psycopg.Error: it cannot be opened.
    """
    try:
        connection = psycopg.connect(address, autocommit=True, prepare_threshold=2)
    except psycopg.OperationalError as error:
        if (coded := _with_code(error, address)) is None:
            raise
        raise coded from error
    except UnicodeError as error:  # of looking up a name such as a..b
        raise psycopg.OperationalError(f"{_NO_NAME}: {error}") from error
    try:
        configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _with_code(error: psycopg.OperationalError, address: str) -> psycopg.Error | None:
    """Return the error with the code of the server that refuses a connection in words that are not known here."""
    said = str(error)
    if error.sqlstate is not None or not is_by_the_server(said) or _refused(said, address) is not None:
        return None
    code = code_of_refusal(address, said, CONNECT_SECONDS)
    if code is None and error.pgconn is not None and error.pgconn.used_password:
        code = psycopg.errors.InvalidPassword.sqlstate  # it has read the password, and says no to something
    try:
        return None if code is None else psycopg.errors.lookup(code)(said)
    except KeyError:
        return None


def configure(connection: "psycopg.Connection[Any]") -> None:
    """Let a new connection speak our types, and set what a session of ours waits for."""
    connection.prepared_max = 1_000
    adapters = connection.adapters
    adapters.register_dumper(str, StrDumper)  # a text says that it is one, so that no statement has to
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(bool, _BoolDumper)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _PlainLoader)
    adapters.register_loader("numeric", _NumberLoader)
    server = connection.info.server_version
    since = [statement for first, statement in _SESSION_SINCE if server >= first]
    connection.execute(cast("bytes", "; ".join([_SESSION, *since, _GO_HOME])))


def address_of(url: str) -> str:
    """Return what psycopg connects by, with what a connection of ours needs where the address does not say it.

    Raises:
        Misuse: it is no address of a PostgreSQL database.
    """
    try:
        given = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise Misuse(f"{shown(url)!r} is no address of a PostgreSQL database: {str(error).strip()}") from error
    return conninfo.make_conninfo(
        **{**_OPTIONS, **{name: str(value) for name, value in given.items() if value is not None}, **_ALWAYS}
    )


class PostgresDatabase:
    """Executes the statements of ``store/sql`` on one connection."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._execute = connection.execute
        self._cursor = connection.cursor

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Execute a statement with a value for each ``?``."""
        return cast("Cursor", self._execute(cast("bytes", rendered(sql)), without_nul(parameters)))

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Execute a statement once for each row of values."""
        with self._cursor() as cursor:
            cursor.executemany(cast("bytes", rendered(sql)), map(without_nul, parameters))
        return None

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]], /) -> list[int]:
        """Execute a statement once for each row, all sent before the first answer, and return what each changed."""
        with self._cursor() as cursor:
            cursor.executemany(cast("bytes", rendered(sql)), map(without_nul, rows), returning=True)
            counts = [cursor.rowcount]
            while cursor.nextset():
                counts.append(cursor.rowcount)
        return counts

    def insert_each(self, sql: str, rows: Sequence[Sequence[Any]], /) -> list[int | None]:
        """Do the same with a statement that makes a run at most, and return the key of each."""
        with self._cursor() as cursor:
            cursor.executemany(cast("bytes", rendered(f"{sql} RETURNING key")), map(without_nul, rows), returning=True)
            found = [cursor.fetchone()]
            while cursor.nextset():
                found.append(cursor.fetchone())
        return [None if each is None else int(each[0]) for each in found]


def close(connection: "psycopg.Connection[Any] | None") -> None:
    """Close a connection, whatever state it is in."""
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
