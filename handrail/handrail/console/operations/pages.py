"""The operations page, the part of it that is loaded again and again, and what is done to runs that failed alike."""

from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.operations.again import selection_of
from handrail.console.operations.figures import shown
from handrail.console.operations.filters import WINDOWS, OperationsFilters
from handrail.console.operations.lengths import length, money, percent
from handrail.console.operations.view import MOST_GROUPS, view_of
from handrail.console.promise_lines import PromiseLine, promise_lines
from handrail.console.render import page
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail_orchestrator.control.bulk import BulkResult
from handrail_orchestrator.failures.group import FailureGroup, Failures
from handrail_orchestrator.review.permission import check

MOST_RUNS = 200
"""Runs of a group whose links are shown."""
POLL_SECONDS = 5
"""How often the part that changes is loaded again, while somebody looks at it."""
WHOLE = "(all)"
"""Stands for a fork without any history."""


def routes() -> list[BaseRoute]:
    """Return the routes of the operations page."""
    return [
        Route("/operations", shown_page, name="operations"),
        Route("/operations/live", shown_part, name="operations_live"),
        Route("/operations/failures/{group}", shown_group, name="failures"),
        Route("/operations/failures/{group}", act, name="act_on_failures", methods=["POST"]),
    ]


def shown_page(request: Request) -> Response:
    """Show the whole page, with what is promised; counting its cases takes too long to do it every few seconds."""
    return _view(
        request,
        "operations.html",
        promises=promise_lines(console_of(request).client, request.query_params.get("workflow", "")),
    )


def shown_part(request: Request) -> Response:
    """Show the part of the page that changes."""
    return _view(request, "operations_live.html")


def _view(request: Request, template: str, *, promises: Sequence[PromiseLine] = ()) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    client = console_of(request).client
    filters = _filters(request, request.query_params)
    return page(
        request,
        template,
        view=view_of(client, viewer, filters),
        promises=promises,
        filters=filters,
        windows=WINDOWS,
        length=length,
        percent=percent,
        money=money,
        figure_text=shown,
        most_groups=MOST_GROUPS,
        poll_seconds=POLL_SECONDS,
        whole=WHOLE,
        may={action: viewer.may(action) for action in ("retry", "fork")},
    )


def _filters(request: Request, params: Mapping[str, str]) -> OperationsFilters:
    return OperationsFilters.read(params, console_of(request).client.now(), viewer_of(request).zone)


# -- runs that failed alike


def shown_group(request: Request) -> Response:
    """Show the runs of one group."""
    return _group_page(request, _filters(request, request.query_params))


def _group_page(
    request: Request, filters: OperationsFilters, done: BulkResult | None = None, said: str = "", status: int = 200
) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    found = _failures(request, filters)
    group = found.group(request.path_params["group"])
    if group is None and done is None:
        raise HTTPException(404)
    return page(
        request,
        "failures.html",
        status=status,
        filters=filters,
        group=group,
        name=request.path_params["group"],
        runs=() if group is None else group.runs[:MOST_RUNS],
        is_whole=found.is_whole,
        done=done,
        said=said,
        whole=WHOLE,
        may={action: viewer.may(action) for action in ("retry", "fork")},
    )


def _failures(request: Request, filters: OperationsFilters) -> Failures:
    return console_of(request).client.failures(filters.runs, version=filters.version)


async def act(request: Request) -> Response:
    """Try the runs of a group again, or fork them, and show what became of it."""
    form = await request.form()
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    filters = _filters(request, values)
    client, by = console_of(request).client, viewer_of(request).person
    chosen = selection_of(await run_in_threadpool(_group, request, filters), filters)
    match values.get("do", ""):
        case "retry":
            done = await client.bulk("retry", chosen, by=by)
            said = say("operations.retried", count=done.done)
        case "fork":
            step = values.get("step", "").strip()
            done = await client.bulk("fork", chosen, step=None if step == WHOLE else step or None, by=by)
            said = say("operations.forked", count=done.done)
        case _:
            raise HTTPException(400)
    status = 200 if done.done else 409
    return await run_in_threadpool(_group_page, request, filters, done, said, status)


def _group(request: Request, filters: OperationsFilters) -> FailureGroup:
    check(viewer_of(request).known, "look_runs")
    group = _failures(request, filters).group(request.path_params["group"])
    if group is None:
        raise HTTPException(404)
    return group
