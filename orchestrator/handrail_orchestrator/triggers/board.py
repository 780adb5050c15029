"""The triggers of a store, from any process: looked at, paused, resumed, and fired by hand."""

import json
from typing import TYPE_CHECKING, Any

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import Misuse, NotStorable, UnknownTrigger
from handrail_orchestrator.holder import StoreChanger
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.records import trigger as records
    from handrail_orchestrator.records.trigger import TriggerRecord
    from handrail_orchestrator.store import triggers as changes
    from handrail_orchestrator.store.triggers import TriggerEvent
else:
    records = LaterModule("handrail_orchestrator.records.trigger")
    changes = LaterModule("handrail_orchestrator.store.triggers")

SHOWN_EVENTS = 100


class TriggerBoard(StoreChanger):
    """Reads and changes the triggers of a store; ``Client`` is one."""

    def triggers(self) -> "Sequence[TriggerRecord]":
        """Return every trigger that an orchestrator on this store was given, by name."""
        return [records.TriggerRecord.of(state) for state in self._open_store.triggers()]

    def trigger_history(self, name: str, *, limit: int = SHOWN_EVENTS) -> "Sequence[TriggerEvent]":
        """Return what happened to a trigger, newest first: what it fired, what it did not and why, who paused it.

        Raises:
            UnknownTrigger: there is none of this name.
        """
        self._must_know(name)
        if limit < 1:
            raise Misuse(f"limit is {limit}: give 1 or more")
        return self._open_store.trigger_history(name, limit=limit)

    async def pause_trigger(self, name: str, *, by: str | None = None, why: str | None = None) -> bool:
        """Let a trigger fire nothing, in whatever process, from now on; returns whether it fired before.

        Files, mails and ended runs wait for it to be resumed; times that pass are not caught up; whoever calls a
        webhook is told to come again.

        Raises:
            NotAllowed: this person may not.
            UnknownTrigger: there is none of this name.
        """
        checked_texts(name=name, why=why)
        actor = self._actor(by)
        return bool(await self._change(changes.PauseTrigger(name, self.now(), actor, why)))

    async def resume_trigger(self, name: str, *, by: str | None = None, why: str | None = None) -> bool:
        """Let a trigger fire again; returns whether it was paused.

        Raises:
            NotAllowed: this person may not.
            UnknownTrigger: there is none of this name.
        """
        checked_texts(name=name, why=why)
        return bool(await self._change(changes.ResumeTrigger(name, self.now(), self._actor(by), why)))

    async def fire_trigger(
        self, name: str, *, by: str | None = None, payload: Any = None, why: str | None = None
    ) -> str:
        """Ask the process that runs a trigger to fire it now; returns the key that its history will say it under.

        A schedule starts a run for now, a folder or a mailbox is looked into. ``payload`` is what a webhook is fired
        with, as JSON data, and the id of the run for a trigger that waits for the end of runs.

        Raises:
            NotAllowed: this person may not.
            UnknownTrigger: there is none of this name.
            WrongState: it is paused.
        """
        checked_texts(name=name, why=why)
        actor = self._actor(by)
        try:
            data = None if payload is None else json.dumps(payload, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise NotStorable(where=f"trigger {name!r}, what it is fired with", problem=str(error)) from error
        checked_texts(payload=data)
        return f"hand:{await self._change(changes.AskToFire(name, self.now(), actor, data, why))}"

    async def forget_trigger(self, name: str, *, by: str | None = None) -> bool:
        """Strike a trigger off the list that no code has any more; what it fired stays known. Returns whether it was.

        An orchestrator that is given it lists it again when it begins.

        Raises:
            NotAllowed: this person may not.
        """
        checked_texts(name=name)
        self._actor(by)
        return bool(await self._change(changes.ForgetTrigger(name, self.now())))

    def _actor(self, by: str | None) -> str | None:
        self.must_be_allowed(by, "start")
        return None if by is None else f"person:{by}"

    def _must_know(self, name: str) -> None:
        checked_texts(name=name)
        if self._open_store.trigger(name) is None:
            raise UnknownTrigger(name)
