"""The chores that tell people: routing, each channel, the digest, and deleting what was told long ago."""

from handrail_orchestrator.chores import Chore
from handrail_orchestrator.notices.addresses import Addresses
from handrail_orchestrator.notices.digest import Digest
from handrail_orchestrator.notices.outbox import NoticeOutbox
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.routing import Routing
from handrail_orchestrator.notices.sending import Sending
from handrail_orchestrator.notices.wording import Wordings
from handrail_orchestrator.store.outbox import SweepOutbox

SWEPT_EVERY_SECONDS = 3_600.0
SWEPT_AT_ONCE = 500
DAY_SECONDS = 86_400.0


class Sweeping:
    """Deletes what was told long ago."""

    name = "outbox"

    def __init__(self, outbox: NoticeOutbox, plan: Notices, *, every_seconds: float = SWEPT_EVERY_SECONDS) -> None:
        self._outbox = outbox
        self._keep_seconds = plan.keep_days * DAY_SECONDS
        self.every_seconds = every_seconds

    async def do(self) -> None:
        """Delete it, some at a time."""
        before = self._outbox.now() - self._keep_seconds
        while await self._outbox.ask(SweepOutbox(before, SWEPT_AT_ONCE)):
            pass


def telling(outbox: NoticeOutbox, plan: Notices | None, *, url: str | None = None) -> list[Chore]:
    """Return what is done so that people are told; ``url``: where the console is reached, if the plan does not say."""
    if plan is None:
        return []
    base = plan.url or url
    addresses = None if base is None else Addresses(base.rstrip("/"), outbox.store.path)
    wordings = Wordings(
        zone=plan.zone, addresses=addresses, with_values=plan.with_values, link_seconds=plan.link_hours * 3_600.0
    )
    sending: list[Chore] = [
        Sending(name, channel, outbox=outbox, plan=plan, wordings=wordings) for name, channel in plan.channels.items()
    ]
    return [Routing(outbox, plan), *sending, Digest(outbox, plan), Sweeping(outbox, plan)]
