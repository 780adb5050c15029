"""Foreign code that is awaited: whatever it does, it ends nothing but its own call."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from handrail_orchestrator.forked import end_copy, this_process
from handrail_orchestrator.interrupts import is_for_us

T = TypeVar("T")

GRACE_SECONDS: Final = 1.0
"""How long a call that took too long may tidy up after it was cancelled, before it is left to itself."""

LEFT_BEHIND: Final[list[asyncio.Task[Any]]] = []
"""Calls that did not let themselves be cancelled: only the end of the process ends them, which must be a quick one."""


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """What a call returned."""

    value: T


@dataclass(frozen=True, slots=True)
class Raised:
    """What a call raised, ``SystemExit`` and a cancellation that nobody asked for included."""

    error: BaseException


async def contained(work: Awaitable[T], *, seconds: float | None, what: str) -> Returned[T] | Raised:
    """Await foreign code in a task of its own, which it may cancel, for at most so many seconds.

    A call that takes longer is cancelled, and has raised a ``TimeoutError``; one that does not let itself be cancelled
    is left behind, and nobody waits for it.
    """
    call = _Call(work)
    task = asyncio.create_task(call.run())
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            await call.stop(task)
            return Raised(TimeoutError(f"{what} took longer than the {seconds:g} seconds that it may take"))
    except asyncio.CancelledError:  # the run is stopped, and so is this call
        await call.stop(task)
        raise
    if task.cancelled():  # before it began
        return Raised(asyncio.CancelledError(f"{what} was cancelled from inside"))
    return task.result()


class _Call(Generic[T]):
    def __init__(self, work: Awaitable[T]) -> None:
        self._work = work
        self._is_stopped = False

    async def run(self) -> Returned[T] | Raised:
        original = this_process.generation
        try:
            returned = await self._work
        except asyncio.CancelledError as error:
            if self._is_stopped:
                raise
            return Raised(error)
        except BaseException as error:
            end_copy(original, error)
            if is_for_us(error):
                raise
            return Raised(error)
        end_copy(original)
        return Returned(returned)

    async def stop(self, task: "asyncio.Task[Returned[T] | Raised]") -> None:
        self._is_stopped = True
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_SECONDS)
        if not task.done():
            # It swallows cancellations, and asyncio.run would wait for it for ever.
            setattr(task, "_log_destroy_pending", False)  # noqa: B010 -- as asyncio.gather has it
            LEFT_BEHIND.append(
                task
            )  # kept alive: when it is collected it would be told to stop once more, and may spin
            asyncio._unregister_task(task)  # noqa: SLF001 -- documented, for those who make tasks of their own
        elif not task.cancelled():
            task.exception()  # it was stopped, so what it raised is nobody's concern
