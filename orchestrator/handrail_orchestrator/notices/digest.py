"""The daily digest: how much waits, what is late, what failed; a chore."""

from datetime import datetime

from handrail_orchestrator.notices.outbox import NoticeOutbox
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.quiet import last_time
from handrail_orchestrator.store.decided import MOST_LATE, QueueRow
from handrail_orchestrator.store.outbox import Notice

LOOKS_EVERY_SECONDS = 30.0
LATEST_HOURS = 12.0
"""A digest whose time nobody was up for is sent until so long after it; then the next one is."""
MOST_QUEUES = 50


class Digest:
    """Tells once a day what waits; whichever process is first."""

    name = "digest"

    def __init__(self, outbox: NoticeOutbox, plan: Notices, *, every_seconds: float = LOOKS_EVERY_SECONDS) -> None:
        self._outbox = outbox
        self._plan = plan
        self.every_seconds = every_seconds
        self._told: set[str] = set()

    async def do(self) -> None:
        """Tell what waits, if it is time and nobody has."""
        at = self._plan.digest_time
        if at is None:
            return
        now = self._outbox.now()
        day, moment = last_time(at, self._plan.zone, now)
        if now - moment > LATEST_HOURS * 3_600.0:
            return
        wanted = {route.queue for route in self._plan.routes if "digest" in route.kinds}
        for queue in sorted(wanted, key=lambda each: each or ""):
            key = f"digest:{day.isoformat()}:{queue or ''}"
            if key not in self._told:
                shown = datetime.fromtimestamp(moment, self._plan.zone).strftime("%A, %d %B %Y")
                title = f"what waits on {shown}"
                await self._outbox.tell(Notice("digest", key, title, now, body=self.text(queue, now), queue=queue))
                self._told = {*sorted(self._told)[-MOST_QUEUES:], key}

    def text(self, queue: str | None, now: float) -> str:
        """Return what waits in a queue, or in each."""
        rows = self._outbox.store.queues(now, queue)
        lines = [self._line(row, now) for row in sorted(rows, key=lambda row: -row.waiting)[:MOST_QUEUES]]
        if len(rows) > MOST_QUEUES:
            lines.append(f"and {len(rows) - MOST_QUEUES} more queues")
        if not rows:
            lines.append("nothing waits")
        if queue is None:
            lines.append(self._failed())
        return "\n".join(lines)

    @staticmethod
    def _line(row: QueueRow, now: float) -> str:
        late = f"{row.late:,}{' or more' if row.late >= MOST_LATE else ''}"
        oldest = "" if row.oldest is None else f", the oldest for {duration(now - row.oldest)}"
        return f"{row.queue}: {row.waiting:,} wait, {late} late{oldest}"

    def _failed(self) -> str:
        counts = self._outbox.store.counts()
        failed = sum(count for (_, _, status), count in counts.items() if status in {"failed", "set_aside"})
        return f"runs that failed or were set aside, not retried or deleted since: {failed:,}"


def duration(seconds: float) -> str:
    """Return how long something has taken, in the largest unit that says enough."""
    for size, name in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 0.0):.0f} s"
