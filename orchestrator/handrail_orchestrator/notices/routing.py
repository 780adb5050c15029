"""Routing: new notices become deliveries, by the plan; a chore."""

import logging
from collections.abc import Sequence

from handrail_orchestrator.notices.outbox import NoticeOutbox
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.store.outbox import Addressed, NoticeRow, RoutedNotice, RouteNotices

AT_ONCE = 200
"""Notices routed in one transaction."""
LOOKS_EVERY_SECONDS = 1.0

_log = logging.getLogger("handrail.notices")


class Routing:
    """Routes what is new."""

    name = "notices"

    def __init__(self, outbox: NoticeOutbox, plan: Notices, *, every_seconds: float = LOOKS_EVERY_SECONDS) -> None:
        self._outbox = outbox
        self._plan = plan
        self.every_seconds = every_seconds

    async def do(self) -> None:
        """Route all that is to be told now."""
        while True:
            now = self._outbox.now()
            rows = self._outbox.store.new_notices(now, AT_ONCE)
            if not rows:
                return
            everybody = [Person.of(row) for row in self._outbox.store.people()]
            routed = [self._routed(row, everybody, now) for row in rows]
            for each, row in zip(routed, rows, strict=True):
                if each.state == "unrouted":
                    _log.warning("notice %d (%s) has no recipient: see the routes", row.id, row.kind)
            await self._outbox.ask(RouteNotices(routed, now, self._plan.pause_seconds))
            if len(rows) < AT_ONCE:
                return

    def _routed(self, notice: NoticeRow, everybody: Sequence[Person], now: float) -> RoutedNotice:
        if notice.kind == "at_risk":
            if notice.item_state not in {"open", "leased"} or notice.item_due is None or notice.item_created is None:
                return RoutedNotice(notice.id, "withdrawn")
            share = self._plan.at_risk_share
            at = notice.item_created + share * (notice.item_due - notice.item_created)
            if at > now:  # it is due later than it was when it was asked
                return RoutedNotice(notice.id, "new", at=at)
        to = self.addressed(notice, everybody, now)
        return RoutedNotice(notice.id, "routed" if to else "unrouted", to)

    def addressed(self, notice: NoticeRow, everybody: Sequence[Person], now: float) -> list[Addressed]:
        """Return where a notice goes, each recipient once; one that any route makes loud is loud."""
        topic = f"{notice.kind}:{notice.queue or ''}"
        due = now if notice.kind in {"digest", "report", "test"} else now + self._plan.group_seconds
        found: dict[tuple[str, str | None], bool] = {}
        for route in self._plan.routes:
            if not route.fits(notice):
                continue
            people = [None] if route.role is None else [each.name for each in route.people(notice, everybody)]
            for person in people:
                found[route.to, person] = found.get((route.to, person), False) or route.is_loud
        return [Addressed(channel, person, topic, due, is_loud) for (channel, person), is_loud in found.items()]
