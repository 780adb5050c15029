"""Cases whose answers are known: what is kept of them, and the changes that put them among ordinary items."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

KNOWN_VERSION = 0
"""The version of a workflow that the runs of known cases have: no code ever has it, and no list shows such runs."""


class KnownCaseRow(NamedTuple):
    """A case whose answer is known; values are JSON text."""

    name: str
    input: str
    answer: str
    suggestion: str | None = None
    """What is suggested with it; None: it is asked without a suggestion."""
    confidence: float | None = None
    """How sure the model seems of that; None: as sure as of the item that it follows."""
    id: int = 0
    """Its number in the store; 0: it is not there yet."""


class SowingRow(NamedTuple):
    """In which questions known cases are mixed, and how many."""

    queue: str
    workflow: str
    step: str
    share: float
    """Of the ordinary items, how many are followed by a known case, 0 to 1."""
    seen: int
    """Items up to this number were drawn for already."""


class CandidateRow(NamedTuple):
    """An ordinary item that a known case may follow."""

    id: int
    run_id: str
    step: str


class PutKnown(NamedTuple):
    """Keep known cases, and mix them in at a share; a case of the same name is replaced. Reply: how many are kept.

    A share of 0 ends it.
    """

    queue: str
    workflow: str
    step: str
    share: float
    cases: Sequence[KnownCaseRow] = ()


class Plant(NamedTuple):
    """One known case that follows an ordinary item."""

    after: int
    """The item that it looks like."""
    case: int
    """The case's number."""


class Sow(NamedTuple):
    """Put known cases among the items, unless somebody did since it was looked. Reply: how many."""

    sowing: SowingRow
    """As it was when it was looked."""
    seen: int
    """Up to which item it was looked."""
    plants: Sequence[Plant]
    now: float


class KnownStore(Protocol):
    """The part of a store that keeps cases whose answers are known.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def sowings(self) -> list[SowingRow]:
        """Return where known cases are mixed in."""
        ...

    def newest_item(self) -> int:
        """Return the number of the item that was asked last; 0: there is none."""
        ...

    def candidates(self, sowing: SowingRow, newest: int, limit: int) -> list[CandidateRow]:
        """Return the ordinary items up to ``newest`` that were not drawn for yet, oldest first."""
        ...

    def known_cases(self, sowing: SowingRow, limit: int) -> list[KnownCaseRow]:
        """Return the cases to give next: those that were given least come first."""
        ...

    def is_known(self, item: int) -> bool:
        """Return whether an item is a known case."""
        ...
