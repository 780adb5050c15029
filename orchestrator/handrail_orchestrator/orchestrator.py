"""The orchestrator: a store, workflows and a worker in this process, wired in one place."""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from handrail_ground.optional import LaterModule, load_later_modules
from handrail_orchestrator.awaiting import Awaiting, RunHandle
from handrail_orchestrator.beginning import later, moment_of, start_of
from handrail_orchestrator.breaker import Breaker, checked_breakers
from handrail_orchestrator.chores import Chore, begin, ended
from handrail_orchestrator.client import Client, ClientParts
from handrail_orchestrator.clock import Clock, SystemClock
from handrail_orchestrator.dispatching import dispatch_of
from handrail_orchestrator.embedded.places import Whereabouts
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.embedded.signals import Signals, leave_after
from handrail_orchestrator.errors import Misuse, RunConflict, UnknownWorkflow
from handrail_orchestrator.limits import Limit, Limiters, checked_limits
from handrail_orchestrator.operating import StartedRun
from handrail_orchestrator.priority import check_priority
from handrail_orchestrator.retention import declared
from handrail_orchestrator.store import Durability, open_store
from handrail_orchestrator.store.address_text import is_server
from handrail_orchestrator.store.starts import Started, StartRun
from handrail_orchestrator.store_clock import StoreClock
from handrail_orchestrator.telemetry.caller import kept_of_caller
from handrail_orchestrator.texts import checked_new_id, checked_texts
from handrail_orchestrator.workflow import AnyWorkflow, Workflow, Workflows

if TYPE_CHECKING:
    from handrail_orchestrator import declaring
    from handrail_orchestrator.embedded import library
    from handrail_orchestrator.embedded.engine import EmbeddedEngine
    from handrail_orchestrator.notices.plan import Notices
    from handrail_orchestrator.rollout import versions
    from handrail_orchestrator.store.port import Store
    from handrail_orchestrator.telemetry.port import Telemetry
    from handrail_orchestrator.triggers import given, host
    from handrail_orchestrator.triggers import running as watching
    from handrail_orchestrator.triggers.port import Trigger
    from handrail_orchestrator.triggers.webhook import Hook
else:
    declaring = LaterModule("handrail_orchestrator.declaring")
    library = LaterModule("handrail_orchestrator.embedded.library")
    versions = LaterModule("handrail_orchestrator.rollout.versions")
    given = LaterModule("handrail_orchestrator.triggers.given")
    host = LaterModule("handrail_orchestrator.triggers.host")
    watching = LaterModule("handrail_orchestrator.triggers.running")

_log = logging.getLogger("handrail.worker")

In = TypeVar("In")
Out = TypeVar("Out")

OTHERS_TURN = 1_000
"""Inputs made ready in a row before others get the event loop."""


class Orchestrator(Client, Awaiting):
    """Executes workflows on a store; several processes may do so on one.

    Use it as ``async with Orchestrator("sqlite:///runs.db", workflows=[triage]) as orchestrator``. With ``triggers``,
    such as a ``folder``, it starts runs by itself inside the block. With ``chores``, such as ``[Retention]``, it does
    what each of them makes of this orchestrator now and again. With ``notices`` it tells people what happens.

    With an ``engine``, such as ``temporal://localhost:7233/default``, that says which of several processes executes
    which run; with a ``queue`` as well, this one executes only the steps that need a worker of that queue.

    Raises:
        InvalidWorkflow: a workflow cannot be executed as it is.
        NotStorable: an input, result or step of a workflow cannot be stored.
        StoreError: the store cannot be opened (when entered); see its subclasses.
    """

    def __init__(  # noqa: PLR0913 -- what it is made of, by name
        self,
        store: "str | Store",
        *,
        workflows: Sequence[AnyWorkflow],
        limits: Mapping[str, Limit] | None = None,
        systems: Mapping[str, Breaker] | None = None,
        settings: Settings = Settings(),
        durability: Durability = "power",
        clock: Clock | None = None,
        concurrency: int | None = None,
        triggers: "Sequence[Trigger]" = (),
        telemetry: "Telemetry | None" = None,
        chores: Sequence[Callable[[Client], Chore]] = (),
        notices: "Notices | None" = None,
        engine: str | None = None,
        queue: str | None = None,
    ) -> None:
        self._time = clock or (
            StoreClock() if engine is not None or (isinstance(store, str) and is_server(store)) else SystemClock()
        )
        super().__init__(store, clock=self._time, create=True)
        self._given = tuple(workflows)
        self._workflows = Workflows(list(workflows))
        self._triggers = given.checked_triggers(triggers)
        for each in self._triggers:
            self._require(each.workflow)
        self._running: watching.Running | None = None
        self._chores = tuple(chores)
        self._notices = notices
        self._dispatch = dispatch_of(engine, queue)
        self._place = None if engine is None else Whereabouts(queue)
        self._beside: list[asyncio.Task[None]] = []
        self._limits = checked_limits(limits or {})
        self._telemetry = telemetry
        self._breakers = checked_breakers(systems or {})
        self._settings = settings.with_concurrency(concurrency)
        self._durability: Durability = durability
        self._library = library.Library(settings.hooks)
        if self._library.rolls_out:
            versions.require_versions(self._given)
        self._engine: EmbeddedEngine | None = None
        self._signals = Signals(self._terminate)
        self._closes_in_seconds = settings.grace_seconds
        self._stopping: asyncio.Task[bool] | None = None

    async def __aenter__(self) -> Self:
        """Open the store, sign on as a worker and go on with what is due."""
        await super().__aenter__()
        self._loop = asyncio.get_running_loop()
        self._stopping = None
        try:
            await self.remember_retention(declared(self._given))
            await declaring.declare_inputs(self._given, self.engine.store, self.engine.writer.ask)
            await self.engine.rolling.declare_versions(self.engine.writer.ask)
            if self._notices is not None:
                await self.outbox.declare(self._notices.declaration())
            self.engine.worker.sign_on()
            await self.engine.worker.dispatch.begin()
            self._signals.open()
            self._running = watching.Running(self._triggers, self._host())
            await self._running.begin()
            from handrail_orchestrator.notices.chores import telling  # noqa: PLC0415 -- only who works tells

            self._beside = begin([*(make(self) for make in self._chores), *telling(self.outbox, self._notices)])
        except BaseException:
            if self._engine is not None:
                await self._engine.close()
            self._engine = None
            await super().__aexit__(None, None, None)
            raise
        return self

    def _opened(self, address: "str | Store") -> ClientParts:
        """Open the store and make the parts that execute runs on it."""
        from handrail_orchestrator.embedded.checking import AnswerCheck  # noqa: PLC0415 -- loaded by who enters
        from handrail_orchestrator.embedded.engine import EmbeddedEngine  # noqa: PLC0415 -- as above
        from handrail_orchestrator.embedded.worker import LONGEST_CLOSE_SECONDS  # noqa: PLC0415 -- as above

        load_later_modules()  # here, where nothing is at work yet
        self._closes_in_seconds = self._settings.grace_seconds + LONGEST_CLOSE_SECONDS
        store = open_store(address, durability=self._durability) if isinstance(address, str) else address
        if isinstance(self._time, StoreClock):
            self._time.follow(store)
        self._engine = EmbeddedEngine(
            store,
            self._workflows,
            clock=self._time,
            library=self._library,
            limiters=Limiters(self._limits, self._time),
            settings=self._settings,
            telemetry=self._telemetry,
            breakers=self._breakers,
            dispatch=self._dispatch,
            place=self._place,
        )
        return ClientParts(store, self._engine.writer, AnswerCheck(self._library, self._workflows, store, self._time))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let steps in flight finish or stop, hand the runs back, and close the store."""
        hurried = False
        try:
            if self._engine is not None:
                hurried = await self._stop(self._engine)
        finally:
            self._signals.close()
            self._engine = None
            await super().__aexit__(kind, error, trace)
            if self._telemetry is not None:
                await asyncio.to_thread(self._telemetry.flush)
        if hurried:
            raise asyncio.CancelledError

    async def _stop(self, engine: "EmbeddedEngine") -> bool:
        if self._stopping is None:
            return await self._drain(engine)
        try:
            return await asyncio.shield(self._stopping)  # a signal has begun it
        except asyncio.CancelledError:
            self._stopping.cancel()
            return await self._stopping or True

    def _terminate(self) -> None:
        """Hand the runs back, then let the process end; called by the handler of a signal."""
        leave_after(self._closes_in_seconds)
        self._loop.call_soon_threadsafe(self._begin_to_stop)

    def _begin_to_stop(self) -> None:
        if self._engine is None or self._stopping is not None:
            self._signals.stopped()
            return
        _log.warning("told to end: handing %d runs back, then this process ends", len(self._engine.worker.active))
        self._stopping = self._loop.create_task(self._drain(self._engine))
        self._stopping.add_done_callback(lambda _: self._signals.stopped())

    async def _drain(self, engine: "EmbeddedEngine") -> bool:
        """Start nothing more, then hand every run back; returns whether somebody cancelled that meanwhile."""
        beside, self._beside = self._beside, []
        running, self._running = self._running, None
        try:
            await ended(beside)
            if running is not None:
                await running.end()
        except asyncio.CancelledError:
            await engine.close()
            return True
        return await engine.close()

    def _host(self) -> "host.EngineHost":
        def start(workflow: AnyWorkflow, value: object, run_id: str) -> StartRun:
            return self._start_change(workflow, value, run_id, execute=False)

        return host.EngineHost(self.engine, start)

    def hook(self, path: str) -> "Hook | None":
        """Return the webhook with a path, for whoever serves it; None: there is none."""
        from handrail_orchestrator.triggers.webhook import hook_at  # noqa: PLC0415 -- few have one

        return hook_at(self._triggers, path, self._host())

    def _ring(self) -> None:
        self.engine.ring()

    @property
    def workflows(self) -> tuple[AnyWorkflow, ...]:
        """Return the workflows that it executes."""
        return self._given

    @property
    def engine(self) -> "EmbeddedEngine":
        """Return the parts that execute runs; for tools that are built on them, such as ``handrail.testing``.

        Raises:
            Misuse: outside the block.
            StoreError: it gave up because the store cannot be used.
        """
        if self._engine is None:
            raise Misuse("use this Orchestrator inside its block: async with Orchestrator(...) as orchestrator:")
        self._engine.check()
        return self._engine

    # -- starting

    @overload
    async def start(
        self,
        workflow: Workflow[In, Out],
        value: In,
        *,
        id: str | None = None,
        by: str | None = None,
        priority: int = 0,
        at: datetime | None = None,
        after: timedelta | None = None,
    ) -> RunHandle[Out]: ...
    @overload
    async def start(
        self,
        workflow: str,
        value: Any = None,
        *,
        id: str | None = None,
        by: str | None = None,
        priority: int = 0,
        at: datetime | None = None,
        after: timedelta | None = None,
        version: int | None = None,
    ) -> StartedRun: ...
    async def start(  # noqa: PLR0913 -- as the two above
        self,
        workflow: Workflow[Any, Any] | str,
        value: Any = None,
        *,
        id: str | None = None,  # noqa: A002
        by: str | None = None,
        priority: int = 0,
        at: datetime | None = None,
        after: timedelta | None = None,
        version: int | None = None,
    ) -> RunHandle[Any] | StartedRun:
        """Start a run; recorded when this returns. The same id with the same input is the same run.

        It begins ``at`` a moment, which has its time zone, or ``after`` a while; its deadline counts from then.

        ``by`` is the person who starts it, if one does: a question with ``not_self`` is not for them. Of runs that are
        due, those of a higher ``priority`` (-100 to 100) are executed first; a child run has its parent's.

        Raises:
            UnknownWorkflow: this orchestrator was not given the workflow.
            NotStorable: the input does not fit its annotation.
            RunConflict: the id was started with another workflow or input.
            Misuse: the moment has no time zone, or both are given.
        """
        if isinstance(workflow, str):
            return await super().start(
                workflow, value, id=id, by=by, priority=priority, at=at, after=after, version=version
            )
        engine = self.engine
        if by is not None:
            self.must_be_allowed(by, "start")
        worker = engine.worker
        begins = None if at is None and after is None else moment_of(self.now(), at, after)
        execute = begins is None and worker.dispatch.has_room
        change = self._start_change(workflow, value, id, execute=execute, by=by, priority=priority)
        if begins is not None:
            change = later(change, begins)
        me = worker.id
        if execute:
            worker.dispatch.expect()
        asked = engine.writer.asked(change)
        try:
            started: Started = await asked
        except asyncio.CancelledError:
            worker.nobody_executes(change, asked)
            raise
        finally:
            if execute:
                worker.dispatch.arrived()
        if begins is None:  # until one begins that begins later, nobody waits for it
            engine.started.add([started.key])
        execution = None
        if started.new and execute and me == worker.id and not started.rests:
            execution = worker.execute(started.key, change)
        elif started.new:
            worker.wake()
        return RunHandle(change.id, started.new, self, workflow, execution)

    async def start_many(
        self, workflow: Workflow[In, Out], runs: Sequence[tuple[str | None, In]], *, priority: int = 0
    ) -> list[RunHandle[Out]]:
        """Start several runs, given as (id, input), in one transaction: all of them or none.

        Raises:
            UnknownWorkflow: this orchestrator was not given the workflow.
            NotStorable: an input does not fit its annotation; its id is named.
            RunConflict: an id appears twice, or was started with another workflow or input.
        """
        engine, changes = self.engine, list[StartRun]()
        for number, (run_id, value) in enumerate(runs):
            if number % OTHERS_TURN == OTHERS_TURN - 1:
                await asyncio.sleep(0)
            changes.append(self._start_change(workflow, value, run_id, execute=False, priority=priority))
        twice, times = Counter(change.id for change in changes).most_common(1)[0] if changes else ("", 0)
        if times > 1:
            raise RunConflict(twice, f"is given {times} times in one call", "give each run an id of its own")
        started: list[Started] = await engine.start_many(changes)
        engine.started.add(each.key for each in started)
        return [RunHandle(change.id, each.new, self, workflow) for change, each in zip(changes, started, strict=True)]

    def _start_change(
        self,
        workflow: AnyWorkflow,
        value: object,
        run_id: str | None,
        *,
        execute: bool,
        by: str | None = None,
        priority: int = 0,
    ) -> StartRun:
        self._require(workflow)
        checked_new_id(run_id)
        if by is not None:
            checked_texts(by=by)
        check_priority(priority)
        now = self.now()
        name = run_id if run_id is not None else uuid.uuid4().hex
        workflow = self.engine.rolling.version_for(workflow, name, value)
        encoded = self._library.workflow(workflow).input.encode(value)
        start = start_of(workflow, name, encoded, now=now, execute=execute, by=by, priority=priority)
        trace = kept_of_caller() if self._telemetry is None else self._telemetry.started(start)
        return start if trace is None else start._replace(trace=trace)

    def _require(self, workflow: AnyWorkflow) -> None:
        if workflow not in self._workflows:
            raise UnknownWorkflow(
                f"this orchestrator was not given workflow {workflow.name!r} version {workflow.version}:"
                " put it into Orchestrator(workflows=[...])"
            )
