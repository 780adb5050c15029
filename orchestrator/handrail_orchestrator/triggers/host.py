"""Where triggers start runs: an engine with its store and its clock."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from handrail_ground.text import harmless
from handrail_orchestrator.errors import UnknownTrigger
from handrail_orchestrator.records.reading import run_record
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.fired import Fired, NoteFired
from handrail_orchestrator.store.starts import Fire, StartRun
from handrail_orchestrator.store.triggers import (
    Advance,
    AskRow,
    RunEnd,
    TakeEnd,
    TellTrigger,
    TriggerEvent,
    TriggerRow,
    TroubleTrigger,
)
from handrail_orchestrator.triggers.port import Trigger
from handrail_orchestrator.workflow import AnyWorkflow

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.engine import EmbeddedEngine

MakeStart: TypeAlias = Callable[[AnyWorkflow, object, str], StartRun]


class EngineHost:
    """Starts runs on an engine; see ``TriggerHost``."""

    def __init__(self, engine: "EmbeddedEngine", start: MakeStart) -> None:
        self._engine = engine
        self._store = engine.store
        self._clock = engine.clock
        self._start = start

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._clock.now()

    async def until(self, when: float | None, *, at_most: float) -> None:
        """Wait until a time, and not for long: clocks are set, and machines sleep."""
        reached = asyncio.Event()
        timer = None if when is None else self._clock.call_at(when, reached.set)
        try:
            async with asyncio.timeout(at_most):
                await reached.wait()
        except TimeoutError:
            return
        finally:
            if timer is not None:
                timer.cancel()

    def standing(self, trigger: Trigger) -> TriggerRow:
        """Return where a trigger stands."""
        row = self._store.trigger(trigger.name)
        if row is None:
            raise UnknownTrigger(trigger.name)
        return row

    async def stage(self, stream: BinaryIO) -> KeepFile:
        """Give a file's bytes to the store."""
        return await self._engine.stage(stream)

    async def change(self, change: Change) -> Any:
        """Write a change and return its reply."""
        return await self._engine.writer.ask(change)

    def asks(self, names: Sequence[str]) -> Sequence[AskRow]:
        """Return what people want to be fired."""
        return self._store.trigger_asks(names)

    def ended_run(self, end: RunEnd) -> RunRecord | None:
        """Return the run that ended; None: it was deleted since."""
        run_id = self._store.run_ids([end.run]).get(end.run)
        row = None if run_id is None else self._store.run(run_id)
        return None if row is None else run_record(row)

    def run(self, run_id: str) -> RunRecord:
        """Return a run.

        Raises:
            UnknownRun: there is none with this id.
        """
        return run_record(self._engine.row(run_id))

    def chain(self, run_id: str, *, most: int) -> int:
        """Return how many runs stand before one that triggers started for each other's end."""
        return self._store.fired_before(run_id, most=most)

    def occurrence(
        self,
        trigger: Trigger,
        key: str,
        value: object,
        *,
        run_id: str,
        alone: bool = False,
        reason: str | None = None,
    ) -> Fire:
        """Return the change that starts the run of a key."""
        start = self._start(trigger.workflow, value, run_id)
        return Fire(trigger.name, key, start, alone=alone, reason=reason)

    async def fire(  # noqa: PLR0913 -- as ``TriggerHost`` has it
        self,
        trigger: Trigger,
        key: str,
        value: object,
        *,
        run_id: str,
        files: Sequence[KeepFile] = (),
        state: str = "fired",
        by: str | None = None,
        reason: str | None = None,
    ) -> Fired:
        """Start the run of a key, once."""
        start = self._start(trigger.workflow, value, run_id)
        if by is not None:
            start = start._replace(started_by=by)
        fired: Fired = await self.change(Fire(trigger.name, key, start, files, state, actor=by, reason=reason))
        if fired.new:
            self._engine.ring()
        return fired

    async def note(self, trigger: Trigger, key: str, state: str) -> None:
        """Note how far the trigger is with a key."""
        await self.change(NoteFired(trigger.name, key, state))

    async def tell(self, trigger: Trigger, event: TriggerEvent) -> bool:
        """Put something into the trigger's history."""
        return bool(await self.change(TellTrigger(trigger.name, _storable(event))))

    async def trouble(self, trigger: Trigger, trouble: str | None) -> None:
        """Say why the trigger cannot look at present."""
        if self.standing(trigger).trouble != trouble:
            await self.change(TroubleTrigger(trigger.name, self.now(), trouble))

    async def advance(
        self,
        trigger: Trigger,
        standing: TriggerRow,
        looked: str,
        *,
        fires: Sequence[Fire] = (),
        events: Sequence[TriggerEvent] = (),
        pauses_over: float | None = None,
    ) -> list[Fired] | None:
        """Fire occurrences and note how far the trigger has looked."""
        told = [_storable(each) for each in events]
        change = Advance(trigger.name, standing.looked, looked, self.now(), fires, told, pauses_over)
        led: list[Fired] | None = await self.change(change)
        if led and any(each.new for each in led):
            self._engine.ring()
        return led

    def run_ends(self, trigger: Trigger, *, limit: int) -> Sequence[RunEnd]:
        """Return the ends of runs that the trigger has yet to look at."""
        return self._store.run_ends(trigger.name, limit=limit)

    async def take_end(self, trigger: Trigger, number: int, fire: Fire | None, event: TriggerEvent | None) -> bool:
        """Fire for the next end of a run, or say why not."""
        told = None if event is None else _storable(event)
        led: Fired | None = await self.change(TakeEnd(trigger.name, number, fire, told))
        if led is not None and led.new:
            self._engine.ring()
        return led is not None


def _storable(event: TriggerEvent) -> TriggerEvent:
    """Return an event with its reason as it can be kept and shown: it may repeat what came from outside."""
    return event if event.reason is None else event._replace(reason=harmless(event.reason))
