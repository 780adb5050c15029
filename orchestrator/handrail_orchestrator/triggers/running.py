"""Running triggers beside an engine: each in a task of its own, begun again when it fails."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import BinaryIO

from handrail_orchestrator.embedded.engine import EmbeddedEngine
from handrail_orchestrator.store.changes import Fire, StartRun
from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.fired import Fired, NoteFired
from handrail_orchestrator.triggers.port import Trigger
from handrail_orchestrator.workflow import AnyWorkflow

AGAIN_SECONDS = 5.0
"""After how long a trigger that failed is begun again."""
GRACE_SECONDS = 5.0
"""How long a trigger may go on with what it has in hand when it is closed; what it leaves is taken by the next one."""

_log = logging.getLogger("handrail.triggers")

MakeStart = Callable[[AnyWorkflow, object, str], StartRun]


class EngineHost:
    """Starts runs on an engine."""

    def __init__(self, engine: EmbeddedEngine, start: MakeStart) -> None:
        self._engine = engine
        self._start = start

    async def stage(self, stream: BinaryIO) -> KeepFile:
        """Give a file's bytes to the store; see ``TriggerHost``."""
        return await self._engine.stage(stream)

    async def fire(
        self,
        trigger: Trigger,
        key: str,
        value: object,
        *,
        run_id: str,
        file: KeepFile | None = None,
        state: str = "fired",
    ) -> Fired:
        """Start the run of a key, once; see ``TriggerHost``."""
        change = Fire(trigger.name, key, self._start(trigger.workflow, value, run_id), file, state)
        fired: Fired = await self._engine.writer.ask(change)
        if fired.new:
            self._engine.ring()
        return fired

    async def note(self, trigger: Trigger, key: str, state: str) -> None:
        """Note how far the trigger is with a key."""
        await self._engine.writer.ask(NoteFired(trigger.name, key, state))


class Running:
    """The triggers of one orchestrator, at work."""

    def __init__(self, triggers: Sequence[Trigger], host: EngineHost) -> None:
        self._triggers = triggers
        self._tasks = [asyncio.create_task(_watched(each, host), name=each.name) for each in triggers]

    async def end(self) -> None:
        """Let them finish what they have in hand, and end them."""
        if not self._tasks:
            return
        for trigger in self._triggers:
            await trigger.close()
        await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _watched(trigger: Trigger, host: EngineHost) -> None:
    while True:
        try:
            await trigger.watch(host)
        except Exception as error:  # noqa: BLE001 -- whatever it was, what comes later must not be missed
            _log.error("trigger %s failed, and is begun again: %s", trigger.name, error, exc_info=error)
        else:
            return
        await asyncio.sleep(AGAIN_SECONDS)
