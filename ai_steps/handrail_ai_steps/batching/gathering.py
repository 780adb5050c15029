"""The calls of many items side by side, as far as their questions, and those sent together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeAlias, TypeVar
from uuid import uuid4

from handrail_ai_steps.batching import desk
from handrail_ai_steps.batching.model import BatchModel, takes_batches
from handrail_ai_steps.model import Model, ModelRequest, NoAnswer
from handrail_ground.hashing import hash_of_text
from handrail_guards.batching import (
    LAST_LOOKS,
    BatchFailed,
    Batching,
    BatchQuestion,
    BatchReply,
    BatchServer,
    BatchStanding,
    Sorted,
    parcels,
)

T = TypeVar("T")

TRIES = 8
"""Of sending one; what fails in between may pass."""
MARK_DIGITS = 12


@dataclass(slots=True)
class _Parked:
    """A call that waits for the reply to its question."""

    question: BatchQuestion
    model: BatchModel
    reply: "asyncio.Future[BatchReply]"


@dataclass(slots=True)
class Gathering:
    """The questions of many calls: sent together as soon as every call has come to its own, or to its end."""

    how: Batching
    key: str = field(default_factory=lambda: uuid4().hex)
    """Under which the batch is found again."""
    _parked: dict[int, _Parked] = field(default_factory=dict)
    _coming: int = 0
    _all_here: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, calls: Sequence[Callable[[], Awaitable[object]]]) -> None:
        """Make the calls, and return when each has ended; what a call raises is its own affair."""
        self._coming = len(calls)
        if not calls:
            return
        async with asyncio.TaskGroup() as group:
            for index, call in enumerate(calls):
                group.create_task(self._call(index, call))
            await self._all_here.wait()
            for name, together in self._groups().items():
                group.create_task(self._send(name, together))

    async def _call(self, index: int, call: Callable[[], Awaitable[object]]) -> None:
        place = _Place(self, index)
        with desk.at(place):
            try:
                await call()
            finally:
                if not place.arrived:
                    self.arrived()

    def arrived(self) -> None:
        """Note that one more call waits, or is over."""
        self._coming -= 1
        if not self._coming:
            self._all_here.set()

    async def reply(self, index: int, model: BatchModel, question: BatchQuestion) -> BatchReply:
        """Wait for the reply to a call's question."""
        reply: asyncio.Future[BatchReply] = asyncio.get_running_loop().create_future()
        self._parked[index] = _Parked(question, model, reply)
        self.arrived()
        return await reply

    def _groups(self) -> dict[str, dict[str, _Parked]]:
        """Return the waiting calls by what their questions have in common, each with the id that it has there."""
        found: dict[str, dict[str, _Parked]] = {}
        for index in sorted(self._parked):
            parked = self._parked[index]
            name = f"{index}-{parked.question.asked[:MARK_DIGITS]}"
            found.setdefault(parked.question.group, {})[name] = parked
        return found

    async def _send(self, group: str, waiting: dict[str, _Parked]) -> None:
        """Send the questions of a group in as few batches as its server takes."""
        server = await next(iter(waiting.values())).model.batch_server()
        questions = [(name, each.question.body) for name, each in waiting.items()]
        async with asyncio.TaskGroup() as tasks:
            for parcel in parcels(questions, most=min(server.most, self.how.most), most_bytes=server.most_bytes):
                # the marks are in the key, so that the same key with other items is another batch
                marks = hash_of_text(",".join(name for name, _ in parcel), digits=16)
                key = f"{self.key}-{hash_of_text(group, digits=8)}-{marks}"
                known = {name: waiting[name].question.asked for name, _ in parcel}
                tasks.create_task(self._together(server, key, parcel, known, waiting))

    async def _together(
        self,
        server: BatchServer,
        key: str,
        parcel: list[tuple[str, str]],
        known: dict[str, str],
        waiting: dict[str, _Parked],
    ) -> None:
        replies = await _once(key, lambda: replies_to(server, key, parcel, known, self.how))
        for name in known:
            if not (future := waiting[name].reply).done():  # its call may have been cancelled
                future.set_result(replies[name])


@dataclass(slots=True)
class _Place:
    """The desk of one call."""

    gathering: Gathering
    index: int
    arrived: bool = False

    async def reply_for(self, model: Model, request: ModelRequest) -> BatchReply | None:
        """Wait for the reply to the first question of the call."""
        if self.arrived or not takes_batches(model):
            return None
        question = await model.batch_question(request)
        if isinstance(question, NoAnswer):
            return None
        self.arrived = True
        reply = await self.gathering.reply(self.index, model, question)
        if reply.body:
            return reply
        desk.without(reply, request, model)
        return None


Replies: TypeAlias = dict[str, BatchReply]


@dataclass(slots=True, eq=False)
class _UnderWay:
    """What was sent under a key, and how many calls wait for its replies."""

    task: asyncio.Task[Replies]
    waiting: int = 0


_under_way: dict[tuple[asyncio.AbstractEventLoop, str], _UnderWay] = {}


async def _once(key: str, ask: Callable[[], Coroutine[object, object, Replies]]) -> Replies:
    """Return the replies to what is sent under a key; who asks for the same meanwhile waits for the same.

    Two that looked for the batch before either had made it would make two. It is stopped with the last who waits.
    """
    place = (asyncio.get_running_loop(), key)
    this = _under_way.get(place)
    if this is None or this.task.done():
        this = _under_way[place] = _UnderWay(asyncio.create_task(ask()))
    this.waiting += 1
    try:
        return await asyncio.shield(this.task)
    finally:
        this.waiting -= 1
        if not this.waiting:
            this.task.cancel()
            if _under_way.get(place) is this:
                del _under_way[place]


async def replies_to(
    server: BatchServer, key: str, questions: Sequence[tuple[str, str]], known: dict[str, str], how: Batching
) -> dict[str, BatchReply]:
    """Send questions once, wait until they are answered, and return a reply for each; there always is one."""
    replies = Sorted()
    gone: set[str] = set()
    sent = ""
    standing = BatchStanding(id=sent, state="ended")
    try:
        for seconds in islice(how.looks(), TRIES):
            sent = await _persistent(lambda: _sent(server, key, questions, gone), how)
            standing = await _over(server, sent, how)
            if standing.again:
                await asyncio.sleep(seconds)
                continue
            try:
                await _persistent(partial(_fetched, server, standing, replies, known), how)
            except BatchFailed as failed:
                if failed.passing:
                    raise
                gone.add(sent)  # what it brought was collected once, and deleted
                continue
            break
    except BatchFailed as failed:
        standing = BatchStanding(id=sent, state="ended", told=failed.reason)
    else:
        with suppress(BatchFailed):  # the replies are here, and what the server keeps runs out by itself
            await server.tidy(standing)
    return replies.complete(standing, known)


async def _sent(server: BatchServer, key: str, questions: Sequence[tuple[str, str]], gone: Collection[str]) -> str:
    """Return the batch under a key: one that was sent before, whatever became of whoever sent it, or a new one."""
    found = [each for each in await server.find(key) if each not in gone]
    if found:
        return found[0]
    made = await server.submit(key, questions)
    if made in gone:
        raise BatchFailed(f"the server takes the batch {made} for the same, whose replies are gone", passing=False)
    return made


async def _fetched(server: BatchServer, standing: BatchStanding, replies: Sorted, known: Mapping[str, str]) -> None:
    async for name, reply in server.replies(standing):
        replies.add(name, reply, known)


async def _over(server: BatchServer, batch: str, how: Batching) -> BatchStanding:
    ends = time.monotonic() + how.hours * 3600
    for seconds in how.looks():
        await asyncio.sleep(seconds)
        told = ""
        try:
            standing = await server.look(batch)
        except BatchFailed as failed:
            if not failed.passing:
                raise
            told = f"; the last look at it: {failed.reason}"
        else:
            if standing.state == "ended":
                return standing
        if time.monotonic() > ends:
            stopped = await _stopped(server, batch, how)
            if stopped is None:
                raise BatchFailed(f"the batch {batch} did not end within {how.hours:g} hours{told}", passing=False)
            return stopped
    raise AssertionError("looks never end")


async def _stopped(server: BatchServer, batch: str, how: Batching) -> BatchStanding | None:
    """Stop a batch and return how it ended, as what it had answered is paid for; None: it is not seen to end."""
    with suppress(BatchFailed):
        await server.cancel(batch)
    for seconds in islice(how.looks(), LAST_LOOKS):
        with suppress(BatchFailed):
            standing = await server.look(batch)
            if standing.state == "ended":
                return standing
        await asyncio.sleep(seconds)
    return None


async def _persistent(action: Callable[[], Awaitable[T]], how: Batching) -> T:
    """Do something until it succeeds, waiting longer each time; what fails for good fails at once."""
    for left, seconds in zip(range(TRIES - 1, -1, -1), how.looks(), strict=False):
        try:
            return await action()
        except BatchFailed as failed:
            if not failed.passing or not left:
                raise
        await asyncio.sleep(seconds / 10)
    raise AssertionError("the last try returns or raises")
