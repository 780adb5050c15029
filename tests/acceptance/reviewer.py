"""A process that does at random what people, clocks and operators do to the review items of a store, until told."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from handrail import Client
from handrail.orchestrator import OrchestratorError, ReviewItem
from handrail_orchestrator.review.moves import SEND_UP_CODES
from handrail_orchestrator.store import ReviewQuery

ALL = ReviewQuery(states=("open", "leased", "pending"), limit=50)


Act: TypeAlias = Callable[[Client, ReviewItem, str, random.Random], Awaitable[object]]


def answered(undo_seconds: float = 0.0) -> Act:
    """Return an act that answers with one of two values, to the version that was seen."""

    def act(client: Client, item: ReviewItem, name: str, chance: random.Random) -> Awaitable[object]:
        value, seen = chance.random() < 0.5, item.version
        return client.decide(item.id, value, by=name, version=seen, shown=item.digest, undo_seconds=undo_seconds)

    return act


async def answered_late(client: Client, item: ReviewItem, name: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.random() / 20)
    await client.decide(item.id, value=True, by=name, version=item.version)


async def cancelled(client: Client, item: ReviewItem, name: str, chance: random.Random) -> None:
    if chance.random() < 0.05:
        await client.cancel(item.run_id, by=name)


ACTS: tuple[Act, ...] = (
    answered(), answered(), answered(undo_seconds=0.01), answered(undo_seconds=0.2), answered_late, cancelled,
    lambda client, item, name, _: client.take(item.id, by=name),
    lambda client, _item, name, _: client.next_review(by=name),
    lambda client, item, name, _: client.undo(item.id, by=name),
    lambda client, item, name, _: client.skip(item.id, by=name),
    lambda client, item, name, _: client.release(item.id, by=name),
    lambda client, item, name, _: client.snooze(item.id, by=name, until=client.now() + 0.05),
    lambda client, item, name, chance: client.assign(item.id, by=name, to=chance.choice((None, name))),
    lambda client, item, name, chance: client.send_up(item.id, by=name, code=chance.choice(SEND_UP_CODES)),
    lambda client, item, name, _: client.add_note(item.id, by=name, text="hm"),
    lambda client, item, name, _: client.extend(item.id, by=name, worked=0.1),
    lambda client, _item, _name, _chance: client.fire_timers(),
)  # fmt: skip


async def act(client: Client, name: str, chance: random.Random) -> None:
    """Do one thing to one item; that it is refused is as good."""
    items = client.reviews(ALL)
    if items:
        await chance.choice(ACTS)(client, chance.choice(items), name, chance)


async def work(url: str, name: str, seconds: float) -> int:
    """Act for a while; return how often that was refused."""
    chance, end, refused = random.Random(name), time.monotonic() + seconds, 0
    async with Client(url) as client:
        while time.monotonic() < end:
            try:
                await act(client, name, chance)
            except OrchestratorError:
                refused += 1
    return refused


if __name__ == "__main__":
    print(asyncio.run(work(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
