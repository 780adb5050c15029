"""What runs say of themselves and do with their waits, as changes of a store."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, assert_never

from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.starts import StartRun


class PutTags(NamedTuple):
    """Record that a run is tagged, once, and find it by these tags from now on; a name that it has gets a new value."""

    row: StepRow
    tags: Mapping[str, str]


class PutProgress(NamedTuple):
    """Record what a run says of itself, once."""

    row: StepRow
    text: str


class JoinBranches(NamedTuple):
    """Note that waits of a run belong together: once one of them is over, the others are withdrawn."""

    run: int
    first: str
    """The name of the call that waits for the first of them."""
    steps: Sequence[str]


class DecideFirst(NamedTuple):
    """Record which of several waits was over first, once, and withdraw the others.

    An open question is closed and says why, a wait for an event or a time is over, the event is left where it is, and a
    child run that nothing else waits for is cancelled.
    """

    row: StepRow
    others: Sequence[str]
    why: str
    """What came first, in words for those whose answer is not needed any more."""


class RegisterUndo(NamedTuple):
    """Record an undo action, once; it is executed if the run fails or is cancelled after it."""

    row: StepRow


class FinishUndo(NamedTuple):
    """End a run whose actions are undone, as it had failed or was cancelled."""

    key: int
    now: float


class PutAside(NamedTuple):
    """Set a run aside of which an action cannot be undone, until people say what is to happen."""

    key: int
    error: str
    now: float


class GoOn(NamedTuple):
    """Begin a run anew with another input, under its id: what it remembers is put behind the number of its round."""

    key: int
    input: str
    workflow: str
    version: int
    code: str
    now: float
    deadline: float | None


class StartDetached(NamedTuple):
    """Start a child run that its parent does not wait for, and record that, both or neither."""

    row: StepRow
    child: StartRun
    policy: str
    """What becomes of it when its parent ends: ``leave`` or ``cancel``."""


class OpenKeyedWait(NamedTuple):
    """Record a wait for an event by its key, once, and give it the oldest such event that is kept for nobody yet."""

    row: StepRow
    name: str
    key: str


class SendTo(NamedTuple):
    """Give an event to whichever run waits for its key, the longest-waiting one; kept if none does. Reply: ``Sent``."""

    name: str
    key: str
    payload: str
    now: float
    event_id: str | None = None


class Sent(NamedTuple):
    """Where an event went that was sent by its key."""

    new: bool
    run_id: str | None
    """The run that has it; None: it is kept until one waits for it."""


class SetResult(NamedTuple):
    """Put a result in place of a step that failed, and make its run due again."""

    run_id: str
    step: str
    output: str
    actor: str
    now: float
    note: str | None = None


class DeclareInput(NamedTuple):
    """Say what a workflow version is started with, so that it can be started without its code."""

    workflow: str
    version: int
    schema: str
    code: str
    deadline_seconds: float | None


class InputRow(NamedTuple):
    """What a workflow version is started with; the columns of table ``inputs`` in order."""

    workflow: str
    version: int
    schema: str
    """JSON Schema."""
    code: str
    deadline_seconds: float | None


class KeptEvent(NamedTuple):
    """An event that was sent by its key and that no run has waited for."""

    name: str
    key: str
    sent: float
    event_id: str | None


class RunningStore(Protocol):
    """The part of a store that knows how runs are started without code, and which events wait for a run.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def inputs(self, workflow: str) -> list[InputRow]:
        """Return what the versions of a workflow are started with, the newest first."""
        ...

    def kept_events(self, limit: int) -> list[KeptEvent]:
        """Return events that no run has waited for, oldest first."""
        ...


RunningChange = (
    PutTags
    | PutProgress
    | JoinBranches
    | DecideFirst
    | RegisterUndo
    | FinishUndo
    | PutAside
    | GoOn
    | StartDetached
    | OpenKeyedWait
    | SendTo
    | SetResult
    | DeclareInput
)


def key_of(change: RunningChange) -> int | None:
    """Return the key of the run that a change is about, where it names one."""
    match change:
        case PutTags() | PutProgress() | DecideFirst() | RegisterUndo() | StartDetached() | OpenKeyedWait():
            return change.row.run
        case FinishUndo() | PutAside() | GoOn():
            return change.key
        case JoinBranches():
            return change.run
        case SendTo() | SetResult() | DeclareInput():
            return None
        case _:
            assert_never(change)
