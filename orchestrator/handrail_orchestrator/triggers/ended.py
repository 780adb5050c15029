"""The end of a run as a trigger: each starts a run of another workflow, once, in the order in which they came."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from handrail_orchestrator.errors import Misuse, OrchestratorError, UnknownRun, WrongState
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.store.rows import ENDED, RunStatus
from handrail_orchestrator.store.starts import Fire
from handrail_orchestrator.store.triggers import RunEnd, TriggerEvent
from handrail_orchestrator.triggers.making import InputMaker
from handrail_orchestrator.triggers.named import NamedTrigger
from handrail_orchestrator.triggers.port import AwaitedEnds, ByHand, TriggerHost
from handrail_orchestrator.workflow import AnyWorkflow

LOOK_SECONDS = 0.25
TAKEN_AT_ONCE = 100
MOST_IN_A_CHAIN = 20
"""Runs that start each other by their ends; one more is a circle that nobody saw, or as bad as one."""

_log = logging.getLogger("handrail.triggers")


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended; the input of a workflow that ``on`` starts."""

    id: str
    workflow: str
    version: int
    status: str
    """How it ended: ``completed``, ``failed``, ``cancelled`` or ``set_aside``."""
    ended: float
    """In seconds since the epoch."""
    input: JsonValue = None
    output: JsonValue = None
    """Its result; None unless it completed."""
    error: str | None = None
    """What ended it without a result."""


def on(
    workflow: AnyWorkflow | str,
    status: RunStatus | Sequence[RunStatus] = "completed",
    *,
    start: AnyWorkflow,
    make_input: Callable[[EndedRun], Any] | None = None,
    name: str | None = None,
) -> "OnEnd":
    """Start a run of a workflow for each run of another that ends: ``on(order, "failed", start=apologize)``.

    Each end counts once, in the order in which they came, those included that came while nobody worked; a run that is
    retried and ends again has two. Ends count from the moment that an orchestrator on the store was first given the
    trigger. Runs that start each other for ever are refused, and a chain of more than 20 is cut off.

    Args:
        workflow: whose runs are waited for, all its versions; its name is enough.
        status: how they end: ``completed``, ``failed``, ``cancelled`` or ``set_aside``, or several of these.
        start: what is started. Its input is an ``EndedRun``, or what ``make_input`` makes of one.
        make_input: makes the input of an ended run.
        name: what the memory of ends belongs to.

    Raises:
        InvalidWorkflow: the workflow cannot be given an ended run.
        Misuse: a status is none of an ended run, or the workflow would start itself.
    """
    watched = workflow if isinstance(workflow, str) else workflow.name
    statuses: tuple[RunStatus, ...] = (status,) if isinstance(status, str) else tuple(status)
    wrong = [each for each in statuses if each not in ENDED]
    if wrong or not statuses:
        told = f"{wrong[0]!r} is no status of a run that has ended" if wrong else "give at least one status"
        raise Misuse(f"on({watched!r}): {told}; there are {', '.join(ENDED)}")
    maker = InputMaker(start, make_input, call="on", noun="an ended run")
    if watched == start.name:
        raise Misuse(f"on({watched!r}, start={watched!r}): the workflow would start itself for ever: start another one")
    maker.check(EndedRun("run", watched, 1, statuses[0], 0.0))
    return OnEnd(
        name or f"on:{watched}:{'+'.join(statuses)}:{start.name}", start, AwaitedEnds(watched, statuses), maker
    )


class OnEnd(NamedTrigger):
    """Ends of runs that start runs; see ``on``."""

    kind = "on"

    def __init__(self, name: str, workflow: AnyWorkflow, awaits: AwaitedEnds, maker: InputMaker[EndedRun]) -> None:
        super().__init__(name, workflow)
        self._awaits = awaits
        self._maker = maker
        self._closed = False

    @property
    def awaits(self) -> AwaitedEnds:
        """Return the ends of runs that it waits for."""
        return self._awaits

    @property
    def says(self) -> str:
        """Return whose end it waits for."""
        return f"{self._awaits.workflow} ends {' or '.join(self._awaits.statuses)}"

    async def watch(self, host: TriggerHost) -> None:
        """Fire for each end, until it is closed or cancelled."""
        self._closed = False
        while not self._closed:
            if not await self._look(host):
                await host.until(None, at_most=LOOK_SECONDS)

    async def _look(self, host: TriggerHost) -> bool:
        """Fire for the next ends; returns whether there may be more."""
        if host.standing(self).paused is not None:
            return False
        ends = host.run_ends(self, limit=TAKEN_AT_ONCE)
        taken = []
        for end in ends:
            fire, event = self._for(host, end)
            taken.append(host.take_end(self, end.number, fire, event))
        # all at once: the store is given them in this order, and takes them in few transactions
        done = await asyncio.gather(*taken)
        return any(done)

    def _for(self, host: TriggerHost, end: RunEnd) -> tuple[Fire | None, TriggerEvent | None]:
        """Return what an end starts, or what the history says in its place."""
        run = host.ended_run(end)
        if run is None:
            return None, TriggerEvent(host.now(), "refused", f"@{end.number}", None, None, "the run was deleted since")
        key = f"{run.id}@{end.number}"
        if host.chain(run.id, most=MOST_IN_A_CHAIN) >= MOST_IN_A_CHAIN:
            problem = f"{MOST_IN_A_CHAIN} runs have started each other by their ends: it goes round in a circle"
            _log.error("%s starts nothing for the end of %s: %s", self.name, run.id, problem)
            return None, TriggerEvent(host.now(), "refused", key, None, None, problem)
        try:
            value = self._maker(_ended(run, end.status, end.at))
            return host.occurrence(self, key, value, run_id=f"{self.workflow.name}:{key}"), None
        except OrchestratorError as error:  # the input cannot be made: that is said, and the next one comes
            _log.error("%s starts nothing for the end of %s: %s", self.name, run.id, error)
            return None, TriggerEvent(host.now(), "refused", key, None, None, str(error))

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Start a run for the end of a run that is named."""
        if not isinstance(wish.payload, str):
            raise Misuse(f"{self.name} is fired by hand with the id of a run that ended, as a JSON text")
        run = host.run(wish.payload)
        if run.workflow != self._awaits.workflow:
            raise UnknownRun(wish.payload)
        if run.ended is None:
            raise WrongState(f"run {run.id!r} has not ended")
        value = self._maker(_ended(run, run.status, run.ended))
        await host.fire(self, wish.key, value, run_id=f"{self.workflow.name}:{run.id}@{wish.key}", by=wish.actor)

    async def close(self) -> None:
        """Take no further end."""
        self._closed = True


def _ended(run: RunRecord, status: RunStatus, at: float) -> EndedRun:
    error = None if run.error is None else str(run.error)
    return EndedRun(run.id, run.workflow, run.version, status, at, run.input, run.output, error)
