"""The tasks of one execution: which of them wait for the clock or for each other, and which move.

Whoever jumps in time, or asks whether anything is still to come, must not guess that from how long it has been quiet.
So each place where an execution waits for the clock says so here, and takes it back as soon as it is told to go on,
which is before its task has noticed.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Protocol


class RestWatcher(Protocol):
    """Who wants to know that something may have come to rest."""

    def changed(self) -> None:
        """Look again."""
        ...


class Strands:
    """The tasks of one execution that wait, and for what; all others move, bodies at work included."""

    __slots__ = ("_noted", "_told", "run_id")

    def __init__(self, run_id: str, told: "RestWatcher") -> None:
        """``told`` is told when a task has begun to wait."""
        self.run_id = run_id
        self._noted: _Noted | None = None
        """None until a task waits: most executions end without."""
        self._told = told

    def is_still(self, task: asyncio.Task[object], calls: int) -> bool:
        """Return whether a task goes on only with the clock, and so do all tasks that it waits for.

        A workflow may have made tasks of its own, as ``asyncio.gather`` does. What waits for them cannot be told; then
        all ``calls`` that the execution has in flight must wait for the clock.
        """
        noted = self._noted
        if noted is None:
            return False
        if noted.has_others_than(task):
            return len(noted.asleep) >= calls > 0
        return noted.waits(task)

    def _notes(self) -> "_Noted":
        if self._noted is None:
            self._noted = _Noted()
        return self._noted

    def rouse(self, task: asyncio.Task[object]) -> None:
        """Note that a task was told to go on, whatever it waits for."""
        roused = self._notes().roused
        roused.add(task)
        task.add_done_callback(roused.discard)

    @contextmanager
    def asleep(self) -> Iterator[Callable[[], None]]:
        """Note that the current task waits for the clock; what this gives is called when it is told to go on."""
        task, noted = _current_task(), self._notes()
        noted.roused.discard(task)
        noted.asleep.add(task)
        self._told.changed()
        try:
            yield lambda: noted.asleep.discard(task)
        finally:
            noted.asleep.discard(task)

    @contextmanager
    def awaiting(self, tasks: "Sequence[asyncio.Task[object]]") -> Iterator[None]:
        """Note that the current task waits for others, and goes on when all have ended."""
        task, noted = _current_task(), self._notes()
        noted.roused.discard(task)
        noted.awaited[task] = tasks
        try:
            yield
        finally:
            del noted.awaited[task]


class _Noted:
    """What tasks have said of themselves."""

    __slots__ = ("asleep", "awaited", "roused")

    def __init__(self) -> None:
        self.asleep: set[asyncio.Task[object]] = set()
        self.awaited: dict[asyncio.Task[object], Sequence[asyncio.Task[object]]] = {}
        self.roused: set[asyncio.Task[object]] = set()
        """Tasks that were told to go on and have not waited again since."""

    def waits(self, task: asyncio.Task[object]) -> bool:
        """Return whether a task goes on only with the clock."""
        if task in self.roused:
            return False
        if task in self.asleep:
            return True
        left = [each for each in self.awaited.get(task, ()) if not each.done()]
        return bool(left) and all(map(self.waits, left))

    def has_others_than(self, root: asyncio.Task[object]) -> bool:
        """Return whether tasks wait that are neither this one nor awaited by it."""
        known, more = {root}, [root]
        while more:
            found = [each for each in self.awaited.get(more.pop(), ()) if each not in known]
            known.update(found)
            more += found
        return not (self.asleep | self.awaited.keys()) <= known


_current: ContextVar[Strands | None] = ContextVar("handrail_strands", default=None)

current_strands = _current.get
enter_strands = _current.set
leave_strands = _current.reset


def current_run() -> str | None:
    """Return the id of the run whose execution this is a part of."""
    strands = _current.get()
    return None if strands is None else strands.run_id


def asleep() -> AbstractContextManager[Callable[[], None]]:
    """Note that the current task waits for the clock; what this gives is called when it is told to go on."""
    strands = _current.get()
    return nullcontext(_nobody_asks) if strands is None else strands.asleep()


def awaiting(tasks: "Sequence[asyncio.Task[object]]") -> AbstractContextManager[None]:
    """Note that the current task waits for others, and goes on when all have ended."""
    strands = _current.get()
    return nullcontext() if strands is None else strands.awaiting(tasks)


def rousing() -> Callable[[], None]:
    """Return what is called when the current task is told to go on, whatever it waits for by then."""
    strands = _current.get()
    return _nobody_asks if strands is None else partial(strands.rouse, _current_task())


def _nobody_asks() -> None:
    """Outside an execution nobody asks who moves."""


def _current_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 -- whoever waits is a coroutine, which a task drives
    return task
