"""The run pages: the list of runs, and one run with its timeline and what may be done to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast, get_args

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import status_of
from handrail.console.context import console_of
from handrail.console.filters import quoted
from handrail.console.render import link, page
from handrail.console.timeline import TimelineStep, timeline
from handrail.console.typed_forms import NOTHING_TYPED, NotUsable, TypedForm, typed_payload
from handrail.console.values import ShownValue, shown
from handrail.console.veil import veil_for
from handrail.console.viewer import Viewer, viewer_of
from handrail.console.words import say
from handrail_ground.errors import HandrailError
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.review.permission import StoreAction, check
from handrail_orchestrator.store.queries import ReviewQuery, RunQuery
from handrail_orchestrator.store.rows import ENDED, ReviewState, RunStatus
from handrail_orchestrator.tags import read_filter

PAGE_ROWS = 50
PAGE_STEPS = 100
MOST_CHILDREN = 50
MOST_ITEMS = 500
"""Review items of one run whose links are shown."""
MOST_FORK_STEPS = 200
"""Steps among which a fork can be chosen; the name of another one can be typed."""
LONGEST_SHOWN_WAITS = 3
"""Of one run in the list."""

AGES: Mapping[str, tuple[float, bool]] = {
    "hour": (3_600.0, True),
    "day": (86_400.0, True),
    "week": (604_800.0, True),
    "over-day": (86_400.0, False),
    "over-week": (604_800.0, False),
}
"""Spans of time by which runs are chosen: made within it, or before it."""

Done: TypeAlias = Literal["retry", "cancel", "fork", "send", "sent-before"]
"""What a page says was done."""

_STATES: tuple[ReviewState, ...] = get_args(ReviewState)


def routes() -> list[BaseRoute]:
    """Return the routes of the run pages; an id may hold slashes."""
    return [
        Route("/runs", listed, name="runs"),
        Route("/runs/{id:path}", shown_run, name="run"),
        Route("/runs/{id:path}", act, name="act", methods=["POST"]),
    ]


# -- the list


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list asks for, as it stands there."""

    status: str = ""
    workflow: str = ""
    text: str = ""
    age: str = ""
    tag: str = ""
    before: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """Return what an address asks for.

        Raises:
            Misuse: it asks for something that there is not; the message says what there is.
        """
        found = cls(*(params.get(name, "").strip() for name in ("status", "workflow", "text", "age", "tag", "before")))
        for name, value, choices in (("status", found.status, get_args(RunStatus)), ("age", found.age, tuple(AGES))):
            if value and value not in choices:
                raise Misuse(say("runs.unread", name=name, value=quoted(value), choices=", ".join(choices)))
        if found.before and not (found.before.isascii() and found.before.isdecimal() and len(found.before) < 19):
            raise Misuse(say("runs.unread.place", value=quoted(found.before)))
        return found

    def query(self, now: float) -> RunQuery:
        """Return which runs these are."""
        seconds, is_within = AGES.get(self.age, (None, True))
        moment = None if seconds is None else now - seconds
        return RunQuery(
            status=cast("RunStatus | None", self.status or None),
            workflow=self.workflow or None,
            text=self.text or None,
            tags=read_filter([self.tag] if self.tag else []),
            created_from=moment if is_within else None,
            created_to=None if is_within else moment,
            before_key=int(self.before) if self.before else None,
            limit=PAGE_ROWS + 1,
            values=False,
        )

    def as_query(self, **more: object) -> dict[str, object]:
        """Return it as the query of another page's address."""
        return {
            "status": self.status,
            "workflow": self.workflow,
            "text": self.text,
            "age": self.age,
            "tag": self.tag,
            **more,
        }


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list."""

    run: RunRecord
    waits: tuple[WaitRecord, ...]
    more_waits: int


def listed(request: Request) -> Response:
    """Show one page of the list."""
    check(viewer_of(request).known, "look_runs")
    client = console_of(request).client
    filters = Filters.of(request.query_params)
    found = client.find_runs(filters.query(client.now()))
    page_runs = found[:PAGE_ROWS]
    waits: dict[int, list[WaitRecord]] = {}
    for wait in client.waits([run.key for run in page_runs if run.status == "waiting"]):
        waits.setdefault(wait.run_key, []).append(wait)
    return page(
        request,
        "runs.html",
        rows=[_line(run, waits.get(run.key, [])) for run in page_runs],
        filters=filters,
        statuses=get_args(RunStatus),
        workflows=client.workflow_names(),
        ages=tuple(AGES),
        following=str(page_runs[-1].key) if len(found) > PAGE_ROWS else None,
    )


def _line(run: RunRecord, waits: list[WaitRecord]) -> RunLine:
    return RunLine(run, tuple(waits[:LONGEST_SHOWN_WAITS]), max(0, len(waits) - LONGEST_SHOWN_WAITS))


# -- one run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as its page shows it."""

    run: RunRecord
    input: ShownValue
    output: ShownValue | None
    is_veiled: bool
    """Whether what it came to is kept from its reader, who may be asked about it blind."""
    waits: list[WaitRecord]
    steps: list[TimelineStep]
    following: str | None
    """Where the next page of steps begins."""
    parent: str | None
    children: list[RunRecord]
    more_children: bool
    fork_steps: list[str]
    event: str
    """The name of an event that it waits for."""


def shown_run(request: Request) -> Response:
    """Show one run."""
    done = request.query_params.get("done", "")
    said = say(f"run.done.{done}") if done in get_args(Done) else ""
    return _page(request, said=said)


def _page(
    request: Request, *, said: str = "", problem: str = "", status: int = 200, typed: TypedForm = NOTHING_TYPED
) -> Response:
    viewer = viewer_of(request)
    check(viewer.known, "look_runs")
    client = console_of(request).client
    view = _view(client, request.path_params["id"], _place(request.query_params.get("after", "")), viewer)
    ended = view.run.status in ENDED
    allowed: dict[StoreAction, bool] = {
        "retry": ended and view.run.status != "completed",
        "cancel": not ended,
        "fork": True,
        "send": not ended,
    }
    return page(
        request,
        "run.html",
        status=status,
        view=view,
        may={action: is_possible and viewer.may(action) for action, is_possible in allowed.items()},
        shows_traces=viewer.may("retry"),
        said=said,
        problem=problem,
        typed=typed,
    )


def _view(client: Client, run_id: str, after: tuple[int, str], viewer: Viewer) -> RunView:
    run = client.run(run_id)
    found = client.some_steps(run_id, after=after, limit=PAGE_STEPS + 1)
    steps = found[:PAGE_STEPS]
    waits = client.waits([run.key])
    items = client.reviews(ReviewQuery(states=_STATES, run_id=run_id, limit=MOST_ITEMS))
    children = client.find_runs(RunQuery(parent=run.key, limit=MOST_CHILDREN + 1))
    veil = veil_for(client, run_id, viewer)
    is_veiled = veil.hides_the_end
    return RunView(
        run=replace(run, progress=None, error=None) if is_veiled else run,
        input=shown(run.input),
        output=shown(run.output) if run.status == "completed" and not is_veiled else None,
        is_veiled=is_veiled,
        waits=waits,
        steps=timeline(
            steps,
            items=items,
            kept=veil.kept(steps),
            waits=waits,
            challenges=client.challenges(run_id),
            copied_seq=run.copied_seq,
        ),
        following=f"{steps[-1].seq}.{steps[-1].name}" if len(found) > PAGE_STEPS else None,
        parent=None if run.parent is None else client.run_ids([run.parent]).get(run.parent),
        children=children[:MOST_CHILDREN],
        more_children=len(children) > MOST_CHILDREN,
        fork_steps=_fork_steps(client, run_id),
        event=next((_event(wait) for wait in waits if wait.kind == "event"), ""),
    )


def _event(wait: WaitRecord) -> str:
    """Return the name of the event that is waited for by ``event:paid#2``."""
    return wait.step.rpartition("event:")[2].partition("#")[0]


def _place(text: str) -> tuple[int, str]:
    """Return after which step a page of the timeline begins."""
    seq, _, name = text.partition(".")
    return (int(seq), name) if seq.isdecimal() and len(seq) < 19 else (0, "")


def _fork_steps(client: Client, run_id: str) -> list[str]:
    """Return the steps before which a run can be forked: those of the round that goes on."""
    names = (step.name for step in client.some_steps(run_id, limit=MOST_FORK_STEPS))
    return [name for name in names if not name.startswith("[")]


# -- what is done to a run


async def act(request: Request) -> Response:
    """Do what a form of the page asks for, and show the run again."""
    form = await request.form()
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    action = values.get("do", "")
    run_id: str = request.path_params["id"]
    try:
        run_id, done = await _done(request, action, run_id, values)
    except NotUsable as refused:
        return await _again(request, str(refused), 422, TypedForm(action, values))
    except HandrailError as error:
        await run_in_threadpool(console_of(request).client.run, run_id)  # one that is not there has no page
        return await _again(request, str(error), status_of(error), TypedForm(action, values))
    return RedirectResponse(link(request, "run", {"done": done}, id=run_id), 303)


async def _again(request: Request, problem: str, status: int, typed: TypedForm) -> Response:
    return await run_in_threadpool(_page, request, problem=problem, status=status, typed=typed)


async def _done(request: Request, action: str, run_id: str, values: Mapping[str, str]) -> tuple[str, Done]:
    """Do it, and return which run is to be shown, and what is to be said of it."""
    client, by = console_of(request).client, viewer_of(request).person
    match action:
        case "retry":
            await client.retry(run_id, by=by)
            return run_id, "retry"
        case "cancel":
            reason = values.get("reason", "").strip() or say("run.cancel.reason", name=by)
            await client.cancel(run_id, reason=reason, by=by)
            return run_id, "cancel"
        case "fork":
            step, new = values.get("step", "").strip() or None, values.get("new", "").strip() or None
            return await client.fork(run_id, step=step, id=new, by=by), "fork"
        case "send":
            name, event_id = values.get("name", "").strip(), values.get("event_id", "").strip() or None
            if not name:
                raise NotUsable(say("run.send.no_name"))
            is_new = await client.send(run_id, name, typed_payload(values.get("payload", "")), event_id=event_id, by=by)
            return run_id, "send" if is_new else "sent-before"
        case _:
            raise HTTPException(400)
