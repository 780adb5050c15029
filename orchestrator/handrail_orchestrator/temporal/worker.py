"""Temporal's SDK in a thread of its own: polls for runs, beats for those that are executed, tells of due ones.

Its event loop is not the one that executes runs, so that a body that holds that up loses its run only when the watchdog
says so. Nothing of the SDK outlives the thread: it crashes processes that end while it is at work.
"""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.store.claiming import Ring
from handrail_orchestrator.temporal import attributes
from handrail_orchestrator.temporal.address import TemporalAddress
from handrail_orchestrator.temporal.driver import ADVANCE, DRIVE, Advanced, Errand, RunDriver
from handrail_orchestrator.temporal.errors import TemporalRefused, TemporalStopped, in_our_words

_log = logging.getLogger("handrail.worker")

CONNECT_SECONDS = 15.0
TELL_SECONDS = 10.0
"""How long telling Temporal of one run may take."""
AT_ONCE = 50
"""Runs that Temporal is told of at once."""
DRAIN_SECONDS = 20.0
"""How long the SDK waits for executions that are being handed back; more than that takes."""
QUIET_SECONDS = 0.2
"""What the SDK's own threads are given to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQueues:
    """What a process takes from Temporal."""

    address: TemporalAddress
    versions: Sequence[tuple[str, int]]
    place: str | None
    """The queue of workers that this one is of; None: it executes what needs none."""
    concurrency: int
    heartbeat_seconds: float


class TemporalThread:
    """The thread; its methods are called on the event loop that executes runs."""

    def __init__(
        self,
        work: TaskQueues,
        advance: Callable[[str, bool], Awaitable[Advanced]],
        is_responsive: Callable[[], bool],
        on_stopped: Callable[[OrchestratorError], None],
    ) -> None:
        self._work = work
        self._advance = advance
        self._is_responsive = is_responsive
        self._on_stopped = on_stopped
        self._engine = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._stop = asyncio.Event()
        self._ends = False
        """Whether it was told to, be it before its event loop was there."""
        self._ready: Future[None] = Future()
        self._over: Future[None] = Future()
        self._room: asyncio.Semaphore
        self._shows = True
        """Whether the namespace knows our search attributes."""
        self._thread = threading.Thread(target=self._main, name="handrail-temporal", daemon=True)

    async def begin(self) -> None:
        """Connect and begin to poll.

        Raises:
            TemporalError: that is not possible.
        """
        self._thread.start()
        await _of(self._ready)

    async def tell(self, rings: Sequence[Ring], *, here: int) -> list[Ring]:
        """Tell Temporal of due runs; returns those of which it could not be told now.

        So many of the new ones are asked for at once, and begin in this process where it has room: the server answers
        with what is to be done, and hands round nothing, which takes all of them half the processor time.
        """
        if self._loop is None:
            return list(rings)
        try:
            told = asyncio.run_coroutine_threadsafe(self._tell_all(rings, here), self._loop)
        except RuntimeError:  # it has ended
            return list(rings)
        return await asyncio.wrap_future(told)

    def stop_polling(self) -> None:
        """Take no further run, and wait for no server; what is being executed may be answered for until ``ended``."""
        self._ends = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)

    async def ended(self) -> None:
        """Wait until Temporal knows what became of the runs, and the thread has ended."""
        self.stop_polling()
        if self._thread.ident is not None:
            await _of(self._over)
            await asyncio.to_thread(self._thread.join)

    # -- in the thread

    def _main(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 -- whatever ends the thread, nobody may wait for it for ever
            self._failed(error)
        finally:
            self._loop = None
            gc.collect()
            time.sleep(QUIET_SECONDS)
            self._over.set_result(None)

    def _failed(self, error: BaseException) -> None:
        ours = in_our_words(self._work.address, error if isinstance(error, Exception) else TemporalStopped(repr(error)))
        if not self._ready.done():
            self._ready.set_exception(ours.with_traceback(None))
        else:
            _log.error("%s", ours)
            self._engine.call_soon_threadsafe(self._on_stopped, ours)

    async def _serve(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        if self._ends:
            self._stop.set()
        stop = asyncio.create_task(self._stop.wait())
        self._client = client = await self._connected(stop)
        try:
            await attributes.register(client)
        except RPCError as error:
            self._shows = False
            _log.warning("Temporal's page will not show what runs wait for: %s", error)
        workers = self._workers(client)
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        self._ready.set_result(None)
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        self._client = None
        await self._nothing_told()
        await asyncio.gather(*(worker.shutdown() for worker in workers if not self._all_over(tasks)))
        del client, workers
        for task in tasks:
            await task
        tasks.clear()

    async def _connected(self, stop: "asyncio.Task[Any]") -> Client:
        """Connect, unless this is to end first.

        Raises:
            TemporalError: nobody answers, or says no; or nobody wants to know any more.
        """
        connecting = asyncio.create_task(connect(self._work.address))
        await asyncio.wait([stop, connecting], return_when=asyncio.FIRST_COMPLETED)
        if not connecting.done():
            connecting.cancel()
            await asyncio.wait([connecting])
            raise TemporalStopped("it is not connected to any more: this process ends")
        return connecting.result()

    def _all_over(self, tasks: "Sequence[asyncio.Task[None]]") -> bool:
        return all(task.done() for task in tasks)

    def _workers(self, client: Client) -> list[Worker]:
        work = self._work
        shared: dict[str, Any] = {
            "activities": [self._activity()],
            "max_concurrent_activities": work.concurrency,
            "max_concurrent_workflow_task_polls": 2,
            "max_concurrent_activity_task_polls": 2,
            "graceful_shutdown_timeout": timedelta(seconds=DRAIN_SECONDS),
            "workflow_runner": UnsandboxedWorkflowRunner(),
            # Named, since it would be a hash of every module that is loaded, read anew: half a second of each start.
            "build_id": f"handrail {version('handrail')}",
        }
        if work.place is None:
            shared["workflows"] = [RunDriver]
        queues = [work.address.task_queue(*each, work.place) for each in work.versions]
        return [Worker(client, task_queue=queue, **shared) for queue in queues]

    def _activity(self) -> Callable[[Errand], Awaitable[Advanced]]:
        @activity.defn(name=ADVANCE)
        async def advance(errand: Errand) -> Advanced:
            coroutine = self._execute(errand.run, anew=activity.info().attempt > 1)
            executed = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._engine))
            while not executed.done():
                await asyncio.wait([executed], timeout=errand.heartbeat_seconds / 4)
                if self._is_responsive():
                    activity.heartbeat()
            return executed.result()

        return advance

    async def _execute(self, run_id: str, *, anew: bool) -> Advanced:
        """Execute a run as far as it goes, on the event loop of the engine."""
        try:
            advanced = await self._advance(run_id, anew)
        except OrchestratorError as error:
            raise ApplicationError(str(error), type=type(error).__name__) from None
        return advanced if self._shows else Advanced(advanced.status, advanced.due_in, advanced.place)

    async def _nothing_told(self) -> None:
        """Wait until nothing more is being told: what a worker gets in an answer while it shuts down, it waits for."""
        for _ in range(AT_ONCE):
            await self._room.acquire()

    async def _tell_all(self, rings: Sequence[Ring], here: int) -> list[Ring]:
        new = {ring.id for ring in [each for each in rings if each.is_new][:here]}
        told = await asyncio.gather(*(self._tell(ring, starts=ring.id in new) for ring in rings))
        return [ring for ring, is_told in zip(rings, told, strict=True) if not is_told]

    async def _tell(self, ring: Ring, *, starts: bool) -> bool:
        async with self._room:
            client = self._client
            if client is None:  # no more is told
                return False
            try:
                if not starts or not await self._started_here(client, ring):
                    await self._rung(client, ring)
            except (RPCError, RuntimeError, OSError) as error:
                _log.debug("Temporal cannot be told of run %s now: %s", ring.id, error)
                return False
        return True

    async def _started_here(self, client: Client, ring: Ring) -> bool:
        """Start what drives a run, here if there is room; False: it has been started."""
        try:
            await client.start_workflow(**self._drive(ring), request_eager_start=True)
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _rung(self, client: Client, ring: Ring) -> None:
        """Ring what drives a run, started if it is not."""
        await client.start_workflow(**self._drive(ring), start_signal="ring")

    def _drive(self, ring: Ring) -> dict[str, Any]:
        address = self._work.address
        return {
            "workflow": DRIVE,
            "arg": Errand(ring.id, self._work.heartbeat_seconds),
            "id": address.workflow_id(ring.id),
            "task_queue": address.task_queue(ring.workflow, ring.version),
            "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            "search_attributes": self._attributes(ring),
            "rpc_timeout": timedelta(seconds=TELL_SECONDS),
        }

    def _attributes(self, ring: Ring) -> TypedSearchAttributes:
        if not self._shows:
            return TypedSearchAttributes.empty
        pairs = attributes.first_shown(ring.workflow).items()
        return TypedSearchAttributes(
            [SearchAttributePair(SearchAttributeKey.for_keyword(name), text) for name, text in pairs]
        )


async def _of(future: "Future[None]") -> None:
    """Wait for what the thread says; whoever waits may stop waiting, and the thread says it all the same."""
    said = asyncio.wrap_future(future)
    said.add_done_callback(
        lambda each: None if each.cancelled() else each.exception()
    )  # also when nobody waits by then
    await asyncio.shield(said)


async def connect(address: TemporalAddress) -> Client:
    """Connect to a namespace, with keys and certificates from the environment.

    Raises:
        TemporalError: nobody answers, or says no.
    """
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest  # noqa: PLC0415 -- large

    given = {**_given(), "target_host": address.target, "namespace": address.namespace}
    client: Client | None = None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await Client.connect(**given)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=address.namespace))
    except TimeoutError:
        failure = in_our_words(address, ConnectionError(f"no connect within {CONNECT_SECONDS:g} s"))
    except (RPCError, RuntimeError, OSError) as error:
        failure = in_our_words(address, error)
    else:
        return client
    client = None  # an error that goes elsewhere must not take it there: it may be let go of in this thread only
    raise failure


def _given() -> dict[str, Any]:
    """Return the keys, certificates and headers that the environment or a profile says.

    Raises:
        TemporalRefused: they cannot be used.
    """
    try:
        return {**ClientConfig.load_client_connect_config()}
    except Exception as error:
        problem = f"what the environment says of Temporal (TEMPORAL_…) cannot be used: {str(error).strip()}"
        raise TemporalRefused(problem) from error
