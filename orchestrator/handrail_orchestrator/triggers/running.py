"""Running triggers beside an engine: each in a task of its own, begun again when it fails."""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from handrail_ground.text import harmless
from handrail_orchestrator.embedded.escapes import awaited, problem_of
from handrail_orchestrator.errors import OrchestratorError, StoreError
from handrail_orchestrator.store.triggers import AskRow, CloseAsk, DeclareTrigger, TriggerEvent
from handrail_orchestrator.triggers.host import EngineHost
from handrail_orchestrator.triggers.port import ByHand, Trigger

AGAIN_SECONDS = 5.0
"""After how long a trigger that failed is begun again."""
GRACE_SECONDS = 5.0
"""How long a trigger may go on with what it has in hand when it is closed; what it leaves is taken by the next one."""
ASKED_SECONDS = 0.5
"""How often is looked for what people want to be fired."""

_log = logging.getLogger("handrail.triggers")


class Running:
    """The triggers of one orchestrator, at work."""

    def __init__(self, triggers: Sequence[Trigger], host: EngineHost) -> None:
        self._triggers = triggers
        self._host = host
        self._tasks: list[asyncio.Task[None]] = []
        self._asked: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def begin(self) -> None:
        """Say in the store what they are, and let them watch.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._triggers:
            return
        by_name = sorted(self._triggers, key=lambda each: each.name)
        for name, same in groupby(by_name, key=lambda each: each.name):
            await self._host.change(_declared(name, list(same), self._host.now()))
        self._tasks = [asyncio.create_task(self._watched(each), name=each.name) for each in self._triggers]
        await asyncio.sleep(0)  # each has begun before it can be closed
        await self._grant_open()
        self._asked = asyncio.create_task(self._grant(), name="triggers by hand")

    async def end(self) -> None:
        """Let them finish what they have in hand, and end them."""
        if self._asked is not None:
            self._asked.cancel()
        self._closing.set()
        if not self._tasks:
            return
        for trigger in self._triggers:
            try:
                await awaited(trigger.close, (), {})
            except Exception as error:  # noqa: BLE001 -- the others have to be closed, and runs handed back
                _log.error("trigger %s could not be closed: %s", trigger.name, problem_of(error), exc_info=error)
        await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watched(self, trigger: Trigger) -> None:
        while not self._closing.is_set():
            try:
                await awaited(trigger.watch, (self._host,), {})
            except Exception as error:  # noqa: BLE001 -- whatever it was, what comes later must not be missed
                _log.error("trigger %s failed, and is begun again: %s", trigger.name, problem_of(error), exc_info=error)
            else:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), AGAIN_SECONDS)

    async def _grant(self) -> None:
        while True:
            await asyncio.sleep(ASKED_SECONDS)
            await self._grant_open()

    async def _grant_open(self) -> None:
        """Fire what people want to be fired."""
        names = {each.name for each in self._triggers}
        try:
            for ask in self._host.asks(sorted(names)):
                await self._grant_one(ask)
        except OrchestratorError as error:
            _log.warning("what people want to be fired cannot be read, and is looked for again: %s", error)

    async def _grant_one(self, ask: AskRow) -> None:
        wish = ByHand(f"hand:{ask.id}", ask.actor, None if ask.payload is None else json.loads(ask.payload))
        refusal = None
        for trigger in self._triggers:
            if trigger.name != ask.trigger:
                continue
            try:
                await awaited(trigger.by_hand, (self._host, wish), {})
            except StoreError:
                raise
            except OrchestratorError as error:
                refusal = str(error)
            except Exception as error:  # noqa: BLE001 -- a trigger of somebody's own may raise whatever it likes
                refusal = problem_of(error)
        event = None
        if refusal is not None:
            event = TriggerEvent(self._host.now(), "refused", wish.key, None, ask.actor, harmless(refusal))
        await self._host.change(CloseAsk(ask.id, event))


def _declared(name: str, same: Sequence[Trigger], now: float) -> DeclareTrigger:
    first = same[0]
    says = " · ".join(dict.fromkeys(each.says for each in same))
    awaits = first.awaits
    return DeclareTrigger(
        name,
        first.kind,
        first.workflow.name,
        says,
        now,
        first.begins_at(now),
        None if awaits is None else awaits.workflow,
        () if awaits is None else awaits.statuses,
    )
