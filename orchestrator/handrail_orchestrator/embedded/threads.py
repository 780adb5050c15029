"""Threads for plain bodies: one whose body nobody waits for any more is replaced, and none holds up the exit."""

import asyncio
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_log = logging.getLogger("handrail.steps")

_numbers = itertools.count()


class _Job:
    """One call, and who waits for it."""

    __slots__ = ("begun", "call", "done", "future", "left", "loop", "name")

    def __init__(self, call: Callable[[], Any], name: str) -> None:
        self.call = call
        self.name = name
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.begun = self.done = self.left = False

    def run(self) -> tuple[Any, BaseException | None]:
        try:
            return self.call(), None
        except BaseException as error:  # noqa: BLE001 -- it belongs to whoever waits
            return None, error

    def deliver(self, result: object, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class BodyThreads:
    """Up to a number of calls at once, those left behind not counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ready = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._threads = 0
        self._idle = 0
        self._left = 0
        self._closed = False

    async def call(self, function: Callable[[], Any], *, name: str) -> Any:
        """Call in a thread and return its result; ``name`` says in the log whose call it is.

        The exception of a call must be one that a future can carry: no ``StopIteration``.
        """
        job = _Job(function, name)
        with self._ready:
            self._jobs.append(job)
            self._serve()
        try:
            return await job.future
        except asyncio.CancelledError:
            self._leave(job)
            raise

    def _serve(self) -> None:
        if self._idle:
            self._ready.notify()
        if len(self._jobs) > self._idle and self._threads < self._most:
            threading.Thread(target=self._work, name=f"handrail-step_{next(_numbers)}", daemon=True).start()
            self._threads += 1

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._jobs:
                    if self._closed:
                        self._threads -= 1
                        return
                    self._idle += 1
                    self._ready.wait()
                    self._idle -= 1
                job = self._jobs.popleft()
                job.begun = True
            result, error = job.run()
            with self._ready:
                job.done = True
                if job.left:  # another thread has taken this one's place
                    self._left -= 1
                    return
            with suppress(RuntimeError):  # the loop is closed, and whoever waited is gone
                job.loop.call_soon_threadsafe(job.deliver, result, error)
            del job, result, error

    def _leave(self, job: _Job) -> None:
        with self._ready:
            if job.done:
                return
            if not job.begun:
                self._jobs.remove(job)
                return
            job.left = True
            self._threads -= 1
            self._left += 1
            left = self._left
            if self._jobs:
                self._serve()
        _log.warning(
            "%s goes on in its thread although nobody waits for it: a thread cannot be stopped, so its body should"
            " look at step_context().cancelled; %d such threads now",
            job.name,
            left,
        )

    def close(self) -> None:
        """Let idle threads end; those at work end by themselves, or with the process."""
        with self._ready:
            self._closed = True
            self._jobs.clear()
            self._ready.notify_all()
