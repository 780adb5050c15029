"""The parts of one embedded engine, made and joined in one place."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from handrail_orchestrator.embedded.batches import Batches
from handrail_orchestrator.embedded.body import Bodies
from handrail_orchestrator.embedded.carrying import carrier_of
from handrail_orchestrator.embedded.claiming import Claiming
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.outages import Outages
from handrail_orchestrator.embedded.places import Whereabouts
from handrail_orchestrator.embedded.presence import Presence
from handrail_orchestrator.embedded.promised import PromisedJudges
from handrail_orchestrator.embedded.rolling import Rolling
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.embedded.sharing import SharedLimits
from handrail_orchestrator.embedded.started import StartedRuns
from handrail_orchestrator.embedded.stillness import Stillness
from handrail_orchestrator.embedded.systems import Systems
from handrail_orchestrator.embedded.worker import Worker
from handrail_orchestrator.embedded.writer import Host, Writer
from handrail_orchestrator.errors import UnknownRun
from handrail_orchestrator.keeping import Files, staged
from handrail_orchestrator.store.changes import Change, StartMany
from handrail_orchestrator.store.claiming import TakeOver
from handrail_orchestrator.store.starts import Started, StartRun

if TYPE_CHECKING:
    from typing import BinaryIO

    from handrail_orchestrator.breaker import Breaker
    from handrail_orchestrator.clock import Clock
    from handrail_orchestrator.embedded.dispatch import MakeDispatch
    from handrail_orchestrator.embedded.execution import Execution
    from handrail_orchestrator.embedded.library import Library
    from handrail_orchestrator.errors import StoreError
    from handrail_orchestrator.limits import Limiters
    from handrail_orchestrator.store.files import KeepFile
    from handrail_orchestrator.store.port import Store
    from handrail_orchestrator.store.rows import RunRow
    from handrail_orchestrator.telemetry.port import Telemetry
    from handrail_orchestrator.workflow import Workflows


class EmbeddedEngine(Host):
    """What executes runs on one store, on the event loop that it is made in."""

    def __init__(  # noqa: PLR0913 -- what it is made of, by name
        self,
        store: "Store",
        workflows: "Workflows",
        *,
        clock: "Clock",
        library: "Library",
        limiters: "Limiters",
        settings: Settings,
        breakers: "Mapping[str, Breaker]",
        telemetry: "Telemetry | None" = None,
        dispatch: "MakeDispatch" = Claiming,
        place: Whereabouts | None = None,
    ) -> None:
        self.started = StartedRuns(store)
        """Runs that were started here and may be on their way elsewhere."""
        self.presence = Presence(store, clock, settings.lease_seconds, settings.crash_limit)
        self.writer = Writer(store, self)
        self._stillness = Stillness()
        systems = Systems(breakers, clock, self.writer)
        shared = limiters.shared = SharedLimits(store, self.writer, clock)
        self._bodies = Bodies(
            clock=clock, limiters=limiters, threads=settings.threads, hooks=settings.hooks, telemetry=telemetry,
            systems=systems,
        )  # fmt: skip
        self.rolling = Rolling(store, self.writer.add, clock.now, workflows.given if library.rolls_out else ())
        """How far steps are rolled out, and their challengers."""
        carriers = [carrier_of(each) for each in dict.fromkeys(each.name for each in workflows.given)]
        batches = Batches(store, self.writer, clock, workflows, carriers) if library.rolls_out else None
        equipment = Equipment(
            store=store,
            writer=self.writer,
            clock=clock,
            library=library,
            bodies=self._bodies,
            stillness=self._stillness,
            rolling=self.rolling,
            promises=PromisedJudges(store, library) if library.rolls_out else None,
            batches=batches,
            files=Files(store),
            telemetry=telemetry,
            systems=systems,
            outages=Outages(clock, self.writer),
            shared=shared,
            place=place,
        )
        self.worker = Worker(workflows, equipment, settings, self.presence, self._finished, dispatch)
        self.store = store
        self.clock = clock
        if batches is not None:
            batches.ring = self.ring
        self._crash_limit = settings.crash_limit
        self._watchers: dict[int, list[asyncio.Future[None]]] = {}
        self.writer.begin()

    def check(self) -> None:
        """Raise why this engine gave up, if it did.

        Raises:
            StoreError: what happened to the store.
        """
        if self.worker.failure is not None:
            raise self.worker.failure.with_traceback(None)  # or it would grow with each who asks

    def ring(self) -> None:
        """Look for what has just become due, here and in other processes."""
        self.worker.wake()
        self.presence.ring_others()

    async def start_many(self, runs: Sequence[StartRun]) -> list[Started]:
        """Record starts, all or none, and look for who executes them."""
        if not runs:
            return []
        started: list[Started] = await self.writer.ask(StartMany(runs))
        self.ring()
        return started

    async def stage(self, stream: "BinaryIO") -> "KeepFile":
        """Give a file's bytes to the store and return the change that keeps it.

        Raises:
            Misuse: it changed while it was read.
            OSError: it cannot be read.
        """
        return await staged(self.store, self.writer, stream, self.clock.now)

    def row(self, run_id: str) -> "RunRow":
        """Return a run as it is recorded.

        Raises:
            UnknownRun: there is none with this id.
        """
        row = self.store.run(run_id)
        if row is None:
            raise UnknownRun(run_id)
        return row

    async def close(self) -> bool:
        """Hand every run back; returns whether somebody cancelled that meanwhile."""
        try:
            self.rolling.challengers.close()
            return await self.worker.close()
        finally:
            self._bodies.close()

    # -- what the writer tells

    def is_alone(self) -> bool:
        """Return whether one run at most is executed."""
        return len(self.worker.active) <= 1

    def refused(self, change: Change, error: Exception) -> None:
        """Stop the run whose change the store refused."""
        self.worker.refused(change, error)

    def unheard(self, change: Change, reply: object) -> None:
        """Hand back what was started for somebody who does not wait any more."""
        self.worker.unheard(change, reply)

    def give_up(self, error: "StoreError") -> None:
        """Stop for good: the store cannot be written."""
        self.worker.give_up(error)

    def rested(self) -> None:
        """Let those look who wait until nothing moves."""
        self._stillness.changed()

    def tick(self) -> float:
        """Look after the store, in the writer's thread; return in how many seconds to do so again."""
        return self.worker.tick()

    # -- waiting for runs

    def _finished(self, execution: "Execution") -> None:
        if execution.status != "running":
            self.started.at_rest(execution.claimed.key)
        for future in self._watchers.get(execution.claimed.key, ()):
            if not future.done():
                future.set_result(None)

    async def something_happens(self, key: int, seconds: float) -> None:
        """Wait until an execution of the run is over here, or for a while."""
        future = asyncio.get_running_loop().create_future()
        self._watchers.setdefault(key, []).append(future)
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            watching = self._watchers[key]
            watching.remove(future)
            if not watching:
                del self._watchers[key]

    async def settled(self, patience_seconds: float | None) -> bool:
        """Wait until nothing moves here; see ``Orchestrator.settled``."""
        return await self._stillness.reached(self.worker, self.writer, patience_seconds=patience_seconds)

    # -- for rehearsals

    def crash(self) -> None:
        """Lose everything that is not recorded, as if the process had died, and sign on again."""
        me = next(each for each in self.store.workers() if each.id == self.worker.id)
        self.store.apply([TakeOver(me.id, me.beat, self.clock.now(), self._crash_limit)])
        self.worker.struck_off(me.id)
