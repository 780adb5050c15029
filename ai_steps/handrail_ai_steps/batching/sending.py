"""One batch: sent once under its key whoever else sends the same, waited for, and its replies collected."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TypeAlias, TypeVar

from handrail_guards.batching import (
    LAST_LOOKS,
    LISTED_LATE_SECONDS,
    BatchFailed,
    Batching,
    BatchReply,
    BatchServer,
    BatchStanding,
    Sorted,
)

T = TypeVar("T")
Replies: TypeAlias = dict[str, BatchReply]

TRIES = 8
"""Of sending one; what fails in between may pass."""
STOPPING_SECONDS = 10.0
"""How long a caller that was stopped waits until its batch is, which nobody else would collect."""
LOOKS_FOR_THE_OTHER = 4
"""How often the batch is looked for in whose favour somebody stopped ours."""


@dataclass(slots=True)
class KeyedBatch:
    """Questions that are sent once under a key.

    No server makes two requests for a batch one, and its list may be late. So who has sent looks at the list again: the
    batch that was sent first is everybody's, and what was sent beside it is stopped by whoever sees it, dead or alive
    its sender. The order is the server's own, so that no two of them stop each other's.
    """

    server: BatchServer
    key: str
    questions: Sequence[tuple[str, str]]
    known: Mapping[str, str]
    """The mark of each question by its id."""
    how: Batching
    kept: bool
    """Whether the replies stay at the server: who starts again with the key, or waits beside us, collects the same."""
    _batch: str = ""
    _gone: set[str] = field(default_factory=set)
    """Batches that bring nothing, or nothing any more."""
    _stopped: set[str] = field(default_factory=set)

    async def replies(self) -> Replies:
        """Return a reply for each question; there always is one."""
        replies = Sorted()
        standing = BatchStanding(id="", state="ended")
        try:
            for seconds in islice(self.how.looks(), TRIES):
                await self._persistent(self._sent)
                standing = await self._over()
                if standing.again:
                    await asyncio.sleep(seconds)
                    continue
                try:
                    await self._persistent(partial(self._fetched, standing, replies))
                except BatchFailed as failed:
                    if failed.passing:
                        raise
                    self._gone.add(standing.id)  # what it brought was collected once, and deleted
                    continue
                break
        except BatchFailed as failed:
            standing = BatchStanding(id=self._batch, state="ended", told=failed.reason)
        except asyncio.CancelledError:
            if not self.kept:
                await self._withdrawn()
            raise
        else:
            with suppress(BatchFailed):  # the replies are here, and what the server keeps runs out by itself
                await self.server.tidy(replace(standing, files=()) if self.kept else standing)
        return replies.complete(standing, self.known)

    async def _sent(self) -> None:
        """Go by the batch under the key: one that was sent before, whatever became of its sender, or a new one."""
        if await self._agreed():
            return
        try:
            made = await self.server.submit(self.key, self.questions)
        except BatchFailed as failed:
            if failed.is_open and await self._is_listed():
                return
            raise
        if made in self._gone:
            raise BatchFailed(f"the server takes the batch {made} for the same, whose replies are gone", passing=False)
        self._batch = made
        with suppress(BatchFailed):  # it is sent; the list is looked at again
            await self._agreed()

    async def _is_listed(self) -> bool:
        """Wait until the list shows the batch whose making was not confirmed; False: it does not, so it was not made.

        To send it again before that would be to pay twice where the list is late.
        """
        begun = time.monotonic()
        for seconds in self.how.looks():
            with suppress(BatchFailed):
                if await self._agreed():
                    return True
            if time.monotonic() - begun > LISTED_LATE_SECONDS:
                return False
            await asyncio.sleep(seconds)
        raise AssertionError("looks never end")

    async def _agreed(self) -> bool:
        """Go by the batch that was sent first, stop what was sent beside it, and return whether there is one."""
        found = [each for each in await self.server.find(self.key) if each not in self._gone]
        if not found:
            return False
        self._batch, *others = found
        for each in others:
            if each not in self._stopped:
                self._stopped.add(each)
                with suppress(BatchFailed):  # it may be over
                    await self.server.cancel(each)
        return True

    async def _fetched(self, standing: BatchStanding, replies: Sorted) -> None:
        async for name, reply in self.server.replies(standing):
            replies.add(name, reply, self.known)

    async def _over(self) -> BatchStanding:
        begun = time.monotonic()
        for seconds in self.how.looks():
            await asyncio.sleep(seconds)
            told = ""
            try:
                if time.monotonic() - begun < LISTED_LATE_SECONDS:
                    await self._agreed()
                standing = await self.server.look(self._batch)
                if standing.state == "ended" and not await self._is_elsewhere(standing):
                    return standing
            except BatchFailed as failed:
                if not failed.passing:
                    raise
                told = f"; the last look at it: {failed.reason}"
            if time.monotonic() - begun > self.how.hours * 3600:
                stopped = await self._cut_short()
                if stopped is None:
                    hours = f"{self.how.hours:g} hours"
                    raise BatchFailed(f"the batch {self._batch} did not end within {hours}{told}", passing=False)
                return stopped
        raise AssertionError("looks never end")

    async def _is_elsewhere(self, standing: BatchStanding) -> bool:
        """Return whether a batch was stopped because the same was sent before it, and go by that one then."""
        if not standing.stopped:
            return False
        self._gone.add(standing.id)
        for seconds in islice(self.how.looks(), LOOKS_FOR_THE_OTHER):
            if await self._agreed():
                return True
            await asyncio.sleep(seconds)
        return False

    async def _cut_short(self) -> BatchStanding | None:
        """Stop a batch and return how it ended, as what it had answered is paid for; None: it is not seen to end."""
        with suppress(BatchFailed):
            await self.server.cancel(self._batch)
        for seconds in islice(self.how.looks(), LAST_LOOKS):
            with suppress(BatchFailed):
                standing = await self.server.look(self._batch)
                if standing.state == "ended":
                    return standing
            await asyncio.sleep(seconds)
        return None

    async def _withdrawn(self) -> None:
        """Stop what nobody will ever collect: nobody knows its key."""
        with suppress(BatchFailed, TimeoutError):
            async with asyncio.timeout(STOPPING_SECONDS):
                sent = dict.fromkeys((*await self.server.find(self.key), self._batch))
                for each in filter(None, sent):
                    with suppress(BatchFailed):
                        await self.server.cancel(each)

    async def _persistent(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do something until it succeeds, waiting longer each time; what fails for good fails at once."""
        for left, seconds in zip(range(TRIES - 1, -1, -1), self.how.looks(), strict=False):
            try:
                return await action()
            except BatchFailed as failed:
                if not failed.passing or not left:
                    raise
            await asyncio.sleep(seconds / 10)
        raise AssertionError("the last try returns or raises")
