"""Threads that nobody waits for: a function that never comes back holds up neither the others nor the end."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

from typing_extensions import override

from handrail_ground.errors import told
from handrail_orchestrator.forked import end_copy, this_process

P = ParamSpec("P")
T = TypeVar("T")

NAME: Final = "handrail-eval"

_IN_LOOP: Final = 32
"""What ``asyncio.to_thread`` runs side by side, as in any other event loop."""


class LostThread(RuntimeError):
    """What a plain function raised, where it would be mistaken for something else on its way."""


class Threads(Executor):
    """Runs plain functions side by side in daemon threads.

    A thread whose call was cancelled is given up: it no longer counts, and ends when its function does. Python waits
    for no such thread when the process ends.
    """

    def __init__(self, most: int | None = None) -> None:
        """``most``: how many functions run at once; None: as many as are given."""
        self._most = most
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._queued = 0
        self._idle = 0
        self._threads = 0
        """Those that work or wait for work; given up ones left out."""
        self._is_shut = False

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have a function called; the future holds what it returns or raises, whatever that is."""
        job = _Job(self, lambda: function(*args, **kwargs))
        with self._lock:
            if self._is_shut:
                raise RuntimeError("these threads are shut down; no function can be called in them")
            self._queued += 1
            self._jobs.put(job)
            self._grow()
        return job

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when their functions have; nobody waits for them."""
        with self._lock:
            self._is_shut = True
            for _ in range(self._threads):
                self._jobs.put(None)

    def give_up(self, job: "_Job") -> None:
        """Count one thread less, when it is at this job: its function does not come back."""
        with self._lock:
            if job.running() and not job.is_given_up:
                job.is_given_up = True
                self._threads -= 1
                self._grow()

    def _grow(self) -> None:
        if self._queued > self._idle and (self._most is None or self._threads < self._most):
            self._threads += 1
            self._idle += 1  # it waits for work from now on
            threading.Thread(target=self._work, name=NAME, daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._idle -= 1
                self._queued -= 1
            job.run()
            with self._lock:
                if job.is_given_up:
                    return
                self._idle += 1


class _Job(Future[Any]):
    """A function to call; cancelling it while it is called gives its thread up."""

    def __init__(self, threads: Threads, call: Callable[[], Any]) -> None:
        super().__init__()
        self.is_given_up = False
        self._owner = threads
        self._call: Callable[[], Any] | None = call

    def run(self) -> None:
        call, self._call = self._call, None
        if call is None or not self.set_running_or_notify_cancel():
            return
        original = this_process.generation
        try:
            result = call()
            end_copy(original)
        except StopIteration as error:  # a future of asyncio cannot hold one, and whoever awaits it would wait for ever
            lost = LostThread(f"the function raised {told(error)}")
            lost.__cause__ = error
            self.set_exception(lost)
        except BaseException as error:  # noqa: BLE001 -- the future carries it to whoever asked
            end_copy(original, error)
            self.set_exception(error)
        else:
            self.set_result(result)

    def cancel(self) -> bool:
        """Cancel the call, or give up its thread when it is being made."""
        if super().cancel():
            return True
        self._owner.give_up(self)
        return False


class LoopThreads(ThreadPoolExecutor):
    """The same as what an event loop takes for ``asyncio.to_thread``: it, too, is waited for when a loop is closed."""

    def __init__(self, most: int) -> None:
        super().__init__(most)  # it starts no thread before it is given work, which it never is
        self._given_to = Threads(most)

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Have a function called."""
        return self._given_to.submit(function, *args, **kwargs)

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when their functions have."""
        self._given_to.shutdown(wait=False)


async def leaving_threads(work: Coroutine[Any, Any, T]) -> T:
    """Await the main coroutine of an event loop, which from then on waits for no thread when it is closed."""
    asyncio.get_running_loop().set_default_executor(LoopThreads(_IN_LOOP))
    return await work
