"""Copying all of a store into an empty one, of whichever databases: row by row, with keys kept, and compared after."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from handrail_ground.optional import needs
from handrail_orchestrator.errors import NotStorable, StoreError
from handrail_orchestrator.store.address import checked_path
from handrail_orchestrator.store.address_text import is_server, shown
from handrail_orchestrator.store.copy_side import CopySide, Mode, Row

_DIGEST_BITS = 256


class TableContents(NamedTuple):
    """What a table holds, to be compared; the order of rows does not count."""

    rows: int
    digest: str


class _Tally:
    """Counts rows and adds up their hashes, as they pass."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def over(self, rows: Iterable[Row], fitting: Callable[[Row], Row] = lambda row: row) -> Iterator[Row]:
        for given in rows:
            self._rows += 1
            row = fitting(given)
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
    if is_server(url):
        with needs("postgres"):
            from handrail_orchestrator.store.postgres import copying as postgres  # noqa: PLC0415 -- that store's code

        return postgres.copy_side(url, mode)
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite import copying as sqlite  # noqa: PLC0415 -- as above

    return sqlite.copy_side(path, mode)


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
        try:
            with closing(source.rows(table, tables[table])) as rows:
                target.put(table, tables[table], tally.over(rows, partial(target.fitting, tables[table])))
        except NotStorable as error:
            where = f"table {table}, row {tally.contents.rows} of it"
            raise NotStorable(where=where, problem=str(error)) from error
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
    return shown(url) if is_server(url) else f"sqlite:///{Path(checked_path(url)).absolute()}"


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
