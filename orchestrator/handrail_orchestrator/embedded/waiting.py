"""What a run waits for: people, events, timers and child runs, each by its own kind of wait."""

import weakref
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from handrail_guards.escalation import Escalation
from handrail_orchestrator import asked
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.embedded.detaching import check_policy
from handrail_orchestrator.embedded.telling import TellingRun
from handrail_orchestrator.embedded.wait_branches import WaitBranches
from handrail_orchestrator.embedded.waits import Waits
from handrail_orchestrator.embedded.wording import shown_beside
from handrail_orchestrator.event_keys import check_key
from handrail_orchestrator.given_time import checked_moment, checked_span, seconds_of
from handrail_orchestrator.run import Call
from handrail_orchestrator.texts import checked_keys, checked_new_id, checked_texts

_NONE: Mapping[str, float | None] = MappingProxyType({})


class WaitingRun(TellingRun):
    """The part of a run that waits."""

    _waits: Waits | None = None

    @property
    def waits(self) -> Waits:
        """What it waits for, made when that is first asked."""
        if self._waits is None:
            found = Waits(self.key, self.id, self.history, self.matching, self.equipment, weakref.ref(self))
            self._waits = found
        return self._waits

    @property
    def open_waits(self) -> Mapping[str, float | None]:
        """Return the waits that this execution ran into, with when each is due."""
        return _NONE if self._waits is None else self._waits.open

    @property
    def has_waited(self) -> bool:
        """Whether it may have open questions or child runs."""
        waits = self._waits
        return (waits is not None and (bool(waits.open) or waits.started_child)) or self.history.has_waits

    @property
    def item_timer(self) -> float | None:
        """When the first timer of the questions that it asked is over."""
        return None if self._waits is None else self._waits.item_timer

    @abstractmethod
    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk."""

    @abstractmethod
    def withdrawn(self, names: Sequence[str]) -> None:
        """Wait no more for these: another branch of ``run.first`` was over before."""

    @abstractmethod
    def in_round(self, name: str) -> str:
        """Return the name by which a step is known in whichever round."""

    def _branch(self) -> WaitBranches:
        return WaitBranches(self.history, self.equipment.clock)

    def ask(
        self,
        question: str,
        answer: object,
        *,
        name: str = "ask",
        context: object = None,
        escalate: Escalation = Escalation(),
        priority: int | None = None,
    ) -> Call[Any]:
        """Put a question to people, without any model."""
        codec = codec_for(answer, where=f"the answer to {question!r}")
        checked_texts(question=question)
        checked_keys(name=name, queue=escalate.queue)
        shown = shown_beside(question, context)
        if priority is not None:
            escalate = replace(escalate, priority=priority)
        own = self._name(name)
        return self._branch().human(own, self.waits.ask(own, name, codec, question, shown, escalate))

    def event(
        self, name: str, payload: object, *, within: timedelta | None = None, key: str | None = None
    ) -> Call[Any]:
        """Wait for the next event of that name sent to this run, or to whoever waits for its key."""
        codec = codec_for(payload, where=f"event {name!r}")
        checked_keys(name=name)
        if within is not None and not isinstance(within, timedelta):
            checked_span(within, f"run.event({name!r}): within")
        if key is not None:
            check_key(name, key)
        own = self._name(f"event:{name}")
        kept = name if key is None else asked.keyed_name(name, key)
        return self._branch().event(own, kept, codec, self.waits.event(own, name, codec, within, key))

    def sleep(self, duration: timedelta | float, *, name: str = "sleep") -> Call[None]:
        """Wait for a timedelta or that many seconds."""
        seconds = seconds_of(duration, "run.sleep: duration")
        wanted, clock = asked.sleep(seconds), self.equipment.clock
        own = self.own_name(name, "sleep")
        call = self.waits.timer(own, wanted, lambda: asked.end_of_sleep(clock.now(), seconds))
        return self._branch().timer(own, call)

    def sleep_until(self, when: datetime, *, name: str = "sleep") -> Call[None]:
        """Wait until a moment, which must carry its time zone."""
        checked_moment(when, "run.sleep_until: when")
        own = self.own_name(name, "sleep")
        return self._branch().timer(own, self.waits.timer(own, asked.sleep_until(when), when.timestamp))

    def child(
        self,
        workflow: Any,
        value: Any,
        /,
        *,
        id: str | None = None,  # noqa: A002
        name: str | None = None,
        policy: str = "wait",
    ) -> Call[Any]:
        """Start a run of another workflow and wait for its result, or do not."""
        checked_new_id(id)
        check_policy(policy)
        found = self._name(workflow.name) if name is None else self.own_name(name, "")
        call = self._child(found, workflow, value, id, policy)
        return self._branch().child(found, call) if policy == "wait" else call

    async def _child(self, name: str, workflow: Any, value: Any, given: str | None, policy: str) -> object:
        self.history.begun(name)
        bound = self.equipment.library.workflow(workflow)
        encoded = bound.input.encode(value)
        run_id = given or f"{self.id}/{self.in_round(name)}"
        row = self.history.find(name, "child")
        if row is not None:
            self.matching.input(row, encoded, bound.input.decode, "child")
            self.matching.child(row, bound.workflow.name, waits=policy == "wait")
            self.matching.child_run(row, run_id, given=given is not None)
        return await self.waits.child(name, bound, encoded, run_id, policy)
