"""Limits shared by name: how many at once, and how many in a second."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol

from handrail_ground.pace import Pace
from handrail_guards.numbers import is_finite
from handrail_orchestrator.clock import Clock, sleep
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.limit_key import LimitKey
from handrail_orchestrator.strands import asleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit that steps name with ``limit="crm"``; it holds for all of them together in one process.

    A ``shared`` one holds for all processes on the store together: give all of them the same. Who waits for a place has
    it in the order in which they came; the places of a process that dies are the next ones', when its runs are.

    Raises:
        InvalidWorkflow: neither number is given, or one is not positive.
    """

    concurrent: int | None = None
    """Bodies at once; None: any number."""
    per_second: float | None = None
    """Bodies begun in a second, evenly spaced; None: any number."""
    shared: bool = False
    """Whether it holds for all processes on the store together."""

    def __post_init__(self) -> None:
        if self.concurrent is None and self.per_second is None:
            raise InvalidWorkflow("a Limit needs concurrent=, per_second=, or both")
        if self.concurrent is not None and not (
            is_finite(self.concurrent) and self.concurrent >= 1 and self.concurrent % 1 == 0
        ):
            raise InvalidWorkflow(f"Limit(concurrent={self.concurrent!r}): give a whole number above zero")
        if self.per_second is not None and not is_above_zero(self.per_second):
            raise InvalidWorkflow(f"Limit(per_second={self.per_second!r}): give a number above zero")


@dataclass(frozen=True, slots=True)
class Limited:
    """A limit of its own for each key of a step's calls: ``limit=Limited("crm", key=lambda customer: customer.id)``.

    Raises:
        InvalidWorkflow: the name is no text, or the key cannot be called.
    """

    name: str
    """The name of a limit given to the orchestrator: what it says holds for each key by itself."""
    key: Callable[..., object]
    """Returns a call's key as a value whose text tells it apart; called with the step's arguments."""

    def __post_init__(self) -> None:
        if not self.name or not callable(self.key):
            raise InvalidWorkflow(f"Limited({self.name!r}, key={self.key!r}): give a limit's name, and a function")


def checked_limits(limits: Mapping[str, Limit]) -> dict[str, Limit]:
    """Return limits by their names.

    Raises:
        InvalidWorkflow: they are not that.
    """
    if not isinstance(limits, Mapping):
        raise InvalidWorkflow(f'limits={limits!r}: give them by their names, as in {{"crm": Limit(concurrent=2)}}')
    given: list[tuple[object, object]] = list(limits.items())
    for name, each in given:
        if not isinstance(name, str) or not name or not isinstance(each, Limit):
            raise InvalidWorkflow(
                f'limits={{{name!r}: {each!r}}}: give a name and a Limit(...), as in {{"crm": Limit(concurrent=2)}}'
            )
    return dict(limits)


class Limiter:
    """One limit at work: entered before a body begins, left when it ended."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._slots = asyncio.Semaphore(limit.concurrent) if limit.concurrent is not None else None
        self._pace = Pace.per_second(limit.per_second, clock=clock.now)
        self._door = _Door()
        self._sleep = partial(sleep, clock)
        self._inside = 0
        self._idle_from = 0.0
        self._now, self._spacing = clock.now, 0.0 if limit.per_second is None else 1.0 / limit.per_second

    @property
    def is_idle(self) -> bool:
        """Whether nobody is in it, and it would let the next one in at once."""
        return not self._inside and self._idle_from <= self._now()

    async def __aenter__(self) -> None:
        self._inside += 1
        try:
            if self._slots is not None:
                # Whoever lets go of a place has something to record in the same turn of the loop, so nobody takes the
                # engine for at rest between that and the moment when this task goes on.
                with asleep() if self._slots.locked() else nullcontext():
                    await self._slots.acquire()
            if self._spacing:
                await self._pace_or_leave()
        except BaseException:
            self._inside -= 1
            raise

    async def _pace_or_leave(self) -> None:
        try:
            await self._pace.turn(self._door, self._sleep)
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1
        self._leave()

    def _leave(self) -> None:
        if self._spacing:
            self._idle_from = self._now() + self._spacing
        if self._slots is not None:
            self._slots.release()


class _Door(asyncio.Lock):
    """Behind which the next in turn sleeps; the others do so before it."""

    async def acquire(self) -> Literal[True]:
        with asleep() if self.locked() else nullcontext():
            return await super().acquire()


class Holder(NamedTuple):
    """Whoever has a place: the execution of a run."""

    run: int
    """The run's key."""
    claim: int | None
    """The number of the run's claim."""


class Sharing(Protocol):
    """Whoever has the limits of all processes."""

    def limiter(self, limit: Limit, of: LimitKey, holder: Holder | None, /) -> AbstractAsyncContextManager[None]:
        """Return what one body enters."""
        ...


MOST_KEYS = 1_000
"""Limiters of keys that are kept in mind; of more, those that nobody is in are forgotten."""


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")
"""In the text of what has none of its own: each such value differs from any other, and would be let in at once."""


def _key_of(limit: Limited, args: tuple[Any, ...], kwargs: Mapping[str, Any], step: str) -> LimitKey:
    key = limit.key(*args, **kwargs)
    text = str(key)
    if not isinstance(key, str) and _ADDRESS.search(text):
        if isinstance(key, Coroutine):
            key.close()
        raise InvalidWorkflow(
            f"step {step!r}: the key of its limit {limit.name!r} came to {text[:100]}, which differs from call to call:"
            " return a text or a number, from a plain def"
        )
    return LimitKey(limit.name, text)


class Limiters:
    """The limits of one orchestrator, by name; of a limit with a key, one for each key."""

    def __init__(self, limits: Mapping[str, Limit], clock: Clock) -> None:
        self.shared: Sharing | None = None
        """Who has those that are shared; None: they hold in this process."""
        self._limits = dict(limits)
        self._clock = clock
        self._limiters: dict[LimitKey, Limiter] = {}
        self._plain: dict[str, Limiter] = {}
        """Those without keys, which are not forgotten."""

    def of(
        self,
        limit: str | Limited,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        step: str,
        holder: Holder | None = None,
    ) -> AbstractAsyncContextManager[None]:
        """Return what the body of a call enters.

        Raises:
            InvalidWorkflow: no such limit was given, or its key function returns what no text tells apart.
        """
        if isinstance(limit, str) and (known_one := self._plain.get(limit)) is not None:
            return known_one
        named = LimitKey(limit) if isinstance(limit, str) else _key_of(limit, args, kwargs, step)
        given = self._limits.get(named.name)
        if given is None:
            known = ", ".join(sorted(self._limits)) or "none"
            raise InvalidWorkflow(
                f"step {step!r} asks for limit {named.name!r}; this orchestrator has: {known}."
                f" Give Orchestrator(limits={{{named.name!r}: Limit(...)}})"
            )
        if given.shared and self.shared is not None:
            return self.shared.limiter(given, named, holder)
        limiter = self._limiters.get(named)
        if limiter is None:
            if len(self._limiters) >= MOST_KEYS:
                self._limiters = {key: each for key, each in self._limiters.items() if not each.is_idle}
            limiter = self._limiters[named] = Limiter(given, self._clock)
            if isinstance(limit, str):
                self._plain[limit] = limiter
        return limiter
