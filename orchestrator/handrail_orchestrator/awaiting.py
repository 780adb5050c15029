"""Waiting for runs in the process that executes them: for one result, until nothing is left to do, or for the worst."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import Misuse, StepFailed
from handrail_orchestrator.given_time import is_seconds
from handrail_orchestrator.strands import current_strands

if TYPE_CHECKING:  # the engine is loaded by who makes one
    from handrail_orchestrator.embedded.engine import EmbeddedEngine
    from handrail_orchestrator.embedded.execution import Execution
    from handrail_orchestrator.embedded.library import Library
    from handrail_orchestrator.records import failure
    from handrail_orchestrator.store import rows
    from handrail_orchestrator.workflow import Workflow
else:
    failure = LaterModule("handrail_orchestrator.records.failure")
    rows = LaterModule("handrail_orchestrator.store.rows")

Out = TypeVar("Out")

FIRST_LOOK_SECONDS = 0.02
LAST_LOOK_SECONDS = 0.5
"""A run that ends in another process is noticed after at most this long."""


@dataclass(frozen=True, slots=True)
class RunHandle(Generic[Out]):
    """One started run."""

    id: str
    new: bool
    """False when the id was started before, with the same input."""
    orchestrator: "Awaiting" = field(repr=False)
    workflow: "Workflow[Any, Out]" = field(repr=False)
    execution: "Execution | None" = field(default=None, repr=False)
    """Its first execution, when that was begun in this process at once."""

    def result(self) -> Coroutine[Any, Any, Out]:
        """Wait until the run has ended and return its result.

        Raises:
            StepFailed: the run failed; its ``error_type`` and ``message`` are the run's.
        """
        return self.orchestrator.result(self)


class Awaiting(ABC):
    """Waits for what an engine executes; ``Orchestrator`` is one."""

    _library: "Library"

    @property
    @abstractmethod
    def engine(self) -> "EmbeddedEngine":
        """Return the parts that execute runs."""

    async def result(self, handle: RunHandle[Out]) -> Out:
        """Wait until a run has ended, in this process or another, and return its result.

        Raises:
            StepFailed: the run failed, was cancelled or set aside.
            Misuse: a step of that run asks, which would wait for itself; or another event loop does.
        """
        if self._executed_here_by_whoever_asks() == handle.id:
            raise Misuse(f"run {handle.id!r} waits for its own result, which never comes: return it instead")
        if handle.execution is not None:
            if not handle.execution.is_over:
                await handle.execution.over()
            if handle.execution.status == "completed":
                return handle.execution.value  # type: ignore[no-any-return]
        pause = FIRST_LOOK_SECONDS
        while True:
            row = self.engine.row(handle.id)
            if row.status == "completed":
                return self._library.workflow(handle.workflow).output.decode(row.output or "")  # type: ignore[no-any-return]
            if row.status in rows.ENDED:
                error = failure.RecordedError.read(row.error or json.dumps({"type": row.status}))
                raise StepFailed(step=handle.id, error_type=error.type, message=error.message)
            await self.engine.something_happens(row.key, pause)
            pause = min(pause * 2, LAST_LOOK_SECONDS)

    async def idle(self) -> None:
        """Wait until nothing is being executed or due here, and every run started here has ended or waits.

        Runs started here are waited for wherever they are executed; what other workers took besides is theirs. A step
        that is tried again in a while is waited for, and no run that begins later.

        Raises:
            StoreError: this process gave up because the store cannot be used; runs may be left as they are.
            Misuse: a step of a run asks that this orchestrator executes, which would wait for itself.
        """
        if (asks := self._executed_here_by_whoever_asks()) is not None:
            raise Misuse(f"run {asks!r} waits for idle(), which waits for that run: call it outside of runs")
        pause = FIRST_LOOK_SECONDS
        while True:
            while not await self.engine.worker.is_idle():
                pause = FIRST_LOOK_SECONDS
            if not self.engine.started.in_flight():
                if not self.engine.rolling.challengers.at_work:
                    return
                await self.engine.rolling.challengers.ended()
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_LOOK_SECONDS)

    def _executed_here_by_whoever_asks(self) -> str | None:
        """Return the run whose step or workflow this is called by, if it is being executed here."""
        self.engine.writer.require_its_loop()
        strands = current_strands()
        if strands is None:
            return None
        return next((each.claimed.id for each in self.engine.worker.active.values() if each.strands is strands), None)

    async def settled(self, *, patience_seconds: float | None = None) -> bool:
        """Wait until nothing moves here any more unless time passes, or somebody answers, sends or starts something.

        What waits for the clock, such as a delay between two attempts, keeps an engine from being idle and is settled
        all the same. Bodies at work are waited for: without end, or until nothing but them has moved for
        ``patience_seconds`` of real time. Returns whether no body is at work.

        Raises:
            StoreError: this process gave up because the store cannot be used; runs may be left as they are.
        """
        if patience_seconds is not None and not is_seconds(patience_seconds):
            raise Misuse(f"settled(patience_seconds={patience_seconds!r}): give seconds, 0 or more, or None")
        while True:
            engine = self.engine
            settled = await engine.settled(patience_seconds)
            if engine.worker.is_open:
                if not engine.rolling.challengers.at_work:
                    return settled
                await engine.rolling.challengers.ended()
                continue
            await asyncio.sleep(FIRST_LOOK_SECONDS)

    async def failed(self) -> None:
        """Wait until the store cannot be used any more; returns only by raising.

        Raises:
            StoreError: what happened to the store.
        """
        while True:
            self.engine.check()
            await asyncio.sleep(LAST_LOOK_SECONDS)
