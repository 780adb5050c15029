"""How often a step was tried, and since when: counted across crashes, stops and waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from handrail_orchestrator.clock import Clock, sleep
from handrail_orchestrator.context import StopFlag
from handrail_orchestrator.embedded.records import Begun, recorded_error
from handrail_orchestrator.limits import Holder
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.store.changes import Change, ClaimedChange, NoteStarted
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.suspension import Suspended

LONG_PAUSE_SECONDS = 5.0
"""A run lets go of its place for a pause longer than this, which is then a row in the store."""

Pause = Callable[["Tries", float, Exception], Awaitable[None]]
"""Record that a try failed, then wait for some seconds: here, or as a row, by unwinding the workflow."""

Hold = Callable[["Tries", str, Exception | None], Suspended]
"""Unwind the workflow until a system is back; a try that failed because it is not there does not count."""


@dataclass(slots=True)
class Tries:
    """The tries of one step in one run."""

    begun: float
    """When the first one began; the step's deadline counts from here."""
    pause: Pause
    hold: "Hold"
    run: int
    """The key of its run."""
    claim: int | None
    """The number of that run's claim."""
    step: str
    """The step's name in it."""
    attempt: int = 0
    """The number of the latest try."""
    failed: int = 0
    """How many failed; those that a crash or a stop cut short are not among them."""
    stopped: StopFlag = field(default_factory=StopFlag)
    """Raised once the run was told to stop: then there are no more tries, even if a body has swallowed the cancel."""

    def next(self) -> int:
        """Return the number of one more try."""
        if self.stopped.raised:
            raise asyncio.CancelledError
        self.attempt += 1
        return self.attempt

    def owned(self, change: Change) -> Change:
        """Have a change count only as long as this execution has its run."""
        return change if self.claim is None else ClaimedChange(self.claim, change)

    @property
    def holder(self) -> Holder:
        """Return who has the places of limits that these tries take."""
        return Holder(self.run, self.claim)


@dataclass(frozen=True, slots=True)
class Notebook:
    """Where tries are noted, and how their run waits."""

    clock: Clock
    claim: int | None
    write: Callable[[Change], None]
    settled: Callable[[], Awaitable[None]]
    back_off: Callable[[StepRow], Suspended]
    hold: Callable[[str, str], Suspended]
    stopped: StopFlag


def resumed(begun: Begun, row: StepRow | None, notes: Notebook) -> Tries:
    """Return the tries of a step that has begun: those that are noted in its row, and how it pauses between more."""
    if row is not None:
        begun.queued = row.queued or begun.queued

    async def pause(tries: Tries, seconds: float, error: Exception) -> None:
        now = notes.clock.now()
        due = now + seconds
        if (deadline := begun.step.policy.deadline_seconds) is not None:
            due = min(due, begun.queued + deadline)
        long = due - now > LONG_PAUSE_SECONDS
        again = _noted(begun.row, tries, error, due if long else None)
        notes.write(NoteStarted(again))
        await notes.settled()
        if long:
            raise notes.back_off(again)
        await sleep(notes.clock, seconds)
        await notes.settled()  # it may have been told to stop, or to rest
        begun.attempt, begun.started, begun.noted = tries.attempt + 1, notes.clock.now(), False

    def hold(tries: Tries, system: str, error: Exception | None) -> Suspended:
        if error is not None:
            notes.write(NoteStarted(_noted(begun.row, tries, error, None)))
        return notes.hold(begun.name, system)

    failed = _noted_failures(row)
    return Tries(
        begun.queued, pause, hold, begun.key, notes.claim, begun.name, begun.attempt - 1, failed, notes.stopped
    )


def _noted_failures(row: StepRow | None) -> int:
    """Return how many tries have failed before this execution, as far as is noted."""
    return (RecordedError.read(row.error).failed or 0) if row is not None and row.error is not None else 0


def _noted(row: StepRow, tries: Tries, error: Exception, due: float | None) -> StepRow:
    """Return the record of a step whose latest try failed, and that is tried again."""
    recorded = replace(recorded_error(error), failed=tries.failed)
    return row._replace(attempt=tries.attempt, error=recorded.text(), due=due)
