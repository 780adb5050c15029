"""Limits shared by name: how many at once, and how many in a second."""

import asyncio
import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Literal

from handrail_ground.pace import Pace
from handrail_orchestrator.clock import Clock, sleep
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.strands import asleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit that steps name with ``limit="crm"``; it holds for all of them together in one process.

    Raises:
        InvalidWorkflow: neither number is given, or one is not positive.
    """

    concurrent: int | None = None
    """Bodies at once; None: any number."""
    per_second: float | None = None
    """Bodies begun in a second, evenly spaced; None: any number."""

    def __post_init__(self) -> None:
        if self.concurrent is None and self.per_second is None:
            raise InvalidWorkflow("a Limit needs concurrent=, per_second=, or both")
        if self.concurrent is not None and not (self.concurrent >= 1 and self.concurrent % 1 == 0):
            raise InvalidWorkflow(f"Limit(concurrent={self.concurrent!r}): give a whole number above zero")
        if self.per_second is not None and not 0 < self.per_second < math.inf:
            raise InvalidWorkflow(f"Limit(per_second={self.per_second!r}): give a number above zero")


class Limiter:
    """One limit at work: entered before a body begins, left when it ended."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._slots = asyncio.Semaphore(limit.concurrent) if limit.concurrent is not None else None
        self._pace = Pace.per_second(limit.per_second, clock=clock.now)
        self._door = _Door()
        self._sleep = partial(sleep, clock)

    async def __aenter__(self) -> None:
        if self._slots is not None:
            # Whoever lets go of a place has something to record in the same turn of the loop, so nobody takes the
            # engine for at rest between that and the moment when this task goes on.
            with asleep() if self._slots.locked() else nullcontext():
                await self._slots.acquire()
        try:
            await self._pace.turn(self._door, self._sleep)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._slots is not None:
            self._slots.release()


class _Door(asyncio.Lock):
    """Behind which the next in turn sleeps; the others do so before it."""

    async def acquire(self) -> Literal[True]:
        with asleep() if self.locked() else nullcontext():
            return await super().acquire()


class Limiters:
    """The limits of one orchestrator, by name."""

    def __init__(self, limits: Mapping[str, Limit], clock: Clock) -> None:
        self._limiters = {name: Limiter(limit, clock) for name, limit in limits.items()}

    def named(self, name: str, *, step: str) -> Limiter:
        """Return the limiter of that name.

        Raises:
            InvalidWorkflow: no such limit was given.
        """
        try:
            return self._limiters[name]
        except KeyError:
            known = ", ".join(sorted(self._limiters)) or "none"
            raise InvalidWorkflow(
                f"step {step!r} asks for limit {name!r}; this orchestrator has: {known}."
                f" Give Orchestrator(limits={{{name!r}: Limit(...)}})"
            ) from None
