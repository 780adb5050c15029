"""Sending: what is due of one channel goes out, and what came of it is recorded; a chore for each channel.

A delivery belongs to one process while it is tried, for longer than a try may take. One that dies between the server's
word and our record leaves a delivery that is sent again, under the same message id: that cannot be told apart from one
that the server never took, and is better twice than never.
"""

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, cast

from handrail_ground.text import harmless
from handrail_orchestrator.embedded.escapes import awaited, error_type, on_a_leash
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.notices.channel import Channel, Delivered, Message, MessageRefused, NotNow, SendOutcome
from handrail_orchestrator.notices.outbox import NoticeOutbox
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.wording import SHOWN_AT_MOST, Wordings
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.records.reading import review_item
from handrail_orchestrator.retry import LONGEST_ASKED_SECONDS
from handrail_orchestrator.store.outbox import ClaimDelivery, DeliveryRow, DeliveryState, EndTry

if TYPE_CHECKING:
    from handrail_orchestrator.records.item import ReviewItem

LOOKS_EVERY_SECONDS = 1.0
TRY_SECONDS = 60.0
"""How long one try may take."""
CLAIM_SECONDS = 2 * TRY_SECONDS
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 900.0
LONGEST_WORDS = 1_000
"""Characters of what a channel says that are recorded."""
DEAD_AFTER = 5
"""So many failures of a channel in a row, and it is down: one delivery tries it once in a while."""
PROBE_SECONDS = 60.0
LAST_RECORD_SECONDS = 2.0
"""How long a try that has begun may still take when this ends."""

_log = logging.getLogger("handrail.notices")


class Sending:
    """Sends what is due through one channel."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        *,
        outbox: NoticeOutbox,
        plan: Notices,
        wordings: Wordings,
        every_seconds: float = LOOKS_EVERY_SECONDS,
    ) -> None:
        self.name = f"channel {name}"
        self.every_seconds = every_seconds
        self._channel_name = name
        self._channel = channel
        self._outbox = outbox
        self._plan = plan
        self._wordings = wordings
        self._claim = uuid.uuid4().hex

    async def do(self) -> None:
        """Send all that is due, one after the other."""
        while True:
            now = self._outbox.now()
            is_quiet = self._plan.is_quiet(now)
            if not self._outbox.store.is_delivery_due(self._channel_name, now, is_quiet=is_quiet):
                return
            claimed: DeliveryRow | None = await self._outbox.ask(
                ClaimDelivery(self._channel_name, self._claim, now, now + CLAIM_SECONDS, is_quiet, PROBE_SECONDS)
            )
            if claimed is None:
                return
            trying = asyncio.create_task(self._tried(claimed))
            try:
                await asyncio.shield(trying)
            except asyncio.CancelledError:  # what has begun is recorded, so that it is not sent again
                await asyncio.wait([trying], timeout=LAST_RECORD_SECONDS)
                trying.cancel()
                raise

    async def _tried(self, delivery: DeliveryRow) -> None:
        outcome = await self._sent(delivery)
        ended = self._ended(delivery, outcome)
        await self._outbox.ask(ended)
        if ended.state == "set_aside":
            _log.error("delivery %d through %s is set aside: %s", delivery.id, self._channel_name, ended.error)
        elif ended.state == "waiting":
            _log.warning("delivery %d through %s is tried again: %s", delivery.id, self._channel_name, ended.error)

    async def _sent(self, delivery: DeliveryRow) -> SendOutcome:
        store = self._outbox.store
        notices = store.notices_of(delivery.id, SHOWN_AT_MOST)
        if not notices:
            return Delivered("what it told of was deleted")
        person = None
        if delivery.person is not None:
            row = store.person(delivery.person)
            person = None if row is None else Person.of(row)
            if person is None or person.is_disabled or person.email is None:
                return MessageRefused("the person it is for has no address any more")
        items: dict[int, ReviewItem] = {}
        for number in {each.item for each in notices if each.item is not None}:
            found = store.review(number)
            if found is not None:
                items[number] = review_item(found)
        message = self._wordings.message(delivery, notices, items, person, self._outbox.now())
        return await sent(self._channel, message, TRY_SECONDS)

    def _ended(self, delivery: DeliveryRow, outcome: SendOutcome) -> EndTry:
        now = self._outbox.now()
        ended = EndTry(delivery.id, self._claim, now, "sent", dead_after=DEAD_AFTER)
        match outcome:
            case Delivered(remark):
                return ended._replace(error=remark or None)
            case MessageRefused(why):
                return ended._replace(state="set_aside", error=why)
            case NotNow(why, after, is_channel):
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(delivery.tries, 10))
                due = now + max(pause, after or 0.0)
                is_over = now - delivery.made > self._plan.give_up_hours * 3_600.0
                state: DeliveryState = "set_aside" if is_over else "waiting"
                return ended._replace(state=state, due=due, error=why, is_channel_down=is_channel)


async def sent(channel: Channel, message: Message, seconds: float) -> SendOutcome:
    """Try to send a message, and return what came of it, whatever a channel of somebody else's does."""

    async def tried() -> SendOutcome:
        return _storable_outcome(await channel.send(message))

    try:
        body = awaited(tried, (), {})
        return cast("SendOutcome", await asyncio.wait_for(on_a_leash(body, _left_behind), seconds))
    except TimeoutError:
        return NotNow(f"it was not taken within {seconds:g} s")
    except Exception as error:  # noqa: BLE001 -- its text may hold secrets
        return NotNow(f"the channel failed ({error_type(error)})")


def _storable_outcome(outcome: object) -> SendOutcome:
    """Return what a channel of somebody else's returned as it can be recorded."""
    match outcome:
        case Delivered(remark):
            return Delivered(_storable(remark))
        case MessageRefused(why):
            return MessageRefused(_storable(why))
        case NotNow(why, after, is_channel):
            asked = None if after is None or not is_above_zero(after) else min(after, LONGEST_ASKED_SECONDS)
            return NotNow(_storable(why), asked, bool(is_channel))
    return NotNow(f"the channel returned {type(outcome).__name__}, and not Delivered(), MessageRefused() or NotNow()")


def _left_behind() -> None:
    _log.warning("a channel goes on although it was cancelled, and is left behind: nobody waits for what it says")


def _storable(text: object) -> str:
    """Return what a channel says as it can be kept and shown."""
    return harmless(str(text))[:LONGEST_WORDS]
