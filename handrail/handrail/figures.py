"""The figures of the desk: the same for the command, the API and the pages, of what somebody may look at."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from handrail_orchestrator.review.permission import QueueScope
from handrail_orchestrator.statistics.figures import AuditFigures, DeskFigures, QueueFigures
from handrail_orchestrator.statistics.reading import MOST_DECIDED, DecidedReader
from handrail_orchestrator.store.decided import DecidedQuery

WEEK_SECONDS: Final = 7 * 86_400.0
"""How far figures look back when nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How many accepted values are wrong, as far as audits tell."""

    audited: int
    wrong: int
    rate: float | None
    """Share of the audited values that were wrong; None: none was audited."""
    low: float | None
    high: float | None
    """Wilson's interval of 95%."""

    @classmethod
    def of(cls, audits: AuditFigures) -> "ErrorRate":
        """Return the rate with its interval."""
        share = audits.share
        low, high = share.interval or (None, None)
        return cls(audited=audits.audited, wrong=audits.wrong, rate=share.rate, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the desk comes to."""

    since: float | None
    """From when on decisions are counted, in seconds since the epoch."""
    queues: list[QueueFigures]
    desk: DeskFigures
    errors: ErrorRate

    @classmethod
    def of(
        cls, client: DecidedReader, query: DecidedQuery, seen: QueueScope, *, now: float, most: int = MOST_DECIDED
    ) -> "Figures":
        """Return the figures of a store, of the queues that somebody may look at and the decisions of a query."""
        desk = client.desk_figures(replace(query, queues=seen.only, not_queues=seen.but), most=most)
        return cls(
            since=query.since,
            queues=[each for each in client.queue_figures(now, query.queue) if seen.holds(each.queue)],
            desk=desk,
            errors=ErrorRate.of(desk.audits),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "since": self.since,
            "queues": [each.as_json() for each in self.queues],
            **self.desk.as_json(),
            "audits": asdict(self.errors),
        }
