"""What user code raises that means something to asyncio or to the engine, told apart from their own signals.

``sys.exit()`` in a step is that step's failure and nobody else's; the cancel of a run, a wait and Ctrl-C go through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from handrail_ground.text import harmless
from handrail_orchestrator.context import StepContext, enter_step, leave_step
from handrail_orchestrator.embedded.readable import name_of, readable, said
from handrail_orchestrator.forked import end_copy, this_process
from handrail_orchestrator.interrupts import stop_signalled
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.strands import awaiting
from handrail_orchestrator.suspension import only_suspensions

LONGEST_PROBLEM = 2_000
STOP_SECONDS = 2.0
"""How long code that was cancelled may take to end before it is cancelled again; then it is left behind."""


class Escaped(Exception):
    """User code raised what is no ``Exception``, or what no future can carry; recorded under its own name."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(said(error))
        self.error = error


class RunTask(asyncio.Task[None]):
    """A task that knows whether the code in it cancelled itself."""

    cancelled_itself = False

    def cancel(self, msg: object = None) -> bool:
        """Cancel, as any task."""
        if _current_task() is self:
            self.cancelled_itself = True
        return super().cancel(msg)


def problem_of(error: BaseException) -> str:
    """Return what foreign code raised in a line that can be stored and shown: its kind, and what it says."""
    text = said(error.error if isinstance(error, Escaped) else error)
    return harmless(f"{error_type(error)}: {text}" if text else error_type(error))[:LONGEST_PROBLEM]


def error_type(error: BaseException) -> str:
    """Return the name of an error's class, as it is recorded."""
    return name_of(error.error if isinstance(error, Escaped) else error)


def is_signal(error: BaseException, task: "asyncio.Task[object] | None") -> bool:
    """Return whether an error that came out of user code in a task was sent by the engine, asyncio or a person."""
    if isinstance(error, asyncio.CancelledError):
        if task is None or not task.cancelling():
            return False
        if isinstance(task, RunTask) and task.cancelled_itself:
            task.cancelled_itself = False
            task.uncancel()
            return False
        return True
    if isinstance(error, GeneratorExit):  # a coroutine is closed from outside its task, or when there is none any more
        return task is None or _current_task() is not task
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return stop_signalled()
    return only_suspensions(error)


def escaped(error: BaseException) -> Exception:
    """Return what user code raised as its failure; what was sent by others is raised again."""
    error = readable(error)
    if isinstance(error, Exception):
        return error
    if is_signal(error, _current_task()):
        raise error
    return Escaped(error)


def called(function: Callable[..., Any], *args: object, **kwargs: object) -> object:
    """Call a plain function of the user's.

    Raises:
        Escaped: it raised what would mean something else further up.
    """
    original = this_process.generation
    try:
        returned = function(*args, **kwargs)
    except BaseException as error:
        end_copy(original, error)
        shown = readable(error)
        if isinstance(shown, KeyboardInterrupt | SystemExit) and stop_signalled():
            raise
        if shown is error and isinstance(error, Exception) and not isinstance(error, StopIteration):
            raise
    else:
        end_copy(original)
        return returned
    raise _carried(shown)


async def awaited(
    function: Callable[..., Awaitable[object]], args: Args, kwargs: Kwargs, context: StepContext | None = None
) -> object:
    """Await an async function of the user's, inside of its step if it is the body of one.

    Raises:
        Escaped: it raised what would mean something else further up.
    """
    task = asyncio.current_task()
    original = this_process.generation
    inside = None if context is None else enter_step(context)
    try:
        returned = await function(*args, **kwargs)
    except BaseException as error:
        end_copy(original, error)
        shown = readable(error)
        if shown is error and (isinstance(error, Exception) or is_signal(error, task)):
            raise
    else:
        if this_process.generation != original:
            end_copy(original)
        return returned
    finally:
        if inside is not None:
            leave_step(inside)
    raise _carried(shown)


def _carried(error: BaseException) -> Exception:
    """Return what user code raised in what a future can carry; raised where nothing of the original is its context."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    carried = Escaped(error)
    carried.__cause__ = error
    return carried


async def on_a_leash(body: Awaitable[object], on_left: Callable[[], None]) -> object:
    """Await a body in a task of its own, which is left behind if it goes on although it was cancelled."""
    task = asyncio.ensure_future(body)
    await all_ended([task], on_left)
    return task.result()


async def all_ended(tasks: "Sequence[asyncio.Task[object]]", on_left: Callable[[], None]) -> None:
    """Wait until all tasks have ended; a cancel is handed on to them, and what ignores it twice is left behind."""
    try:
        with awaiting(tasks):
            await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for _ in range(2):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=STOP_SECONDS / 2)
        raise
    finally:
        left = [task for task in tasks if not task.done()]
        if left:
            on_left()
        for task in left:
            leave(task)


async def ended_within(tasks: "Sequence[asyncio.Task[object]]", seconds: float) -> bool:
    """Wait for tasks, for a while; return whether somebody was in a hurry and cancelled that."""
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
    except asyncio.CancelledError:
        return True
    return False


def leave(task: "asyncio.Task[object]") -> None:
    """End a task whose code ignores its cancels, by closing its coroutine; what ignores even that goes on unheard."""
    task.add_done_callback(_forget)
    coroutine = task.get_coro()
    if not task.done() and isinstance(coroutine, Coroutine):
        with suppress(BaseException):  # whatever such code raises on its way out
            coroutine.close()
        task.cancel()


def _forget(task: "asyncio.Task[object]") -> None:
    if not task.cancelled():
        task.exception()


def _current_task() -> "asyncio.Task[object] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop is running
        return None
