"""Copying all of a store into an empty one, of whichever databases: row by row, with keys kept, and compared after."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.address import checked_path
from handrail_orchestrator.store.copy_side import CopySide, Mode, Row

_DIGEST_BITS = 256
_SECRET_PARTS = frozenset({"password", "sslpassword", "sslkey", "passfile"})


class TableContents(NamedTuple):
    """What a table holds, to be compared; the order of rows does not count."""

    rows: int
    digest: str


class _Tally:
    """Counts rows and adds up their hashes, as they pass."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self._rows += 1
            self._sum += int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big")
            yield row

    @property
    def contents(self) -> TableContents:
        return TableContents(self._rows, f"{self._sum % 2**_DIGEST_BITS:064x}")


def side_of(url: str, mode: Mode) -> AbstractContextManager[CopySide]:
    """Return the store at an address, for copying; whatever is not committed by the end of the block did not happen.

    Raises:
        Misuse: it is no store's address.
    """
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite.copying import copy_side  # noqa: PLC0415 -- the code of that store alone

    return copy_side(path, mode)


def copy_all(
    source: CopySide, target: CopySide, say: Callable[[str], None] = lambda _: None
) -> dict[str, TableContents]:
    """Copy every table into an empty store, read all of it again, and return what each table holds.

    Raises:
        StoreError: the two have other tables, a value does not fit, or what arrived is not what was there.
    """
    tables = source.tables()
    _must_agree(source, target, tables)
    written: dict[str, TableContents] = {}
    # tables that others are kept by are copied first, so that these hold in the end what they held
    watched = target.watched()
    for table in sorted(tables, key=lambda name: (name not in watched, name)):
        tally = _Tally()
        target.put(table, tables[table], tally.over(source.rows(table, tables[table])))
        written[table] = tally.contents
        if tally.contents.rows:
            say(f"{table}: {tally.contents.rows:,} rows")
    target.set_counters(source.counters())
    for table, contents in written.items():
        found = _held(target, table, tables[table])
        if found != contents:
            raise StoreError(
                target.path,
                f"table {table} does not hold what was copied ({found.rows:,} rows, {contents.rows:,} were copied,"
                " or another content): nothing was kept of it, and the old store is as it was",
            )
    return written


def without_password(url: str) -> str:
    """Return an address as it may be kept and shown; a file's whole path, as it may be read from anywhere."""
    if url.startswith("sqlite:///"):
        return f"sqlite:///{Path(checked_path(url)).absolute()}"
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRET_PARTS]
    netloc = f"{user.partition(':')[0]}@{host}" if user else host
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query), ""))


def _held(side: CopySide, table: str, columns: tuple[str, ...]) -> TableContents:
    tally = _Tally()
    for _ in tally.over(side.rows(table, columns)):
        pass
    return tally.contents


def _must_agree(source: CopySide, target: CopySide, tables: Mapping[str, tuple[str, ...]]) -> None:
    theirs = target.tables()
    for name in sorted({*tables, *theirs}):
        if set(tables.get(name, ())) != set(theirs.get(name, ())):
            raise StoreError(
                source.path,
                f"table {name} is not the same there and in {target.path}: use the newest version of Handrail for both",
            )
