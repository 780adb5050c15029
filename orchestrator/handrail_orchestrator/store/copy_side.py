"""The port to one store that is copied, or filled with a copy: what each database says in its own way."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any, Literal, Protocol

from handrail_orchestrator.store.sql.database import Database

Row = tuple[Any, ...]
"""Whole numbers, floats, texts, bytes and None."""
Mode = Literal["read", "hold", "fill"]
"""All of it as it is at one moment; the same while nobody else changes it; one that must be empty, to be filled."""


class CopySide(Protocol):
    """One store in a transaction of its own: what is done to it holds once it is committed, or not at all.

    Raises (every method):
        StoreError: it cannot be read or written; see its subclasses.
    """

    @property
    def path(self) -> str:
        """Return where it is, as errors say it."""
        ...

    @property
    def connection(self) -> Database:
        """Return what executes statements in the transaction."""
        ...

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table, by its name; what a database needs for itself is left out."""
        ...

    def watched(self) -> frozenset[str]:
        """Return the tables whose changes change another table by themselves."""
        ...

    def rows(self, table: str, columns: tuple[str, ...]) -> Generator[Row, None, None]:
        """Yield the rows of a table; to be closed before the store is, where not all are asked for."""
        ...

    def fitting(self, columns: tuple[str, ...], row: Row) -> Row:
        """Return a row as this database holds it.

        Raises:
            NotStorable: it cannot hold it.
        """
        ...

    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
        """Write rows, in place of whatever the table holds."""
        ...

    def counters(self) -> dict[str, int]:
        """Return the highest key that a table ever had, where the database keeps that."""
        ...

    def set_counters(self, counters: Mapping[str, int]) -> None:
        """See to it that no key is given again, neither one of ``counters`` nor one that is there."""
        ...

    def refuse_changes(self, why: str) -> None:
        """Let every change of any table fail from now on, whoever tries it, whatever it has open."""
        ...

    def allow_changes(self) -> None:
        """Take that back."""
        ...

    def commit(self) -> None:
        """Let all of it hold; nothing can be done after."""
        ...


def is_empty(side: CopySide) -> bool:
    """Return whether no table of a store holds anything."""
    return all(side.connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() is None for name in side.tables())  # noqa: S608 -- names of tables
