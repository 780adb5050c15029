"""What the API tells of notices and their channels, and how they are sent again."""

from typing import Annotated

from pydantic import Field

from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.run_models import LARGEST, Limit, Text, Told
from handrail.console.channel_standings import channel_standings
from handrail_orchestrator.store.outbox import DeliveryRow, DeliveryState


class DeliveriesQuery(Given):
    """Which deliveries."""

    state: DeliveryState | None = Field(default=None, description="Only deliveries in this state")
    channel: Text | None = Field(default=None, description="Only deliveries of this channel")
    limit: Limit = 50
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,18}$", description="`next` of the page before this one")] = (
        None
    )


class ResendBody(Given):
    """Which deliveries are sent again; neither: all that can be."""

    channel: Text | None = Field(default=None, description="Only those of this channel")
    delivery: Annotated[int | None, Field(strict=True, ge=1, le=LARGEST, description="Only this one, by its id")] = None


class DeliveryTold(Told):
    """One message to one recipient; no address and nothing of what it says."""

    id: int
    channel: str
    person: str | None = Field(description="Whom it is for; null: whoever is behind the channel")
    topic: str
    message_id: str
    due: float
    state: DeliveryState
    is_loud: bool = Field(description="Whether quiet hours do not hold it back")
    tries: int
    made: float
    ended: float | None
    error: str | None
    notices: int = Field(description="How many it tells of")


class DeliveriesTold(Told):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryTold]
    next: str | None = Field(description="The `cursor` of the next page; null: this is the last one")


class ChannelTold(Told):
    """One channel, with its deliveries counted."""

    name: str
    waiting: int
    sent: int
    set_aside: int = Field(description="Refused, or not taken for too long: nothing happens to them until a retry")
    failures: int = Field(description="In a row")
    dead_since: float | None = Field(description="Since when it is down; null: it is not")
    probe_at: float | None = Field(description="When it is tried again")
    error: str | None


class NoticeCountsTold(Told):
    """How many notices there are, by what became of them."""

    new: int
    routed: int
    unrouted: int = Field(description="Those for which no route was")
    withdrawn: int = Field(description="Those whose item waited no more by the time they were to be told")


class ChannelsTold(Told):
    """How channels fare, and what became of notices."""

    channels: list[ChannelTold]
    notices: NoticeCountsTold


class ResentTold(Told):
    """How many deliveries are sent again."""

    count: int


def list_deliveries(call: ApiCall[Nothing, DeliveriesQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer a page of deliveries."""
    query = call.query
    found = call.console.client.outbox.deliveries(
        query.state,
        limit=query.limit + 1,  # one more than is told says whether there is a next page
        channel=query.channel,
        before=None if query.cursor is None else int(query.cursor),
    )
    page = found[: query.limit]
    cursor = str(page[-1].id) if len(found) > query.limit else None
    return ApiAnswer({"deliveries": [_delivery(each) for each in page], "next": cursor})


def list_channels(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer how channels fare."""
    outbox = call.console.client.outbox
    counts = {"new": 0, "routed": 0, "unrouted": 0, "withdrawn": 0, **outbox.counts()}
    return ApiAnswer({"channels": [each.as_json() for each in channel_standings(outbox)], "notices": counts})


async def retry_deliveries(call: ApiCall[Nothing, Nothing, ResendBody, Nothing]) -> ApiAnswer:
    """Send again what was set aside, and at once what waits for another try."""
    body = call.body
    count = await call.console.client.outbox.retry(channel=body.channel, delivery=body.delivery)
    return ApiAnswer({"count": count})


def _delivery(row: DeliveryRow) -> dict[str, object]:
    return {**row._asdict(), "is_loud": bool(row.is_loud)}
