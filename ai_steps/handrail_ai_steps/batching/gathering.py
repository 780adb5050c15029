"""The calls of many items side by side, as far as their questions, and those sent together."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field

from handrail_ai_steps.batching import desk
from handrail_ai_steps.batching.model import BatchModel, takes_batches
from handrail_ai_steps.batching.sending import KeyedBatch, Replies
from handrail_ai_steps.model import Model, ModelRequest, NoAnswer
from handrail_ground.hashing import hash_of_text
from handrail_guards.batching import Batching, BatchQuestion, BatchReply, BatchServer, parcels

MARK_DIGITS = 12
GROUP_DIGITS = 8
PARCEL_DIGITS = 16


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
    key: str | None = None
    """Under which the batch is found again, also by another program."""
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
        from uuid import uuid4  # noqa: PLC0415 -- most steps gather nothing

        own = uuid4().hex if self.key is None else self.key
        async with asyncio.TaskGroup() as tasks:
            for parcel in parcels(questions, most=min(server.most, self.how.most), most_bytes=server.most_bytes):
                # the marks are in the key, so that the same key with other items is another batch
                marks = hash_of_text(",".join(name for name, _ in parcel), digits=PARCEL_DIGITS)
                key = f"{own}-{hash_of_text(group, digits=GROUP_DIGITS)}-{marks}"
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
        batch = KeyedBatch(server, key, parcel, known, self.how, kept=self.key is not None)
        replies = await _once(key, batch.replies)
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
            await asyncio.wait([this.task])  # it stops a batch that nobody else would collect
            if _under_way.get(place) is this:
                del _under_way[place]


def is_of(key: str, found: str) -> bool:
    """Return whether a batch was sent under a key that a program gave, going by what it is found by."""
    rest = found.removeprefix(key)
    return rest != found and re.fullmatch(rf"-[0-9a-f]{{{GROUP_DIGITS}}}-[0-9a-f]{{{PARCEL_DIGITS}}}", rest) is not None
