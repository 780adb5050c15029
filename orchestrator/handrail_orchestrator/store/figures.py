"""What figures are made of: the records of runs, tallied, and what the tallies of ended runs were rolled up to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import NamedTuple, Protocol, TypeAlias, cast

from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.decided import DecidedRow
from handrail_orchestrator.store.rows import ReviewState, StepStatus

HOUR = 3_600
"""Seconds of what tallies are rolled up by: the hour in which a run was started."""
DAY_HOURS = 24
"""Hours of what they are rolled up by beside, so that long windows read little: the day, of UTC."""

TALLY_VERSION = 1
"""Raised when ``statistics.tally`` counts the same records otherwise: what was rolled up is counted again then."""

TallyKey: TypeAlias = tuple[str, str, int]
"""What is counted: the measure, of what, and the bucket of a histogram."""
Amount: TypeAlias = tuple[int, int]
"""How many, and what they come to together; whole numbers, so that adding and taking away is exact in any order."""
Tally: TypeAlias = Mapping[TallyKey, Amount]


class TallyPlace(NamedTuple):
    """Where the runs of a tally belong."""

    workflow: str
    version: int
    hour: int
    """Whole hours since the epoch until they were started."""


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """Which runs to count."""

    since: float
    """Started at this time or later, in seconds since the epoch."""
    until: float
    """Started before this time."""
    workflow: str | None = None
    version: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """Only those that carry all of these tags."""


class FigureRun(NamedTuple):
    """A run as figures look at it."""

    key: int
    workflow: str
    version: int
    created: float
    ended: float | None
    fate: str
    """What became of it, in the words of ``RunSummary``: ``rule``, ``model``, ``person``, ``failed``, ``waiting`` …"""
    copied_seq: int

    @property
    def place(self) -> TallyPlace:
        """Return where its tally belongs."""
        return TallyPlace(self.workflow, self.version, int(self.created // HOUR))


class FigureStep(NamedTuple):
    """A step record as figures look at it."""

    run: int
    name: str
    seq: int
    kind: StepKind
    status: StepStatus
    attempt: int
    queued: float | None
    started: float | None
    ended: float | None
    input_tokens: int | None
    output_tokens: int | None
    money: float | None
    owner: str | None
    """Who answers for it; None also of a child run."""


class FigureItem(NamedTuple):
    """A review item as figures look at it, decided or not."""

    run: int
    step: str
    queue: str
    state: ReviewState
    created: float
    due: float | None
    snoozed_until: float | None
    first_taken: float | None
    moves: str
    """JSON list of ``[action, actor, at]``: decisions, and how it was handed on, oldest first."""
    row: DecidedRow | None
    """All of one that was decided; of the others nothing more counts, and there may be many."""


class OutcomeRow(NamedTuple):
    """What became of an ended run afterwards."""

    run: int
    name: str
    value: str
    """JSON text."""


class FigureParts(NamedTuple):
    """What belongs to some runs."""

    steps: Sequence[FigureStep]
    archived: Sequence[FigureStep]
    items: Sequence[FigureItem]
    outcomes: Sequence[OutcomeRow]


COUNTING = "handrail_orchestrator.statistics.tally"
"""Where runs are counted: above the stores, so that each counts alike; loaded by the first that rolls up."""


class Counting(Protocol):
    """What counts runs, as the module of that name does."""

    def tally_of(self, runs: Sequence[FigureRun], parts: FigureParts) -> Mapping[TallyPlace, Tally]:
        """Return what runs come to."""
        ...


def counted(runs: Sequence[FigureRun], parts: FigureParts) -> Mapping[TallyPlace, Tally]:
    """Return what runs come to with all that belongs to them."""
    counting = cast("Counting", import_module(COUNTING))
    return counting.tally_of(runs, parts)


class RollUp(NamedTuple):
    """Roll up what some more ended runs came to. Reply: ``RolledUp``.

    Volatile: after a power cut the same is done again, and nothing is counted twice.
    """

    now: float
    most: int


class RolledUp(NamedTuple):
    """How many runs were rolled up, and whether there are more."""

    runs: int
    more: bool


class RecordOutcome(NamedTuple):
    """Record what became of an ended run; it takes the place of what was recorded under this name. Reply: its number.

    A value that is the same as the one recorded is not recorded again.
    """

    run_id: str
    name: str
    value: str
    """JSON text."""
    at: float
    """When it happened."""
    now: float
    by: str


class BaselineRow(NamedTuple):
    """A number from before, of one workflow (of all under ``""``)."""

    workflow: str
    metric: str
    value: float
    unit: str = ""
    cases: int | None = None
    note: str = ""


class PutBaseline(NamedTuple):
    """Keep numbers from before, in place of those that were kept."""

    rows: Sequence[BaselineRow]


FigureChange: TypeAlias = RollUp | RecordOutcome | PutBaseline


class OutcomeHistoryRow(NamedTuple):
    """What was recorded of a run, whether it still stands or not."""

    id: int
    run_id: str
    name: str
    value: str
    """JSON text."""
    at: float
    recorded: float
    by: str
    superseded_by: int | None
    """The number of what took its place; None: it stands."""


class StoredFigures(Protocol):
    """What a store holds for figures, as it is at one moment."""

    def runs(self, query: FigureQuery, *, after: int = 0, limit: int = 1_000) -> list[FigureRun]:
        """Return runs in the order of their keys, after one; runs for known cases are not among them."""
        ...

    def parts(self, keys: Sequence[int]) -> FigureParts:
        """Return what belongs to some runs."""
        ...

    def all_runs(self, query: FigureQuery) -> Iterator[tuple[list[FigureRun], FigureParts]]:
        """Yield all runs of a query with what belongs to them, a batch at a time."""
        ...

    def rest(self, query: FigureQuery) -> Iterator[tuple[list[FigureRun], FigureParts]]:
        """Yield the runs of a query that are not rolled up, as ``all_runs`` does."""
        ...

    def rolled_up(self, query: FigureQuery, measures: Sequence[str] | None = None) -> list[tuple[TallyPlace, Tally]]:
        """Return what was rolled up of the whole hours that a query begins and ends with; places have no hour."""
        ...

    def accepted_from(self, query: FigureQuery) -> list[tuple[str, str, float]]:
        """Return the lowest confidence at which a model's answer was accepted, by workflow and step name."""
        ...

    def baseline(self, workflow: str | None) -> list[BaselineRow]:
        """Return numbers from before: of a workflow, and of all."""
        ...


class FigureStore(Protocol):
    """The part of a store that figures are read from.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def figures(self) -> AbstractContextManager[StoredFigures]:
        """Return what figures are made of, all of the moment at which the block is entered."""
        ...

    def outcomes_of(self, key: int) -> list[OutcomeHistoryRow]:
        """Return all that was ever recorded of what became of a run, by its key, oldest first."""
        ...

    def queue_ages(self, now: float, limits: Sequence[float]) -> list[tuple[str, list[int]]]:
        """Return how many items wait by queue: younger than each limit in seconds, and than none of them."""
        ...
