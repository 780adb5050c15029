"""The outbox of an open store: what is told, what became of it, and trying again."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.store.outbox import (
    ChannelRow,
    DeclareNotices,
    DeliveryCount,
    DeliveryRow,
    DeliveryState,
    Notice,
    NoticeRow,
    NoticeState,
    OutboxChange,
    RetryDeliveries,
    SeeRequest,
    Tell,
)
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.store import Store


class NoticeOutbox:
    """Reads and changes the outbox of an open store."""

    def __init__(self, store: "Store", ask: Callable[[OutboxChange], Awaitable[Any]], now: Callable[[], float]) -> None:
        self.store = store
        self.ask = ask
        self.now = now

    async def declare(self, declaration: DeclareNotices) -> None:
        """Say what is to be told in this store."""
        await self.ask(declaration)

    async def tell(self, notice: Notice) -> bool:
        """Tell something that no change of the store causes; returns whether anybody wants to know, and it is new.

        Raises:
            NotStorable: a text cannot be stored.
        """
        checked_texts(key=notice.key, title=notice.title, body=notice.body, queue=notice.queue)
        return bool(await self.ask(Tell(notice)))

    def deliveries(
        self,
        state: DeliveryState | None = None,
        *,
        limit: int = 100,
        channel: str | None = None,
        before: int | None = None,
    ) -> list[DeliveryRow]:
        """Return deliveries, newest first: of one channel, of those made before the one with this id."""
        checked_texts(channel=channel)
        return self.store.deliveries(state, limit, channel=channel, before=before)

    def delivery_counts(self) -> list[DeliveryCount]:
        """Return how many deliveries there are, by channel and state."""
        return self.store.delivery_counts()

    def notices_of(self, delivery: int, *, limit: int = 100) -> list[NoticeRow]:
        """Return what a delivery tells of, oldest first."""
        return self.store.notices_of(delivery, limit)

    def channels(self) -> list[ChannelRow]:
        """Return how channels fare."""
        return self.store.channels()

    def counts(self) -> dict[NoticeState, int]:
        """Return how many notices there are, by what became of them."""
        return self.store.notice_counts()

    async def retry(self, *, channel: str | None = None, delivery: int | None = None) -> int:
        """Try again at once what was set aside or waits for another try; returns how many there were."""
        checked_texts(channel=channel)
        return int(await self.ask(RetryDeliveries(self.now(), channel, delivery)))

    async def seen_first(self, digest: str) -> bool:
        """Note that a signed request came, named by a digest of it; returns whether it is the first time."""
        return bool(await self.ask(SeeRequest(digest, self.now())))
