"""The port to a database: what executes statements."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

NUMBERS = "(SELECT CAST(value AS INTEGER) FROM json_each(?))"
"""The whole numbers of a JSON list, behind IN."""


class Cursor(Protocol):
    """What a statement came to."""

    @property
    def rowcount(self) -> int:
        """Return how many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, as a tuple; None: there is none."""
        ...

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """Return the next rows."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        ...


class Database(Protocol):
    """What executes statements in the words that both databases know: SQLite as they are, PostgreSQL as rendered."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Execute a statement with a value for each ``?``."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Execute a statement once for each row of values."""
        ...
