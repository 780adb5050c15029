"""Limits that hold across processes, as this process has a part in them."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType

from handrail_orchestrator.clock import Clock, sleep
from handrail_orchestrator.embedded.writer import Writer
from handrail_orchestrator.limit_key import LimitKey
from handrail_orchestrator.limits import Holder, Limit
from handrail_orchestrator.store.changes import Change, ClaimedChange
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.sharing import LeavePlace, PlaceRow, TakePlace, TakeTurn
from handrail_orchestrator.strands import asleep


class SharedLimits:
    """Takes places and turns of a store for the bodies of one process."""

    def __init__(self, store: Store, writer: Writer, clock: Clock) -> None:
        self.ring_others: Callable[[], None] = lambda: None
        """Called when somebody else has a place now."""
        self._store = store
        self._writer = writer
        self._clock = clock
        self._waiting: dict[int, asyncio.Future[None]] = {}

    def limiter(self, limit: Limit, of: LimitKey, holder: Holder | None) -> "SharedLimiter":
        """Return what one body enters."""
        return SharedLimiter(self, limit, of, holder)

    def look(self, worker: int) -> None:
        """Let those go on who have a place since, from whomever."""
        if self._waiting:
            self._let_in([row for row in self._store.places_of(worker) if row.has])

    def lost(self) -> None:
        """Stand in line anew: the places of this worker were given to others."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(PlaceLostError())

    async def place(self, of: LimitKey, most: int, holder: Holder | None) -> int:
        """Wait for a place and return its number."""
        change: Change = TakePlace(of, most, None if holder is None else holder.run)
        if holder is not None and holder.claim is not None:
            change = ClaimedChange(holder.claim, change)
        while True:
            row: PlaceRow = await self._writer.ask(change)
            if row.has:
                return row.id
            future = self._waiting[row.id] = asyncio.get_running_loop().create_future()
            try:
                with asleep():
                    await future
            except PlaceLostError:
                continue
            except BaseException:
                self.leave(row.id)
                raise
            finally:
                del self._waiting[row.id]
            return row.id

    async def turn(self, of: LimitKey, per_second: float) -> None:
        """Wait for a turn."""
        now = self._clock.now()
        at: float = await self._writer.ask(TakeTurn(of, per_second, now))
        if at > now:
            await sleep(self._clock, at - now)

    def leave(self, place: int) -> None:
        """Give a place back; it shares the commit of what is recorded next."""
        self._writer.asked(LeavePlace(place)).add_done_callback(self._left)

    def _left(self, future: "asyncio.Future[Sequence[PlaceRow]]") -> None:
        if future.cancelled() or future.exception() is not None:
            return  # whoever is struck off has no place, and on a store that is gone nobody has
        rows = future.result()
        self._let_in(rows)
        if any(row.id not in self._waiting for row in rows):
            self.ring_others()

    def _let_in(self, rows: Sequence[PlaceRow]) -> None:
        for row in rows:
            waiting = self._waiting.get(row.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)


class PlaceLostError(Exception):
    """Those who stood in line for this process stand there no more."""


class SharedLimiter:
    """One body's way through a limit that all processes share."""

    def __init__(self, shared: SharedLimits, limit: Limit, of: LimitKey, holder: Holder | None) -> None:
        self._shared = shared
        self._limit = limit
        self._of = of
        self._holder = holder
        self._place: int | None = None

    async def __aenter__(self) -> None:
        if self._limit.concurrent is not None:
            self._place = await self._shared.place(self._of, self._limit.concurrent, self._holder)
        if self._limit.per_second is not None:
            try:
                await self._shared.turn(self._of, self._limit.per_second)
            except BaseException:
                await self.__aexit__(None, None, None)
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._place is not None:
            self._shared.leave(self._place)
