"""What a person does to an item: every button and key of its page ends here, and goes on to what comes next."""

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import status_of
from handrail.console.beside import beside
from handrail.console.context import console_of
from handrail.console.forms.missing import MISSING
from handrail.console.forms.posted import only_one
from handrail.console.item import FRAGMENT_HEADER, LOCATION_HEADER, item_page_aside
from handrail.console.marks import answer_form
from handrail.console.picked import picked
from handrail.console.render import link, page
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail.console.work import Typed
from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import AnswerRefused, ReviewConflict, ReviewError
from handrail_orchestrator.records.item import ReviewDetail
from handrail_orchestrator.review import permission
from handrail_orchestrator.store import ReviewQuery

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from handrail_guards.verdict import Verdict

MOST_FIELDS = 5_000
OFFERED = 20
"""Items of which one is taken when another was handed on."""
SNOOZES = {"1h": 3_600.0, "4h": 14_400.0, "1d": 86_400.0, "7d": 604_800.0}
"""How long an item can be put away from its page."""
SAME_MOMENT_SECONDS = 0.001
LONGEST_BEAT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """One request to do something to an item."""

    request: Request
    client: Client
    item: int
    by: str
    form: FormData

    def text(self, name: str) -> str:
        """Return what was sent in a field; empty when nothing was."""
        found = self.form.get(name)
        return found if isinstance(found, str) else ""

    def one_text(self, name: str) -> str:
        """Return what was sent in a field; empty also when two fields of this name say different things."""
        return only_one(self.form.getlist(name))

    def looked_at(self) -> int:
        """Return the version of what was answered, as every page of an item sends it.

        Raises:
            ReviewError: the form does not say it, so that nobody knows what was looked at.
        """
        version = _number(self.one_text("version"))
        if version is None:
            raise ReviewError(say("item.looked_at_nothing"))
        return version

    @property
    def queue(self) -> str:
        """Return the queue that the person works through."""
        return self.text("queue")

    @property
    def note(self) -> str | None:
        """Return the note that was sent along."""
        return self.text("note").strip() or None


def routes() -> list[BaseRoute]:
    """Return the routes of all that is done to an item."""
    moves: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "take": take,
        "extend": extend,
        "release": release,
        "decide": decide,
        "check": check,
        "skip": skip,
        "send_up": send_up,
        "snooze": snooze,
        "assign": assign,
        "note": note,
        "undo": undo,
        "fork": fork,
    }
    return [Route(f"/items/{{item:int}}/{name}", move, name=name, methods=["POST"]) for name, move in moves.items()]


async def _desk(request: Request) -> ItemRequest:
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    client, viewer, item = console_of(request).client, viewer_of(request), request.path_params["item"]
    # whatever the move: what it answers shows the item
    permission.check(viewer.known, "look", client.plain_review(item))
    return ItemRequest(request, client, item, viewer.person, form)


async def decide(request: Request) -> Response:
    """Answer the item; what is not taken comes back with everything that was typed."""
    desk = await _desk(request)
    item = desk.client.review(desk.item)
    given = await run_in_threadpool(_given, desk, item)
    if given.value is MISSING:
        return await _again(desk, given.typed, 200 if given.is_redraw else 422)
    if desk.text("worked"):  # since the page's last sign of life
        with suppress(ReviewError):  # it is not theirs any more: whether the answer still is, is seen below
            await desk.client.extend(desk.item, by=desk.by, worked=_seconds(desk.text("worked")))
    try:
        await desk.client.decide(
            desk.item,
            given.value,
            by=desk.by,
            version=desk.looked_at(),
            shown=desk.text("shown") or None,
            note=desk.note,
            despite=given.typed.despite,
            spans=picked(desk.form.getlist("span"), beside(item)),
            undo_seconds=console_of(request).settings.undo_seconds,
        )
    except AnswerRefused as refused:
        return await _again(desk, replace(given.typed, refused=refused.verdicts), 422)
    except ReviewConflict as conflict:
        return await _again(desk, replace(given.typed, problem=str(conflict), is_conflict=True), 409)
    except ReviewError as error:
        return await _again(desk, replace(given.typed, problem=str(error)), status_of(error))
    return await _onward(desk, done=desk.item)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a person sent as their answer."""

    typed: Typed
    value: Any = MISSING
    """The answer as JSON data; ``MISSING``: it does not fit."""
    is_redraw: bool = False
    """Whether only the form was to be drawn anew, with another row of a list."""


def _given(desk: ItemRequest, item: ReviewDetail) -> _Given:
    despite = tuple(str(each) for each in desk.form.getlist("despite"))
    typed = Typed(choice=desk.one_text("choice"), note=desk.text("note"), despite=despite)
    if item.choices:
        try:
            return _Given(typed, from_json(typed.choice))
        except InvalidJson:
            return _Given(replace(typed, choice="", problem=say("item.choose")))
    form = answer_form(item, beside(item).text, viewer_of(desk.request))
    reading = form.read([(name, text) for name, text in desk.form.multi_items() if isinstance(text, str)])
    typed = replace(typed, form=reading.form)
    if reading.redraw:
        return _Given(typed, is_redraw=True)
    if not reading.fits:
        return _Given(replace(typed, problem=say("item.does_not_fit", count=len(reading.problems))))
    return _Given(typed, reading.value)


async def _again(desk: ItemRequest, typed: Typed, status: int) -> Response:
    """Show the item again, as it is by now, with what was typed."""
    item = desk.client.review(desk.item)
    return await item_page_aside(desk.request, item, queue=desk.queue, typed=typed, status=status)


async def _onward(desk: ItemRequest, done: int | None = None, but: int | None = None) -> Response:
    """Take what comes next and show it; at the end of the queue, the list."""
    taken = await _taken_next(desk, but)
    if taken is None:
        return _to(desk, link(desk.request, "queue", {"queue": desk.queue, "done": done, "end": 1}))
    if desk.request.headers.get(FRAGMENT_HEADER) == "work":
        return await item_page_aside(desk.request, taken, queue=desk.queue, done=done)
    return _to(desk, link(desk.request, "item", {"queue": desk.queue, "done": done}, item=taken.id))


async def _taken_next(desk: ItemRequest, but: int | None) -> ReviewDetail | None:
    """Take what comes next, but not what the person has just handed on."""
    if but is None:
        return await desk.client.next_review(by=desk.by, queue=desk.queue or None)
    query = ReviewQuery(queue=desk.queue or None, free_for=desk.by, now=desk.client.now(), but=(but,), limit=OFFERED)
    for item in desk.client.reviews(query):
        with suppress(ReviewError):  # somebody was faster, or a rule forbids it
            return await desk.client.take(item.id, by=desk.by)
    return None


def _to(desk: ItemRequest, path: str) -> Response:
    """Send a browser on to another page; the console's script is told where."""
    if desk.request.headers.get(FRAGMENT_HEADER):
        return Response(status_code=204, headers={LOCATION_HEADER: path})
    return RedirectResponse(path, 303)


def _back(desk: ItemRequest, item: int | None = None) -> Response:
    return _to(desk, link(desk.request, "item", {"queue": desk.queue}, item=desk.item if item is None else item))


async def take(request: Request) -> Response:
    """Take the item; the console's script is told what changed by that."""
    desk = await _desk(request)
    taken = await desk.client.take(desk.item, by=desk.by)
    if request.headers.get(FRAGMENT_HEADER) == "live":
        return JSONResponse({"version": taken.version, "shown": taken.digest, "until": taken.lease_until})
    return _back(desk)


async def extend(request: Request) -> Response:
    """Show that the person is still at it."""
    desk = await _desk(request)
    await desk.client.extend(desk.item, by=desk.by, worked=_seconds(desk.text("worked")))
    row = desk.client.plain_review(desk.item)
    return JSONResponse({"until": row.lease_until, "version": row.version, "shown": row.digest})


async def release(request: Request) -> Response:
    """Give the item back; sent by a page that is left, which another page in sight may have kept since (``until``)."""
    desk = await _desk(request)
    lease_until = desk.client.plain_review(desk.item).lease_until or 0.0
    if lease_until <= _moment(desk.text("until")) + SAME_MOMENT_SECONDS:
        await desk.client.release(desk.item, by=desk.by)
    return Response(status_code=204) if request.headers.get(FRAGMENT_HEADER) else _to(desk, link(request, "queue"))


async def skip(request: Request) -> Response:
    """Leave the item to somebody else."""
    desk = await _desk(request)
    await desk.client.skip(desk.item, by=desk.by, note=desk.note)
    return await _onward(desk, but=desk.item)


async def send_up(request: Request) -> Response:
    """Hand the item to the next tier."""
    desk = await _desk(request)
    code: Any = desk.text("code")
    await desk.client.send_up(desk.item, by=desk.by, code=code, note=desk.note)
    return await _onward(desk, but=desk.item)


async def snooze(request: Request) -> Response:
    """Put the item away for a while."""
    desk = await _desk(request)
    seconds = SNOOZES.get(desk.text("for"))
    if seconds is None:
        raise ReviewError(say("item.snooze.unknown"))
    await desk.client.snooze(desk.item, by=desk.by, until=desk.client.now() + seconds, note=desk.note)
    return await _onward(desk)


async def assign(request: Request) -> Response:
    """Give the item to one person, or to whoever comes."""
    desk = await _desk(request)
    await desk.client.assign(desk.item, by=desk.by, to=desk.text("to").strip() or None, note=desk.note)
    return _back(desk)


async def note(request: Request) -> Response:
    """Say something about the item; what was chosen or typed stays."""
    desk = await _desk(request)
    item = desk.client.review(desk.item)
    given = await run_in_threadpool(_given, desk, item)
    await desk.client.add_note(desk.item, by=desk.by, text=desk.note or "")
    return await _again(desk, replace(given.typed, note="", problem=""), 200)


async def undo(request: Request) -> Response:
    """Take one's answer back; the item that was begun since is given back."""
    desk = await _desk(request)
    await desk.client.undo(desk.item, by=desk.by)
    current = _number(desk.text("current"))
    if current is not None and current != desk.item:
        with suppress(ReviewError):  # it is somebody else's by now
            await desk.client.release(current, by=desk.by)
    if desk.request.headers.get(FRAGMENT_HEADER) == "work":
        return await item_page_aside(request, desk.client.review(desk.item), queue=desk.queue)
    return _back(desk)


async def fork(request: Request) -> Response:
    """Correct what was decided: a new run goes on from the question, and asks it again."""
    desk = await _desk(request)
    item = desk.client.plain_review(desk.item)
    run = await desk.client.fork(item.run_id, step=item.step, by=desk.by)
    return _to(desk, link(request, "run", id=run))


async def check(request: Request) -> Response:
    """Return what rules and guards have against an answer that is not finished; nothing is decided."""
    desk = await _desk(request)
    item = desk.client.review(desk.item)
    given = await run_in_threadpool(_given, desk, item)
    verdicts: Sequence[Verdict] = ()
    if given.value is not MISSING:
        with suppress(ReviewError):
            verdicts = await desk.client.objections(desk.item, given.value) or ()
    typed = {name: text for name, text in desk.form.multi_items() if isinstance(text, str)}
    return await run_in_threadpool(page, request, "checked.html", form=given.typed.form, verdicts=verdicts, typed=typed)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # a form without a script gives back whatever there is
        return math.inf


def _seconds(text: str) -> float:
    try:
        return min(max(0.0, float(text)), LONGEST_BEAT_SECONDS)  # of NaN, 0 is the larger
    except ValueError:
        return 0.0
