"""Every place of a store where a value may be sealed, read as it stands there, and written only if it still does."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

Raw: TypeAlias = str | bytes


class RawRow(NamedTuple):
    """The values of one row as they stand in the store, with what they are about."""

    table: str
    at: tuple[int | str, ...]
    """Its key, or what it is found by."""
    about: Mapping[str, str | None]
    """What says whose values they are: ``run``, ``step``, ``kind``, ``name``."""
    values: Mapping[str, Raw]
    """By column; what is NULL is left out."""


class ResealedValue(NamedTuple):
    """One value that is to stand in place of another."""

    table: str
    at: tuple[int | str, ...]
    column: str
    before: Raw
    after: Raw


class Reseal(NamedTuple):
    """Put values in place of others, where those still stand. Reply: how many were put.

    A row of the audit log that was plain is signed for, as its hash is of what it said.
    """

    values: Sequence[ResealedValue]
    now: float


class RawStore(Protocol):
    """The part of a store that shows values as they stand.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def raw_tables(self) -> Sequence[str]:
        """Return the tables in which values may be sealed."""
        ...

    def raw_rows(self, table: str, *, after: tuple[int | str, ...] | None, limit: int) -> Sequence[RawRow]:
        """Return rows in the order of their keys, after one; some more, where several have one key."""
        ...
