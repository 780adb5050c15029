"""The pages of triggers: what starts runs by itself, what became of it; holding it back, and firing it by hand."""

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
from handrail.console.render import link, page
from handrail.console.typed_forms import NOTHING_TYPED, NotUsable, TypedForm, typed_payload
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail_ground.errors import HandrailError
from handrail_orchestrator.review.permission import check

TriggerDone: TypeAlias = Literal["pause", "paused-before", "resume", "not-paused", "fire"]
"""What a page says was done."""


def routes() -> list[BaseRoute]:
    """Return the routes of the pages of triggers; a name may hold anything, so it is no part of the path."""
    return [
        Route("/operations/triggers", listed, name="triggers"),
        Route("/operations/triggers/one", one, name="trigger"),
        Route("/operations/triggers/one", act, name="act_on_trigger", methods=["POST"]),
    ]


def listed(request: Request) -> Response:
    """Show every trigger that was given to whoever works on the store."""
    check(viewer_of(request).known, "look_runs")
    client = console_of(request).client
    return page(
        request, "triggers.html", triggers=slice_of(request.query_params, lambda most: client.triggers()[:most])
    )


def one(request: Request) -> Response:
    """Show one trigger, with what happened to it."""
    done = request.query_params.get("done", "")
    said = say(f"triggers.done.{done}") if done in get_args(TriggerDone) else ""
    return _shown(request, request.query_params.get("name", ""), said=said)


def _shown(
    request: Request,
    name: str,
    *,
    said: str = "",
    problem: str = "",
    status: int = 200,
    typed: TypedForm = NOTHING_TYPED,
) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    client = console_of(request).client
    found = next((each for each in client.triggers() if each.name == name), None)
    if found is None:
        raise HTTPException(404)
    return page(
        request,
        "trigger.html",
        status=status,
        trigger=found,
        history=slice_of(request.query_params, lambda most: client.trigger_history(name, limit=most)),
        may=viewer.may("start"),
        said=said,
        problem=problem,
        typed=typed,
    )


async def act(request: Request) -> Response:
    """Pause a trigger, resume it or fire it by hand, and show it again."""
    form = await request.form()
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    name = values.get("name", "")
    try:
        done = await _done(request, name, values)
    except NotUsable as refused:
        problem, status = str(refused), 422
    except HandrailError as error:
        problem, status = str(error), status_of(error)
    else:
        return RedirectResponse(link(request, "trigger", {"name": name, "done": done}), 303)
    typed = TypedForm(values.get("do", ""), values)
    return await run_in_threadpool(_shown, request, name, problem=problem, status=status, typed=typed)


async def _done(request: Request, name: str, values: Mapping[str, str]) -> TriggerDone:
    """Do it, and return what is to be said of it."""
    client, by = console_of(request).client, viewer_of(request).person
    why = values.get("why", "").strip() or None
    match values.get("do", ""):
        case "pause":
            return "pause" if await client.pause_trigger(name, by=by, why=why) else "paused-before"
        case "resume":
            return "resume" if await client.resume_trigger(name, by=by, why=why) else "not-paused"
        case "fire":
            await client.fire_trigger(name, by=by, payload=typed_payload(values.get("payload", "")), why=why)
            return "fire"
        case _:
            raise HTTPException(400)
