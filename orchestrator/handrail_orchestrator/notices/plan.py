"""The plan of who is told what: channels, routes, and when."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.channel import Channel
from handrail_orchestrator.notices.quiet import QuietHours, checked_time, checked_zone
from handrail_orchestrator.notices.routes import Route
from handrail_orchestrator.store.outbox import DeclareNotices, NoticeKind

URL_VARIABLE = "HANDRAIL_URL"
"""The environment variable that says where people reach the console."""
MAX_PRIORITY = 100
LONGEST_GROUP_SECONDS = 86_400.0
PAUSE_GROUPS = 10
"""After a message, the next of its topic to the same recipient waits for so many times ``group_seconds``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Who is told what, through which channel, and when; given to ``Orchestrator(..., notices=...)``.

    ``Notices(channels={"desk": apprise("mailto://...")}, routes=[Route(on="urgent", to="desk")])``. What no route asks
    for is not even written down. All processes on one store are given the same: the last one that opens it says what is
    told there.

    Raises:
        Misuse: a route to a channel that there is not, a channel that no route uses, a time, zone or address that is
            none, or numbers out of their range.
    """

    channels: Mapping[str, Channel]
    """What notices go out through, by name."""
    routes: Sequence[Route]
    """Which notices go where."""
    url: str | None = None
    """Where people reach the console, such as ``https://review.example.com``, for the links in messages; None: what
    the environment variable ``HANDRAIL_URL`` says, and without it messages have no links."""
    tz: str = "UTC"
    """The time zone of quiet hours, the digest, and times in messages."""
    quiet_hours: QuietHours | None = None
    """When nothing is sent but what is loud; None: never."""
    group_seconds: float = 30.0
    """How long the first notice of a topic waits for others, so that they become one message; after a message the
    next of its topic waits ten times as long."""
    digest_at: str | None = None
    """When the daily digest is sent, such as ``"08:00"``; None: no digest."""
    urgent_priority: int = 80
    """From this priority on, a new item is urgent."""
    at_risk_share: float = 0.8
    """After this share of an item's time until it is due, it is at risk."""
    link_hours: float = 48.0
    """How long a link holds by which a person answers without signing in."""
    with_values: bool = False
    """Whether messages show what the model suggests; otherwise they hold titles and links alone."""
    give_up_hours: float = 72.0
    """For how long a delivery is tried before it is set aside."""
    keep_days: float = 30.0
    """How long it is kept what was told."""
    zone: ZoneInfo = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "channels", dict(self.channels))
        put(self, "routes", tuple(self.routes))
        put(self, "zone", checked_zone(self.tz, f"Notices(tz={self.tz!r})"))
        put(self, "url", _checked_url(self.url if self.url is not None else os.environ.get(URL_VARIABLE) or None))
        self._require_routes()
        self._require_numbers()
        if self.digest_at is not None:
            checked_time(self.digest_at, f"Notices(digest_at={self.digest_at!r})")
        if (self.digest_at is not None) != ("digest" in self.kinds):
            raise Misuse("Notices: a digest needs both digest_at='08:00' and a Route(on='digest', to=...)")

    def _require_routes(self) -> None:
        for name, given in self.channels.items():
            if not name.strip() or not isinstance(given, Channel):
                raise Misuse(
                    f"Notices(channels={{{name!r}: ...}}): give a name, and apprise(...) or slack_channel(...)"
                )
        for route in self.routes:
            if (channel := self.channels.get(route.to)) is None:
                known = ", ".join(self.channels) or "none"
                raise Misuse(f"Route(to={route.to!r}): there is no channel of that name; there are: {known}")
            if route.role is not None and not channel.reaches_people:
                raise Misuse(
                    f"Route(role={route.role!r}, to={route.to!r}): only mail reaches people by their addresses"
                )
        unused = [name for name in self.channels if name not in {route.to for route in self.routes}]
        if unused:
            raise Misuse(f"Notices: no route leads to channel {unused[0]!r}: add Route(on=..., to={unused[0]!r})")

    def _require_numbers(self) -> None:
        ranges = {
            "group_seconds": (0.0, LONGEST_GROUP_SECONDS),
            "urgent_priority": (0, MAX_PRIORITY),
            "at_risk_share": (0.01, 1.0),
            "link_hours": (0.01, 24.0 * 366),
            "give_up_hours": (0.01, 24.0 * 366),
            "keep_days": (0.01, 366.0 * 100),
        }
        for name, (least, most) in ranges.items():
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
                raise Misuse(f"Notices({name}={given!r}): give a number from {least:g} to {most:g}")

    @property
    def kinds(self) -> tuple[NoticeKind, ...]:
        """Return the kinds of notices that some route asks for."""
        return tuple(dict.fromkeys(kind for route in self.routes for kind in route.kinds))

    @property
    def pause_seconds(self) -> float:
        """Return how long lies between two messages of one topic to one recipient."""
        return self.group_seconds * PAUSE_GROUPS

    @property
    def digest_time(self) -> time | None:
        """Return when the digest is sent."""
        return None if self.digest_at is None else checked_time(self.digest_at, "digest_at")

    def is_quiet(self, now: float) -> bool:
        """Return whether only what is loud is sent now."""
        return self.quiet_hours is not None and self.quiet_hours.is_quiet(now, self.zone)

    def declaration(self) -> DeclareNotices:
        """Return what the store is told to write down."""
        return DeclareNotices(self.kinds, int(self.urgent_priority), float(self.at_risk_share))


def _checked_url(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        found = urlsplit(url)
        is_whole = found.scheme in {"http", "https"} and bool(found.hostname) and not (found.query or found.fragment)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Misuse(f"Notices(url={url[:80]!r}): give where people reach the console, such as https://host/review")
    return url.rstrip("/")
