"""Errors of the orchestrator; each says what was wrong, where, and what to do.

HandrailError
└── OrchestratorError
    ├── Misuse                    set up or called in a way that cannot work
    │   ├── NotStorable           a type or value that typed JSON cannot hold and give back
    │   │   └── UnresolvedAnnotation  it names something not defined yet
    │   ├── InvalidWorkflow       a workflow or step that cannot be built as written
    │   ├── UnknownWorkflow       no such workflow here
    │   ├── UnknownRun            no such run in the store
    │   ├── UnknownRollout        nothing of this name is rolled out in the store
    │   ├── UnknownPromise        no AI step of this name is under a promise in the store
    │   ├── NotPromoted           the evidence does not carry the promotion of a rollout
    │   ├── UnknownPerson         nobody of this name in the store
    │   ├── UnknownTrigger        no trigger of this name in the store
    │   ├── UnknownFile           no such file in the store
    │   │   └── FilePurged        its bytes were removed, as no run that is kept used it
    │   ├── RunConflict           the id is taken by a run with another workflow or input
    │   ├── WrongState            the run or item is in a state that does not allow this
    │   ├── InputFileError        a file of inputs that cannot be used as it is
    │   ├── SecretUnusable        a secret that is too short, or that others can read
    │   └── KeysUnusable          keys of which a name or a length is wrong, or that others can read
    ├── BatchDelayed              a provider of batches cannot be asked just now; it is tried again
    ├── RunError                  how a run can fail; recorded with the run
    │   ├── StepFailed            a step failed and nothing caught it
    │   ├── Declined              people said no to the execution of a step
    │   ├── WaitExpired           nobody answered, or no event came, in time
    │   ├── DeadlineExceeded      the run, or a step with all its attempts, took too long
    │   ├── RunCancelled          the run was cancelled
    │   ├── HistoryMismatch       the code asked for something else than the history holds
    │   └── SuspensionSwallowed   the workflow caught the signal that makes a run wait
    ├── ReviewError               a change to a review item that was refused
    │   ├── AnswerRefused         a person's answer fails guards and was not confirmed
    │   ├── ReviewConflict        the item is not as it was when it was looked at, or somebody else's
    │   │   └── LinkUsed          a signed link that has answered already
    │   ├── UnknownItem           no such review item in the store
    │   └── NotAllowed            this person may not do that
    └── StoreError                the store cannot be read or written
        ├── StoreNotFound
        ├── StoreFull
        ├── StoreReadOnly
        │   └── StoreMoved        all that it held is in another store by now
        ├── StoreLocked
        │   └── StoreUnreachable  the server does not answer
        │       └── CommitUnknown whether the last changes were recorded is not known yet
        ├── StoreRefused          the server that holds the store lets nobody in as it is asked
        ├── StoreInUse            workers are at work on it
        ├── StoreCorrupt
        ├── StoreTooNew
        ├── StoreSealed           its values are sealed, and this process has no keys
        ├── StoreNotSealed        its values are plain, and this process has keys
        ├── SealBroken            a sealed value was changed, or stands where another belongs
        ├── SealingKeyUnfit       a key that is needed is missing, or another one has its name
        └── Fenced                this worker lost its lease; another one has its runs
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from handrail_ground.errors import HandrailError
from handrail_guards.verdict import Verdict


class OrchestratorError(HandrailError):
    """The root of the errors raised by ``orchestrator``."""


class Misuse(OrchestratorError):
    """Something was set up or called in a way that cannot work; nothing was done."""


class NotStorable(Misuse, TypeError):
    """A type or value that typed JSON cannot hold and give back equal."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class UnresolvedAnnotation(NotStorable):
    """An annotation that names something not defined yet; ask again once the module is loaded."""


class InvalidWorkflow(Misuse, TypeError):
    """A workflow or step that cannot be built as written."""


class UnknownWorkflow(Misuse, LookupError):
    """A workflow that this orchestrator was not given."""


class UnknownRun(Misuse, LookupError):
    """A run that the store does not hold."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"no run {run_id!r} in this store: list them with `handrail runs list`")
        self.run_id = run_id


class UnknownRollout(Misuse, LookupError):
    """A rollout that no code has declared in this store."""

    def __init__(self, target: str, *, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "there is none: code declares one when it is executed"
        super().__init__(f"no rollout {target!r} in this store; {there}")
        self.target = target


class UnknownPromise(Misuse, LookupError):
    """A promise of which no case was recorded in this store."""

    def __init__(self, target: str, *, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "there is none: it begins with the first case of its step"
        super().__init__(f"no promise {target!r} in this store; {there}")
        self.target = target


class NotPromoted(Misuse):
    """Evidence that does not carry a promotion."""

    def __init__(self, target: str, *, reason: str, missing: int | None) -> None:
        super().__init__(f"{target} is not promoted: {reason}")
        self.target = target
        self.missing = missing
        """How many more cases it probably takes; None: more cases alone would not do."""


class BatchDelayed(OrchestratorError):
    """What is done with a batch cannot be done just now: its provider does not answer, or nobody here knows it yet."""


class UnknownPerson(Misuse, LookupError):
    """A person whom the store does not know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nobody in this store is called {name!r}: see `handrail people list`")
        self.name = name


class UnknownTrigger(Misuse, LookupError):
    """A trigger that the store does not know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no trigger {name!r} in this store: list them with `handrail triggers list`")
        self.name = name


class UnknownFile(Misuse, LookupError):
    """A file that the store does not hold."""

    def __init__(self, file_id: str, problem: str = "") -> None:
        told = problem or "it is not in this store: give it to the store with client.keep_file"
        super().__init__(f"file {file_id}: {told}")
        self.file_id = file_id


class FilePurged(UnknownFile):
    """A file whose bytes were removed by retention."""

    def __init__(self, file_id: str, when: datetime) -> None:
        super().__init__(
            file_id,
            f"its bytes were removed on {when:%Y-%m-%d %H:%M} UTC, since no run that is kept used it any more:"
            " give it to the store again with client.keep_file",
        )
        self.when = when


class RunConflict(Misuse):
    """The id belongs to a run that was started with another workflow or input, or to two runs of one call."""

    def __init__(
        self, run_id: str, problem: str, remedy: str = "start with another id, or with what it was started with"
    ) -> None:
        super().__init__(f"run {run_id!r} {problem}; {remedy}")
        self.run_id = run_id


class WrongState(Misuse):
    """The run or item is in a state that does not allow this."""


class InputFileError(Misuse, ValueError):
    """A file of inputs that cannot be used as it is; no run was started."""

    def __init__(self, *, path: Path, problem: str, line: int | None = None, field: str | None = None) -> None:
        place = str(path) if line is None else f"{path}, line {line}"
        super().__init__(f"{place}: {problem}" if field is None else f"{place}, field {field!r}: {problem}")
        self.path = path
        self.line = line
        self.field = field
        self.problem = problem


class SecretUnusable(Misuse):
    """A secret that is none: it is too short, or others can read it. Nothing was signed."""


class KeysUnusable(Misuse):
    """Keys that cannot be used: a name or a length is wrong, or others can read their file. Nothing was sealed."""


class RunError(OrchestratorError):
    """How a run can fail; recorded with the run, which keeps its history and can be retried."""


class StepFailed(RunError):
    """A step failed after all its attempts; the same error is raised again on every replay."""

    def __init__(self, *, step: str, error_type: str, message: str) -> None:
        super().__init__(f"step {step!r} failed with {error_type}: {message}")
        self.step = step
        self.error_type = error_type
        self.message = message


class Declined(RunError):
    """People said no to the execution of a step."""

    def __init__(self, *, step: str, by: str) -> None:
        super().__init__(f"step {step!r} was not approved: {by} said no")
        self.step = step
        self.by = by


class WaitExpired(RunError):
    """Nobody answered, or no event came, before the time was up."""

    def __init__(self, *, step: str, message: str) -> None:
        super().__init__(f"step {step!r}: {message}")
        self.step = step
        self.message = message


class DeadlineExceeded(RunError, TimeoutError):
    """A run, or a step with all its attempts, took longer than its deadline allows."""


class UndoFailed(OrchestratorError):
    """An undo action failed for good: its run is set aside, and what came before it is not undone yet."""

    def __init__(self, *, step: str, problem: str, before: str) -> None:
        super().__init__(
            f"{step} could not undo what the run did: {problem}. The run had ended before: {before or 'cancelled'}."
            " Retry it, and undoing goes on there; or say what became of it: handrail runs set-result"
        )
        self.step = step


class RunCancelled(RunError):
    """The run was cancelled before it could end."""


class HistoryMismatch(RunError):
    """The code asked for something else than the history holds; the run stopped instead of using wrong data."""

    def __init__(self, *, run_id: str, expected: str, found: str, hint: str) -> None:
        super().__init__(f"run {run_id!r}: the history expected {expected}, the code asked for {found}. {hint}")
        self.run_id = run_id
        self.expected = expected
        self.found = found


class SuspensionSwallowed(RunError):
    """The workflow caught the signal that makes a run wait, and went on without an answer."""


class ReviewError(OrchestratorError):
    """A change to a review item that was refused; the item is as it was."""


class AnswerRefused(ReviewError):
    """A person's answer fails guards against which it was not confirmed by name; the item is as it was."""

    def __init__(self, *, item: int, verdicts: Sequence[Verdict], said: str) -> None:
        self.verdicts = tuple(verdicts)
        """What failed."""
        self.guards = tuple(dict.fromkeys(verdict.guard for verdict in verdicts))
        """The names to confirm it against."""
        options = " ".join(f"--despite {name}" for name in self.guards)
        super().__init__(
            f"review item {item}: the answer fails {said}; correct it, or confirm it against each of them by name:"
            f" despite={list(self.guards)!r} ({options} on the command line)"
        )


class ReviewConflict(ReviewError):
    """The item is not as it was when it was looked at, or is somebody else's; what was typed is to be kept."""


class LinkUsed(ReviewConflict):
    """A signed link that has answered already; it answers once."""

    def __init__(self, item: int) -> None:
        super().__init__(f"review item {item} was answered with this link already: a link answers once")
        self.item = item


class UnknownItem(ReviewError, LookupError):
    """A review item that the store does not hold."""

    def __init__(self, item: int) -> None:
        super().__init__(f"no review item {item} in this store: list them with `handrail review list`")
        self.item = item


class NotAllowed(ReviewError):
    """This person may not do that: their role, or a rule of the item, forbids it."""


class StoreError(OrchestratorError):
    """The store cannot be read or written; what is recorded in it is as it was."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"store {path}: {problem}")
        self.path = path
        self.problem = problem


class StoreNotFound(StoreError):
    """There is no store at this place."""


class StoreFull(StoreError):
    """The disk that holds the store is full."""


class StoreReadOnly(StoreError):
    """The store's file or folder cannot be written."""


class StoreMoved(StoreReadOnly):
    """All that the store held was moved to another one; the message says where that is."""


class StoreLocked(StoreError):
    """Another process holds the store's write lock and does not let go."""


class StoreRefused(StoreError):
    """The server that holds the store is there, and lets nobody in as the address and the environment ask."""


class StoreInUse(StoreError):
    """Workers are at work on the store, and what was asked for cannot be done beside them."""


class StoreUnreachable(StoreLocked):
    """The server that holds the store does not answer; what waits for it goes on when it does."""


class CommitUnknown(StoreUnreachable):
    """The answer to a commit was lost: the changes are all in the store, or none of them is, and it can be asked."""

    def __init__(self, path: str, problem: str, settle: Callable[[], list[Any] | None]) -> None:
        super().__init__(path, problem)
        self.settle = settle
        """Returns the replies to what was committed, or None when nothing was; raises StoreUnreachable meanwhile."""


class StoreCorrupt(StoreError):
    """The file is not a store, or is damaged."""


class StoreTooNew(StoreError):
    """The store was made by a newer version of Handrail."""


class Fenced(StoreError):
    """This worker lost its lease; another one took over its runs, so its writes are refused."""


class StoreSealed(StoreError):
    """The store's values are sealed, and this process has no keys: it neither reads nor writes it."""

    def __init__(self, path: str, keys: Sequence[str]) -> None:
        named = ", ".join(map(repr, keys))
        super().__init__(
            path, f"its values are sealed by {named}: give the keys in HANDRAIL_KEYS or HANDRAIL_KEYS_FILE"
        )
        self.keys = tuple(keys)


class StoreNotSealed(StoreError):
    """This process has keys, and the store holds values that are not sealed: nothing is written half sealed."""


class SealingKeyUnfit(StoreError):
    """A key that values of the store are sealed by is missing, or another one has its name."""

    def __init__(self, path: str, key: str, problem: str) -> None:
        super().__init__(path, f"key {key!r} {problem}")
        self.key = key


class SealBroken(StoreError):
    """A sealed value was changed, or stands where another one belongs."""
