"""What a message says: one notice as it is, many as their number and the first of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handrail_orchestrator.notices.addresses import Addresses
from handrail_orchestrator.notices.channel import Message, MessageLine
from handrail_orchestrator.notices.plain import LONGEST_LINE, LONGEST_TITLE, one_line
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.store.outbox import DeliveryRow, NoticeKind, NoticeRow

SHOWN_AT_MOST = 20
"""Notices that a message tells of by their titles."""

WORDS: dict[NoticeKind, tuple[str, str]] = {
    "urgent": ("Urgent", "urgent items"),
    "reminder": ("Late", "late items"),
    "escalation": ("Sent up", "items were sent up"),
    "at_risk": ("At risk", "items are due soon"),
    "failure": ("Failed", "runs failed"),
    "promise": ("Promise", "promises may not hold"),
    "breaker": ("System down", "systems are down"),
    "hold": ("Held", "roll-outs were held"),
    "trigger": ("Trigger", "triggers failed"),
    "report": ("Report", "reports"),
    "digest": ("Digest", "digests"),
    "test": ("Test", "tests"),
}
"""What stands before the title of one, and after the number of many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """Writes messages."""

    zone: ZoneInfo
    addresses: Addresses | None
    """None: nobody said where the console is reached."""
    with_values: bool
    link_seconds: float

    def message(
        self,
        delivery: DeliveryRow,
        notices: Sequence[NoticeRow],
        items: dict[int, ReviewItem],
        person: Person | None,
        now: float,
    ) -> Message:
        """Return the message of a delivery: of some of its notices, with what is known of their items."""
        first = notices[0]
        single, many = WORDS[first.kind]
        queue = "" if first.queue is None else f"[{first.queue}] "
        title = f"{single}: {first.title}" if delivery.notices == 1 else f"{delivery.notices:,} {many}"
        rest = None if self.addresses is None or first.kind == "digest" else self._rest(first)
        return Message(
            id=delivery.message_id,
            kind=first.kind,
            title=one_line(queue + title, LONGEST_TITLE),
            lines=tuple(self._line(each, items, person, now) for each in notices),
            more=delivery.notices - len(notices),
            link=rest if delivery.notices > 1 else None,
            to=None if person is None else person.email,
        )

    def _line(self, notice: NoticeRow, items: dict[int, ReviewItem], person: Person | None, now: float) -> MessageLine:
        item = None if notice.item is None else items.get(notice.item)
        waits = item is not None and item.state in {"open", "leased"}
        parts = [notice.title]
        if item is not None and item.due is not None and waits:
            parts.append(f"(due {self._time(item.due)})")
        if item is not None and not waits:
            parts.append(f"({item.state} since)")
        detail = "\n".join(one_line(each) for each in notice.body.splitlines()[:LONGEST_LINE])
        if self.with_values and item is not None and (shown := self._suggestion(item, person)):
            detail = f"{detail}\n{shown}".strip()
        return MessageLine(
            text=one_line(" ".join(parts)),
            detail=detail,
            link=self._link(notice, item if waits else None, person, now),
            item=notice.item if waits else None,
        )

    @staticmethod
    def _suggestion(item: ReviewItem, person: Person | None) -> str:
        """Return what the model suggests, as far as whoever is to answer may see it before."""
        seen = item_for(item, "" if person is None else person.name)
        return "" if seen.suggestion is None else one_line(f"suggested: {seen.suggestion}")

    def _link(self, notice: NoticeRow, item: ReviewItem | None, person: Person | None, now: float) -> str | None:
        if self.addresses is None:
            return None
        if item is not None and person is not None:
            return self.addresses.answer(item, person, now + self.link_seconds)
        if notice.item is not None:
            return self.addresses.item(notice.item)
        if notice.run_id is not None:
            return self.addresses.run(notice.run_id)
        return self.addresses.queue(notice.queue) if notice.kind == "digest" else None

    def _rest(self, notice: NoticeRow) -> str | None:
        assert self.addresses is not None  # noqa: S101 -- it was looked at
        return self.addresses.queue(notice.queue) if notice.item is not None else f"{self.addresses.base}/runs"

    def _time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%Y-%m-%d %H:%M %Z")
