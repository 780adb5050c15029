"""The line above the work: how much waits, since when, how much is late, and one's own pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.goal import goal_of
from handrail.console.render import page
from handrail.console.viewer import Viewer, viewer_of
from handrail_orchestrator.records.decided import KnownAnswer
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.statistics.figures import QueueFigures
from handrail_orchestrator.statistics.person import PersonFigures

MISSED_SECONDS = 600.0
"""How long the line says that a known case was answered otherwise."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What the line says."""

    queue: str
    """Empty: of all queues that the person may see."""
    waiting: int
    late: int
    oldest: float | None
    """When the one was asked that waits longest."""
    own: PersonFigures
    """What the person themself has done today; nobody else sees it."""
    goal: int | None = None
    """How many items they mean to decide today."""
    missed: Sequence[KnownAnswer] = ()
    """Cases whose answer is known, and that the person has answered otherwise a moment ago."""


def routes() -> list[BaseRoute]:
    """Return the route of the line."""
    return [Route("/strip", shown, name="strip")]


def shown(request: Request) -> Response:
    """Return the line as it is now."""
    return page(request, "strip.html", strip=strip_of(request, request.query_params.get("queue", "")))


def strip_of(request: Request, queue: str) -> Strip:
    """Return what the line says of a queue; of all, if it names none."""
    client, viewer = console_of(request).client, viewer_of(request)
    figures = queues_of(request, queue)
    now = client.now()
    told = client.own_known_answers(by=viewer.person, since=now - MISSED_SECONDS)
    return Strip(
        queue,
        sum(each.waiting for each in figures),
        sum(each.late for each in figures),
        min((each.oldest for each in figures if each.oldest is not None), default=None),
        client.own_figures(by=viewer.person, today=midnight(viewer, now), queue=queue or None),
        goal_of(viewer.settings),
        [each for each in told if not each.is_right],
    )


def queues_of(request: Request, queue: str = "") -> list[QueueFigures]:
    """Return the queues that the person may see, with how much waits in each."""
    client, viewer = console_of(request).client, viewer_of(request)
    seen = scope(viewer.known, "look")
    return [each for each in client.queue_figures(client.now(), queue or None) if seen.holds(each.queue)]


def midnight(viewer: Viewer, now: float) -> float:
    """Return when the person's day began, by their own zone."""
    local = datetime.fromtimestamp(now, ZoneInfo(viewer.zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
