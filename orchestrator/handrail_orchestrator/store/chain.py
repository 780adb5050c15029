"""The audit log as a chain: each row's hash covers the row and the hash of the one before it."""

import hashlib
import json
from typing import NamedTuple

from handrail_orchestrator.store.sealed_text import stable

BEGINNING = "0" * 64
"""What stands for the hash before the first row."""

HASHED = ("id", "review", "at", "actor", "action", "state", "version", "data")
"""The columns that a hash covers; ``data`` as the text that is stored, what is sealed in it by its digest."""

# The text that is hashed: JSON with its keys in order, no white space, characters as they are.
_told = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


class LogHead(NamedTuple):
    """Where the log ends."""

    row: int
    """The number of the last row that was written; 0: none was."""
    hash: str

    @classmethod
    def read(cls, text: str | None) -> "LogHead":
        """Return the head as a store keeps it."""
        if text is None:
            return cls(0, BEGINNING)
        row, _, digest = text.partition(" ")
        return cls(int(row), digest)

    def __str__(self) -> str:
        """Return it as a store keeps it."""
        return f"{self.row} {self.hash}"


def hash_after(previous: str, row: tuple[object, ...]) -> str:
    """Return the hash of a row, by the values of its ``HASHED`` columns, behind the row with this hash."""
    data = None if row[-1] is None else stable(str(row[-1]))
    told = previous + _told(dict(zip(HASHED, (*row[:-1], data), strict=True)))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


class ChainedRow(NamedTuple):
    """One row of the log, as it is hashed, with its hash."""

    id: int
    review: int
    """The review item's number; 0: it belongs to none, as a change of people or a pruning."""
    at: float
    actor: str
    action: str
    state: str
    version: int
    data: str | None
    hash: str | None

    def follows(self, previous: str) -> bool:
        """Return whether this row, as it is, was written behind the row with this hash."""
        return self.hash is not None and self.hash == hash_after(previous, self[:-1])


class LogGap(NamedTuple):
    """Rows that pruning took out of the log, from one number to another, and what the chain was around them."""

    first: int
    last: int
    before: str
    """The hash of the row before the first one."""
    after: str
    """The hash of the last one, which the row behind the gap covers."""
    rows: int
    at: float
    """When the last of them was pruned."""
    signature: str

    @property
    def signed_parts(self) -> tuple[str, ...]:
        """Return what its signature covers."""
        return tuple(map(repr, self[:-1]))
