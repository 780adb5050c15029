"""The page of notices: what people are told, through which channels, which of those are down; and sending again."""

from typing import cast, get_args

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.channel_standings import channel_standings
from handrail.console.context import console_of
from handrail.console.operations.slices import ROWS
from handrail.console.render import link, page
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail_orchestrator.review.permission import check
from handrail_orchestrator.store.outbox import DeliveryState

LONGEST_NUMBER = 18
"""Digits of a delivery's number, or of how many there were."""


def routes() -> list[BaseRoute]:
    """Return the routes of the page of notices."""
    return [
        Route("/operations/notices", listed, name="notices"),
        Route("/operations/notices", again, name="retry_notices", methods=["POST"]),
    ]


def listed(request: Request) -> Response:
    """Show one page of deliveries, newest first, and how the channels fare."""
    sent = request.query_params.get("sent", "")
    said = say("notices.again", count=int(sent)) if _is_number(sent) else ""
    return _shown(request, said=said)


def _shown(request: Request, *, said: str = "", problem: str = "", status: int = 200) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    outbox = console_of(request).client.outbox
    state, channel, before = (request.query_params.get(name, "").strip() for name in ("state", "channel", "before"))
    if state not in {"", *get_args(DeliveryState)} or not (before == "" or _is_number(before)):
        raise HTTPException(400)
    found = outbox.deliveries(
        cast("DeliveryState | None", state or None),
        limit=ROWS + 1,
        channel=channel or None,
        before=int(before) if before else None,
    )
    return page(
        request,
        "notices.html",
        status=status,
        deliveries=found[:ROWS],
        following=found[ROWS - 1].id if len(found) > ROWS else None,
        channels=channel_standings(outbox),
        counts=outbox.counts(),
        states=get_args(DeliveryState),
        state=state,
        channel=channel,
        before=before,
        may=viewer.may("resend"),
        said=said,
        problem=problem,
    )


async def again(request: Request) -> Response:
    """Send again what was set aside, and at once what waits for another try: one delivery, one channel's, or all."""
    check(viewer_of(request).known, "resend")
    form = await request.form()
    channel, delivery = (str(form.get(name, "")).strip() for name in ("channel", "delivery"))
    if delivery and not _is_number(delivery):
        raise HTTPException(400)
    count = await console_of(request).client.outbox.retry(
        channel=channel or None, delivery=int(delivery) if delivery else None
    )
    if not count:
        return await run_in_threadpool(_shown, request, problem=say("notices.nothing"), status=409)
    return RedirectResponse(link(request, "notices", {"sent": count}), 303)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
