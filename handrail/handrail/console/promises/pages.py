"""The pages of promises: the list, and one promise with what it came to, its rules over time, and its pause."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import status_of
from handrail.console.context import console_of
from handrail.console.operations.lengths import percent
from handrail.console.promise_lines import line_of, promise_lines
from handrail.console.promises.picture import promise_picture
from handrail.console.render import link, page
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail.promise_next import until_next
from handrail.promise_otherwise import otherwise
from handrail_ground.errors import HandrailError
from handrail_guards.promise_part import LOOKS
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import NotAllowed, UnknownPromise
from handrail_orchestrator.review.permission import check

if TYPE_CHECKING:
    from handrail_evals.decide.keeping.another_target import AnotherTarget

MOST_RULES = 50
"""Rules in the table, and lines of the log: the newest; the picture has all, and so has the command."""
LONGEST_WHY = 1_000
LONGEST_AT = 20
"""Characters of another target."""
REVIEWERS_ERR = 0.01
"""Of right values: so many are called wrong in what the page says of reviewers' errors."""
EARLIER = "earlier"
"""What asks for the promises of models and prompts of before, too."""
NOT_RECKONED: Mapping[str, str] = {
    "ladder": "promises.step.not.ladder",
    "state": "promises.step.not.state",
    "missed": "promises.step.not.missed",
    "second_looks": "promises.step.not.second_looks",
    "stops": "promises.step.not.stops",
    "all": "promises.step.not.all",
    "unreadable": "promises.step.not.unreadable",
}
"""What the page says where it is not reckoned how many labels the next threshold takes."""


def routes() -> list[BaseRoute]:
    """Return the routes of promises; a target is ``triage/route`` or a number."""
    return [
        Route("/promises", listed, name="promises"),
        Route("/promises/{target:path}", shown_promise, name="promise"),
        Route("/promises/{target:path}", act, name="act_on_promise", methods=["POST"]),
    ]


def listed(request: Request) -> Response:
    """Show what is promised, and what is accepted under it."""
    check(viewer_of(request).known, "look_runs")
    earlier = EARLIER in request.query_params
    lines = promise_lines(console_of(request).client, request.query_params.get("workflow", ""), earlier=earlier)
    return page(request, "promises.html", promises=lines, percent=percent, earlier=earlier)


def shown_promise(request: Request) -> Response:
    """Show one promise."""
    return _page(request)


def _page(request: Request, *, problem: str = "", status: int = 200, why: str = "") -> Response:
    viewer, client, target = viewer_of(request), console_of(request).client, request.path_params["target"]
    check(viewer.known, "look_runs")
    record = client.promise(target)
    number = str(record.number)  # another one may begin meanwhile
    rules = client.promise_rules(number)
    at = request.query_params.get("at", "").strip()[:LONGEST_AT]
    other, no_other = _otherwise(client, record.number, at)
    return page(
        request,
        "promise.html",
        status=status,
        line=line_of(record, rules),
        picture=promise_picture(record, rules, client.now()),
        rules=rules[::-1][:MOST_RULES],
        more_rules=max(0, len(rules) - MOST_RULES),
        until=until_next(client, record.number),
        not_reckoned=NOT_RECKONED,
        looks=record.terms.endswith(LOOKS),
        right_risk=(record.wrong_at_most - REVIEWERS_ERR) / (1 - REVIEWERS_ERR),
        at=at,
        longest_at=LONGEST_AT,
        other=other,
        no_other=no_other,
        contradictions=client.promise_contradictions(number),
        history=client.promise_history(number)[::-1][:MOST_RULES],
        others=[
            each
            for each in client.promises(record.workflow)
            if each.target == record.target and each.number != record.number
        ],
        may=viewer.may("rollout"),
        percent=percent,
        problem=problem,
        why=why,
        longest_why=LONGEST_WHY,
    )


def _otherwise(client: Client, number: int, at: str) -> tuple["AnotherTarget | None", str]:
    """Return what its answers would allow at another target, or why that is not known; neither where nobody asked."""
    if not at:
        return None, ""
    try:
        return otherwise(client, number, float(at)), ""
    except HandrailError as error:
        return None, str(error)
    except ValueError:
        return None, say("promises.else.share", given=at)


async def act(request: Request) -> Response:
    """Pause a promise, or let it go on, and show it again."""
    form = await request.form()
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    try:
        number = await _done(request, values)
    except (NotAllowed, UnknownPromise):
        raise
    except HandrailError as error:
        return await run_in_threadpool(
            _page, request, problem=str(error), status=status_of(error), why=values.get("why", "")
        )
    if number is None:
        return await run_in_threadpool(_page, request, problem=say("promises.why.missing"), status=422)
    return RedirectResponse(link(request, "promise", target=number), 303)


async def _done(request: Request, values: Mapping[str, str]) -> str | None:
    """Do it, and return which promise is to be shown; None: it was not said why."""
    client, by, do = console_of(request).client, viewer_of(request).person, values.get("do", "")
    why = values.get("why", "").strip()[:LONGEST_WHY]
    if do not in {"pause", "resume"}:
        raise HTTPException(400)
    client.must_be_allowed(by, "rollout")
    number = str((await run_in_threadpool(client.promise, request.path_params["target"])).number)
    if not why:
        return None
    await (client.pause_promise if do == "pause" else client.resume_promise)(number, by=by, why=why)
    return number
