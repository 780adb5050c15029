"""What a signed link leads to: looking shows the question, however often and whoever looks; sending answers it, once.

Scanners of mail follow links, and browsers load them ahead, so that GET and HEAD change nothing. The link is the
authority: nobody is signed in here, and the answer is recorded as its person's, whose role must allow it as at every
other door.
"""

import logging
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.beside import beside, heading
from handrail.console.context import console_of
from handrail.console.forms.missing import MISSING
from handrail.console.forms.posted import only_one
from handrail.console.labels import IN_SIGHT, label_options, shown_value
from handrail.console.lit import lit_lines
from handrail.console.marks import answer_form
from handrail.console.render import link as path_to
from handrail.console.render import page
from handrail.console.viewer import Viewer, zone_of
from handrail.console.words import WORDS, say
from handrail.console.work import Typed
from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.errors import (
    AnswerRefused,
    NotAllowed,
    ReviewConflict,
    ReviewError,
    SecretUnusable,
    UnknownItem,
)
from handrail_orchestrator.links import PATH, SignedLink, refusal_of
from handrail_orchestrator.records.item import ReviewChange, ReviewDetail
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.secret import secret_of
from handrail_orchestrator.store.address import path_of

_log = logging.getLogger("handrail.console")

MOST_FIELDS = 5_000
UNSEEN = {"x-robots-tag": "noindex, nofollow, noarchive"}
"""Keeps what a link leads to out of search engines, should one ever get hold of it."""

Ending: TypeAlias = Literal["unknown", "over", "answered", "decided", "changed", "cancelled", "expired", "refused"]
"""Why a link answers nothing: no link of this store, its time is over, and so on."""

STATUS: dict[Ending, int] = {
    "unknown": 404,
    "over": 410,
    "answered": 410,
    "decided": 409,
    "changed": 409,
    "cancelled": 410,
    "expired": 410,
    "refused": 403,
}


def routes() -> list[BaseRoute]:
    """Return the route of links."""
    return [Route(PATH + "{token}", followed, methods=["GET", "POST"], name="signed_link")]


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that somebody followed, and what it leads to."""

    link: SignedLink | None = None
    item: ReviewDetail | None = None
    ending: Ending | None = None
    """Why it answers nothing; None: it does."""
    problem: str = ""
    since: tuple[ReviewChange, ...] = ()
    """What happened to the item since the link was made."""


async def followed(request: Request) -> Response:
    """Show the question, or take the answer."""
    found = await run_in_threadpool(_follow, request)
    if request.method != "POST":
        return await run_in_threadpool(_shown, request, found, Typed())
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    posted = [(name, text) for name, text in form.multi_items() if isinstance(text, str)]
    if found.ending is not None or found.link is None or found.item is None:
        return await run_in_threadpool(_shown, request, found, _typed(posted))
    return await _answered(request, found.link, found.item, posted)


def _follow(request: Request) -> Followed:
    client = console_of(request).client
    try:
        secret = secret_of(path_of(client.store), create=False)
    except SecretUnusable as error:  # who follows a link learns nothing of files
        _log.error("links lead nowhere: %s", error)
        secret = None
    link = None if secret is None else SignedLink.read(request.path_params["token"], secret)
    if link is None:
        return Followed(ending="unknown")
    try:
        item = item_for(client.review(link.item), link.audience)
    except UnknownItem:  # pruned since
        return Followed(ending="unknown")
    if problem := refusal_of(client.people, link.audience, item):
        return Followed(link, ending="refused", problem=problem)
    since = tuple(change for change in item.history if change.version > link.version)
    return Followed(link, item, _ending(link, item, client.now(), since), since=since)


def _ending(link: SignedLink, item: ReviewDetail, now: float, since: tuple[ReviewChange, ...]) -> Ending | None:
    if any((change.data or {}).get("via") == "link" and change.actor == f"person:{link.audience}" for change in since):
        return "answered"
    match item.state:
        case "decided" | "pending":
            return "decided"
        case "cancelled":
            return "cancelled"
        case "expired":
            return "expired"
        case "open" | "leased":
            if link.is_over(now):
                return "over"
            return None if (item.version, item.digest) == (link.version, link.digest) else "changed"


async def _answered(request: Request, link: SignedLink, item: ReviewDetail, posted: list[tuple[str, str]]) -> Response:
    given = await run_in_threadpool(_read, request, link, item, posted)
    asked = Followed(link, item)
    if given.value is MISSING:
        return await run_in_threadpool(_shown, request, asked, given.typed, given.status)
    try:
        await console_of(request).client.decide(
            link.item,
            given.value,
            by=link.audience,
            version=link.version,
            shown=link.digest,
            note=given.typed.note or None,
            despite=given.typed.despite,
            link=link.fingerprint,
        )
    except AnswerRefused as refused:
        return await run_in_threadpool(_shown, request, asked, replace(given.typed, refused=refused.verdicts), 422)
    except ReviewConflict:  # answered or changed since it was looked at, a moment ago
        return await run_in_threadpool(lambda: _shown(request, _follow(request), given.typed))
    except NotAllowed as refusal:
        return await run_in_threadpool(_shown, request, Followed(link, None, "refused", str(refusal)), given.typed)
    except ReviewError as error:
        return await run_in_threadpool(_shown, request, asked, replace(given.typed, problem=str(error)), 422)
    return RedirectResponse(path_to(request, "signed_link", token=request.path_params["token"]), 303)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent as an answer."""

    typed: Typed
    value: Any = MISSING
    """The answer as JSON data; ``MISSING``: it does not fit, or only the form was to be drawn anew."""
    status: int = 422


def _read(request: Request, link: SignedLink, item: ReviewDetail, posted: list[tuple[str, str]]) -> _Sent:
    typed = _typed(posted)
    if item.choices:
        try:
            return _Sent(typed, from_json(typed.choice))
        except InvalidJson:
            return _Sent(replace(typed, choice="", problem=say("item.choose")))
    reading = answer_form(item, beside(item).text, _reader(request, link)).read(posted)
    typed = replace(typed, form=reading.form)
    if reading.redraw:
        return _Sent(typed, status=200)
    if not reading.fits:
        return _Sent(replace(typed, problem=say("item.does_not_fit", count=len(reading.problems))))
    return _Sent(typed, reading.value)


def _typed(posted: list[tuple[str, str]]) -> Typed:
    named = dict(posted)
    despite = tuple(text for name, text in posted if name == "despite")
    choice = only_one(text for name, text in posted if name == "choice")
    return Typed(choice=choice, note=named.get("note", "").strip(), despite=despite)


def _reader(request: Request, link: SignedLink) -> Viewer:
    """Return whoever reads the page: they write numbers as their browser does, and sign in nowhere."""
    return Viewer(link.audience, csrf="", role="", zone=zone_of(request))


def _shown(request: Request, found: Followed, typed: Typed, status: int = 200) -> Response:
    if found.ending is not None or found.link is None or found.item is None:
        ending = found.ending or "unknown"
        status = STATUS[ending]
        answer = page(request, "link_ended.html", status=status, **_ended(found, ending, typed))
    else:
        answer = page(request, "link.html", status=status, **_question(request, found, typed))
    answer.headers.update(UNSEEN)
    return answer


def _ended(found: Followed, ending: Ending, typed: Typed) -> dict[str, Any]:
    return {
        "viewer": None,
        "ending": ending,
        "item": found.item,
        "problem": found.problem,
        "since": [(change, WORDS.get(f"link.did.{change.action}", change.action)) for change in found.since],
        "typed": typed,
        "value_text": shown_value,
    }


def _question(request: Request, found: Followed, typed: Typed) -> dict[str, Any]:
    item, link = found.item, found.link
    assert item is not None  # noqa: S101 -- there is a question to show
    assert link is not None  # noqa: S101 -- as above
    shown = beside(item)
    labels = label_options(item) if item.choices else []
    evidence = {} if item.judgement is None else item.judgement.evidence
    return {
        "viewer": None,
        "item": item,
        "link": link,
        "heading": heading(item),
        "beside": shown,
        "lines": lit_lines(shown.text, evidence, {"": "first"}, told=shown.told) if shown.text else [],
        "labels": labels,
        "as_buttons": 0 < len(labels) <= IN_SIGHT,
        "form": None if labels else typed.form or answer_form(item, shown.text, _reader(request, link)),
        "typed": replace(typed, problem=typed.problem or found.problem),
        "action": path_to(request, "signed_link", token=request.path_params["token"]),
        "value_text": shown_value,
    }
