"""The pages of rollouts: how far each is let loose, why, and on what evidence; promoting, holding and resuming them."""

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import status_of
from handrail.console.context import console_of
from handrail.console.operations.slices import slice_of
from handrail.console.promoting import USUAL_CONFIDENCE, promoted
from handrail.console.render import link, page
from handrail.console.typed_forms import NOTHING_TYPED, NotUsable, TypedForm
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail.rollout_standing import rollout_standing, rollout_terms
from handrail_ground.errors import HandrailError
from handrail_guards.rollout import percent
from handrail_orchestrator.review.permission import check

RolloutDone: TypeAlias = Literal["promote", "hold", "resume"]
"""What a page says was done."""


def routes() -> list[BaseRoute]:
    """Return the routes of the pages of rollouts; a target has slashes, so it is no part of the path."""
    return [
        Route("/operations/rollouts", listed, name="rollouts"),
        Route("/operations/rollouts/one", one, name="rollout"),
        Route("/operations/rollouts/one", act, name="act_on_rollout", methods=["POST"]),
    ]


def listed(request: Request) -> Response:
    """Show everything that is rolled out bit by bit."""
    check(viewer_of(request).known, "look_runs")
    client = console_of(request).client
    found = slice_of(request.query_params, lambda most: client.rollouts()[:most])
    return page(request, "rollouts.html", rollouts=found, percent=percent)


def one(request: Request) -> Response:
    """Show one rollout, with its evidence; given a margin, with what a promotion would be told."""
    done = request.query_params.get("done", "")
    said = say(f"rollouts.done.{done}") if done in get_args(RolloutDone) else ""
    return _shown(request, request.query_params.get("target", ""), said=said)


def _shown(
    request: Request,
    target: str,
    *,
    said: str = "",
    problem: str = "",
    status: int = 200,
    typed: TypedForm = NOTHING_TYPED,
) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    client, margin = console_of(request).client, request.query_params.get("margin", "").strip()
    record = client.rollout(target)
    try:
        terms = rollout_terms(_number("rollouts.margin", margin), USUAL_CONFIDENCE) if margin else None
    except (NotUsable, HandrailError) as error:
        terms, problem, status = None, str(error), 422
    return page(
        request,
        "rollout.html",
        status=status,
        rollout=record,
        standing=rollout_standing(client, record, terms),
        history=slice_of(request.query_params, lambda most: client.rollout_history(target)[::-1][:most]),
        margin=margin,
        percent=percent,
        may=viewer.may("rollout"),
        said=said,
        problem=problem,
        typed=typed,
    )


async def act(request: Request) -> Response:
    """Promote a rollout, hold it or resume it, and show it again."""
    form = await request.form()
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    target = values.get("target", "")
    try:
        done = await _done(request, target, values)
    except NotUsable as refused:
        problem, status = str(refused), 422
    except HandrailError as error:
        problem, status = str(error), status_of(error)
    else:
        return RedirectResponse(link(request, "rollout", {"target": target, "done": done}), 303)
    typed = TypedForm(values.get("do", ""), values)
    return await run_in_threadpool(_shown, request, target, problem=problem, status=status, typed=typed)


async def _done(request: Request, target: str, values: Mapping[str, str]) -> RolloutDone:
    """Do it, and return what is to be said of it."""
    client, by, why = console_of(request).client, viewer_of(request).person, values.get("why", "").strip()
    match values.get("do", ""):
        case "promote":
            margin = values.get("margin", "").strip()
            await promoted(
                client,
                target,
                to=_number("rollouts.to", values.get("to", "")),
                by=by,
                why=why,
                margin=_number("rollouts.margin", margin) if margin else None,
                confidence=USUAL_CONFIDENCE,
            )
            return "promote"
        case "hold":
            await client.hold_rollout(target, by=by, why=why)
            return "hold"
        case "resume":
            await client.resume_rollout(target, by=by, why=why)
            return "resume"
        case _:
            raise HTTPException(400)


def _number(field: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise NotUsable(say("rollouts.no_number", field=say(field)))
    return found
