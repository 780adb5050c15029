"""The tables of a store in PostgreSQL: numbered migrations, each applied once and in order, never back."""

import importlib.resources
from functools import cache
from typing import Any, cast

import psycopg
from psycopg import sql

from handrail_orchestrator.errors import StoreError, StoreNotFound, StoreReadOnly, StoreTooNew
from handrail_orchestrator.store.postgres.connection import OLDEST_SERVER

_LOCK = "SELECT pg_advisory_lock(hashtext('handrail migrations'), hashtext(current_schema()))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('handrail migrations'), hashtext(current_schema()))"
_OF_THE_USER = "$user"
"""What stands in a search_path for the schema of whoever is connected."""

_NO_SCHEMA = "the database has no schema `public`: make it, or name one in the address (options=-csearch_path%3D…)"


@cache
def migrations() -> tuple[str, ...]:
    """Return the statements of each migration, in order; the first is number 1."""
    folder = importlib.resources.files(__package__) / "migrations"
    files = sorted(each.name for each in folder.iterdir() if each.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in files)


def prepare(connection: "psycopg.Connection[Any]", path: str, *, create: bool) -> None:
    """Bring the tables to the newest migration; several processes may do so at once, and one of them does.

    Raises:
        StoreNotFound: there is no store, and ``create`` is False.
        StoreTooNew: it was made by a newer version.
        StoreReadOnly: the user may not do that.
        StoreError: the server is too old.
    """
    if connection.info.server_version < OLDEST_SERVER:
        version = connection.info.parameter_status("server_version")
        raise StoreError(path, f"PostgreSQL {version} is too old: use 14 or newer")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(path, f"the database's encoding is {encoding}, which cannot hold every text: make one in UTF8")
    if number(connection) == len(migrations()):
        return
    _must_be_let_in(connection, path)
    if not create and number(connection) == 0:
        raise StoreNotFound(path, "there is no store: run a workflow with this --store first, or check the address")
    _make_room(connection, path)
    connection.execute(_LOCK)
    try:
        found = number(connection)
        if found > len(migrations()):
            problem = f"it has migration {found}, this version of Handrail knows {len(migrations())}: upgrade Handrail"
            raise StoreTooNew(path, problem)
        for at, statements in enumerate(migrations()[found:], start=found + 1):
            with connection.transaction():
                connection.execute(cast("bytes", statements))
                connection.execute("INSERT INTO handrail_migrations (number) VALUES (%s)", (at,))
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreReadOnly(path, _not_allowed(connection, error)) from error
    finally:
        if not connection.closed:
            connection.execute(_UNLOCK)


def number(connection: "psycopg.Connection[Any]") -> int:
    """Return the number of the last migration that was applied; 0: there is no store."""
    found = connection.execute("SELECT to_regclass('handrail_migrations') IS NOT NULL").fetchone()
    if not (found and found[0]):
        return 0
    row = connection.execute("SELECT coalesce(max(number), 0) FROM handrail_migrations").fetchone()
    return int(row[0]) if row else 0


def _not_allowed(connection: "psycopg.Connection[Any]", error: psycopg.Error) -> str:
    """Return what is wrong with a user who may not bring the tables to the newest migration."""
    said = str(error).strip().split("\n")[0]
    if not (found := number(connection)):
        name = _wanted(connection)
        return f"there is no store yet, and the user may make no tables: GRANT CREATE ON SCHEMA {name} ({said})"
    return (
        f"its tables are of migration {found}, this version of Handrail needs {len(migrations())}, and the user may not"
        f" change them: run `handrail prepare` once as the user who owns them ({said})"
    )


def _must_be_let_in(connection: "psycopg.Connection[Any]", path: str) -> None:
    """Check that the schema which the address names, if it is there, may be used: one that may not looks like none."""
    asked = "SELECT 1 FROM pg_namespace WHERE nspname = %s AND NOT has_schema_privilege(oid, 'USAGE')"
    name = _wanted(connection)
    if connection.execute(asked, (name,)).fetchone():
        raise StoreReadOnly(path, f"the user may not use the schema {name}: GRANT USAGE ON SCHEMA {name}")


def _wanted(connection: "psycopg.Connection[Any]") -> str:
    """Return the first schema that the address names."""
    row = connection.execute("SELECT current_setting('search_path')").fetchone()
    return str(row[0]).split(",")[0].strip().strip('"') if row else ""


def _make_room(connection: "psycopg.Connection[Any]", path: str) -> None:
    """Make the schema that the address names, where it is not there yet.

    Raises:
        StoreNotFound: it names none, and the usual one is not there: a store may be in it under another name.
    """
    current = connection.execute("SELECT current_schema()").fetchone()
    if current is None or current[0] is None:
        name = _wanted(connection)
        if name in {"", _OF_THE_USER}:
            raise StoreNotFound(path, _NO_SCHEMA)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))
