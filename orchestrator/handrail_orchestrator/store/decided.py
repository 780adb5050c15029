"""What a store is asked about decisions afterwards: for figures, for labels, for similar cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from handrail_orchestrator.store.rows import ReviewRow

MOST_LATE = 10_000
"""Late items that are counted one by one: whoever has more has other worries."""


@dataclass(frozen=True, slots=True)
class DecidedQuery:
    """Which decided items to read, known cases aside."""

    queue: str | None = None
    queues: tuple[str, ...] | None = None
    """Only those of these queues; None: of all."""
    not_queues: tuple[str, ...] = ()
    workflow: str | None = None
    step: str | None = None
    """Questions about calls of this step: ``route`` finds ``route#2`` and ``all.0/route`` too."""
    since: float | None = None
    """Only those decided at this time or later, in seconds since the epoch."""
    until: float | None = None
    """Only those decided before."""
    by_people: bool = False
    """Not those that a policy decided."""
    newest_first: bool = False
    after: tuple[float, int] | None = None
    """Continue after the row with this ``place``."""
    limit: int = 500


class DecidedRow(NamedTuple):
    """One decided item with what was judged and what its log says."""

    item: ReviewRow
    version: int
    """The workflow's version."""
    input: str | None
    """What the step that was judged was called with."""
    output: str | None
    """What it came to."""
    taken: float | None
    """When whoever decided had taken it last."""
    reopened: int
    sent_up: int
    people: int
    spans: str | None = None
    """Where whoever decided found what is in a field, as JSON."""
    rerun: int = 0
    """Tries of steps, begun after the decision, that a retry of the run replaced."""

    @property
    def place(self) -> tuple[float, int]:
        """Return where it stands in the order of reading, for ``DecidedQuery.after``."""
        return self.item.decided or 0.0, self.item.id


class DecidedTextRow(NamedTuple):
    """What a decided item was about."""

    place: int
    """Where its decision stands in the log: what was decided later has a higher number."""
    id: int
    queue: str
    workflow: str
    step: str
    context: str


class QueueRow(NamedTuple):
    """What waits in one queue."""

    queue: str
    waiting: int
    oldest: float | None
    late: int
    """At most ``MOST_LATE``."""


class GivenRow(NamedTuple):
    """One answer of a person, as its log row has it."""

    item: int
    queue: str
    at: float
    data: str | None
    suggestion: str | None
    taken: float | None
    """When the person had taken the item before."""
    hands_on: float
    """Seconds that people were at the item."""
    people: int
    """How many people answered it."""


class KnownRow(NamedTuple):
    """A known case that a person has decided."""

    item: int
    queue: str
    title: str
    decided: float
    decided_by: str
    decision: str
    answer: str
    """What is right."""


class DecidedStore(Protocol):
    """The part of a store that looks back at decisions.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def decided(self, query: DecidedQuery) -> list[DecidedRow]:
        """Return decided items, by the time of their decision."""
        ...

    def decided_texts(self, *, after: int, limit: int) -> list[DecidedTextRow]:
        """Return what was decided after a place in the log, oldest first."""
        ...

    def decided_before(self, most: int) -> int:
        """Return the place in the log after which at most so many decisions stand."""
        ...

    def queues(self, now: float, queue: str | None = None) -> list[QueueRow]:
        """Return what waits, by queue; of one queue also when nothing does."""
        ...

    def given(self, actor: str, *, queue: str | None, limit: int) -> list[GivenRow]:
        """Return somebody's last answers that were not taken back, newest first."""
        ...

    def given_since(self, actor: str, since: float) -> int:
        """Return how many answers somebody gave since a time, less those taken back."""
        ...

    def givers_since(self, since: float) -> list[str]:
        """Return who gave answers since a time, in the order of their names."""
        ...

    def known_decided(self, actor: str | None, *, since: float, limit: int) -> Sequence[KnownRow]:
        """Return known cases that somebody (None: anybody) has decided since a time, newest first."""
        ...
