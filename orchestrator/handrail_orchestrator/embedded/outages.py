"""Which models are down, as this process knows it: one that is at rest costs the steps that ask it nothing."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from handrail_guards.model_circuits import CircuitRule, Passage, Said, Way
from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.writer import Writer
from handrail_orchestrator.errors import OrchestratorError, StoreError
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.model_circuits import MODEL, EnterModel, LeaveModel

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN_SECONDS = 1.0
"""For how long a model that is down is passed over without asking the store again."""
PROBE_SPANS = 10
"""How long a call of this process that tries holds up its others, in times of ``probe_after_seconds``."""


class Outages:
    """Asks the store about models that have failed lately, and tells it of outages."""

    def __init__(self, clock: Clock, writer: Writer) -> None:
        self.failing: frozenset[str] = frozenset()
        """Those that have failed lately among systems that have, as of the last look at the store."""
        self.changed: Callable[[], None] = lambda: None
        """Called when others have to look: a model went down, or is back."""
        self._clock = clock
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._known: dict[str, tuple[float, float, Passage]] = {}
        """Models that are passed over: since and until when that is known, and why."""

    def of(self, run: int) -> "RunCircuits":
        """Return what the code of one run asks."""
        return RunCircuits(self, run)

    async def enter(self, model: str, run: int, rule: CircuitRule) -> Passage:
        """Return what a call may do; from any event loop."""
        if MODEL + model not in self.failing:
            return Passage("go")
        here = asyncio.get_running_loop()
        if here is self._loop:
            return await self._enter(model, run, rule)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._enter(model, run, rule), self._loop))

    async def _enter(self, model: str, run: int, rule: CircuitRule) -> Passage:
        now = self._clock.now()
        since, until, passage = self._known.get(model, (0.0, 0.0, Passage("go")))
        if since <= now < until and passage.failures >= rule.failures:
            return passage
        try:
            entered: Passage = await self._writer.ask(EnterModel(model, run, rule, now))
        except OrchestratorError:  # whoever cannot reach the store records nothing either: its run stops by itself
            return Passage("go")
        except asyncio.CancelledError:  # it may have been the one that tries
            self.left(model, run, rule, "nothing", "", "probe")
            raise
        if entered.way == "probe":  # the others of this process know it without asking
            until = now + PROBE_SPANS * rule.probe_after_seconds
            self._known[model] = now, until, Passage("pass_over", entered.failures, entered.last)
        elif entered.way == "pass_over":
            seconds = KNOWN_SECONDS if entered.seconds is None else min(KNOWN_SECONDS, entered.seconds)
            self._known[model] = now, now + seconds, entered
        return entered

    def left(self, model: str, run: int, rule: CircuitRule, said: Said, last: str, way: Way) -> None:
        """Take note of what a call came to; from any thread."""
        if way == "go" and said != "outage" and MODEL + model not in self.failing:
            return
        change = LeaveModel(model, run, rule, self._clock.now(), said, last, way)
        with suppress(RuntimeError):  # the loop is closed: nobody is told any more
            if asyncio.get_running_loop() is self._loop:
                self._tell(change)
            else:
                self._loop.call_soon_threadsafe(self._tell, change)

    def _tell(self, change: LeaveModel) -> None:
        if change.said == "outage":
            self.failing |= {MODEL + change.model}
        if change.way == "probe" or change.said == "reached":
            self._known.pop(change.model, None)
        with suppress(StoreError):  # it is closed
            self._asked(change)

    def _asked(self, change: Change) -> None:
        def look(future: asyncio.Future[bool]) -> None:
            if not future.cancelled() and future.exception() is None and future.result():
                self.changed()

        self._writer.asked(change).add_done_callback(look)


class RunCircuits:
    """The models' outages, for the code of one run."""

    def __init__(self, outages: Outages, run: int) -> None:
        self.is_open = True
        """Until its execution is over."""
        self._outages = outages
        self._run = run

    async def enter(self, model: str, rule: CircuitRule) -> Passage:
        """Return what a call may do."""
        return await self._outages.enter(model, self._run, rule)

    def left(self, model: str, rule: CircuitRule, said: Said, last: str, way: Way) -> None:
        """Take note of what a call came to."""
        self._outages.left(model, self._run, rule, said, last, way)

    def close(self) -> None:
        """Know nothing more: what goes on of this run knows of its own outages alone."""
        self.is_open = False
