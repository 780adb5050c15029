"""What people do in Slack: a pressed button takes an item and opens its form, a form that is sent answers it.

Slack signs every request; one that it did not sign, that is old, or that came before is refused. Who answers is the
person whom the plan or their confirmed e-mail address names, and everything goes through the same desk as at the page.
Slack waits for three seconds: what takes longer goes on, and the form is told what came of it.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import Console, console_of
from handrail.console.forms.missing import MISSING
from handrail.console.slack_modal import CALLBACK, TYPED, SlackForm, modal, told
from handrail.console.viewer import Viewer
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import AnswerRefused, OrchestratorError, ReviewError
from handrail_orchestrator.notices.slack import SlackChannel, SlackProblem
from handrail_orchestrator.notices.slack_blocks import CLAIM, with_news
from handrail_orchestrator.records.item import ReviewDetail

PATH = "/slack/"
ANSWER_SECONDS = 2.0
"""How long Slack is left waiting; it gives up after three."""

_log = logging.getLogger("handrail.console")

_background: set["asyncio.Task[None]"] = set()
"""What goes on after Slack was answered; the event loop alone would forget it."""


def routes() -> list[BaseRoute]:
    """Return the route to which an app's interactivity points."""
    return [Route(f"{PATH}interactions", interaction, methods=["POST"], name="slack")]


async def interaction(request: Request) -> Response:
    """Do what somebody pressed or sent in Slack."""
    console, body = console_of(request), await request.body()
    headers, now = dict(request.headers), console.client.now()
    channel = next((each for each in console.slack if each.is_signed(headers, body, now)), None)
    if channel is None:
        return Response(status_code=404 if not console.slack else 401)
    if not await console.client.outbox.seen_first(hashlib.sha256(headers["x-slack-signature"].encode()).hexdigest()):
        return Response(status_code=409)  # it came before
    payload = _payload(body)
    pressed = SlackPress(console, channel, payload)
    match payload.get("type"):
        case "block_actions" if pressed.claimed is not None:
            _go_on(pressed.claim(pressed.claimed))
            return Response()
        case "view_submission" if pressed.view.get("callback_id") == CALLBACK:
            return await pressed.submit()
        case "view_closed" if pressed.view.get("callback_id") == CALLBACK:
            _go_on(pressed.close())
            return Response()
        case _:  # a link, or something of another version of ours
            return Response()


def _payload(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(parse_qs(body.decode(), strict_parsing=True)["payload"][0])
    except (ValueError, KeyError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _go_on(doing: Any) -> "asyncio.Task[Any]":
    task: asyncio.Task[Any] = asyncio.create_task(doing)
    _background.add(task)
    task.add_done_callback(_background.discard)
    return task


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class SlackPress:
    """One thing that somebody did in Slack."""

    console: Console
    channel: SlackChannel
    payload: Mapping[str, Any]

    @property
    def client(self) -> Client:
        """Return the store's client."""
        return self.console.client

    @property
    def view(self) -> Mapping[str, Any]:
        """Return the form that it is about."""
        return _part(self.payload, "view")

    @property
    def claimed(self) -> int | None:
        """Return the number of the item that somebody wants to take."""
        actions = self.payload.get("actions")
        for each in actions if isinstance(actions, list) else ():
            if isinstance(each, Mapping) and each.get("action_id") == CLAIM:
                value = str(each.get("value", ""))
                return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
        return None

    async def person(self) -> str:
        """Return who did it, as the store knows them.

        Raises:
            ReviewError: nobody whom the store knows.
        """
        user = str(_part(self.payload, "user").get("id", ""))
        name = self.channel.people.get(user)
        if name is None and self.client.people.exist():
            email = await self.channel.email_of(user)
            person = None if email is None else self.client.people.of_email(email)
            name = None if person is None else person.name
        if name is None:
            raise ReviewError("the store does not know who you are: an admin adds your e-mail address, or names you")
        return name

    async def claim(self, item: int) -> None:
        """Take an item for whoever pressed its button, and open its form."""
        view: Mapping[str, Any] = {}
        try:
            trigger = str(self.payload.get("trigger_id", ""))
            opened = await self.channel.call(
                "views.open", {"trigger_id": trigger, "view": told("Answer", "One moment …")}
            )
            opened_id = _id_of(_part(opened, "view"))
            view = await self._form(item)
            await self.channel.call("views.update", {"view_id": opened_id, "view": view})
        except SlackProblem as problem:
            await self._given_back(view)
            _log.warning("an item could not be shown in Slack: %s", problem)

    async def _given_back(self, view: Mapping[str, Any]) -> None:
        """Let somebody else take an item whose form nobody sees."""
        if view.get("callback_id") == CALLBACK:
            with suppress(OrchestratorError):
                await self.client.release(_asked(view).item, by=await self.person())

    async def _form(self, item: int) -> dict[str, Any]:
        """Return the form of an item that was taken, or a view that says why it was not."""
        try:
            by = await self.person()
            taken = await self.client.take(item, by=by)
        except OrchestratorError as refusal:
            return told("Not taken", str(refusal))
        form = await run_in_threadpool(SlackForm.of, taken, self._viewer(by))
        if form is None:
            await self.client.release(item, by=by)
            return told("Answer on its page", "Its answer has more to it than a form in Slack can show: press Open.")
        await self._tell(item, f"taken by {by}")
        return modal(form, shows_context=self.channel.shows_context)

    async def _tell(self, item: int, news: str) -> None:
        """Say in the message what became of the item."""
        url, blocks = str(self.payload.get("response_url", "")), _part(self.payload, "message").get("blocks")
        if url and isinstance(blocks, list):
            text = str(_part(self.payload, "message").get("text", ""))
            with suppress(SlackProblem):  # the message says less, and everything else holds
                body = {"replace_original": True, "text": text, "blocks": with_news(blocks, item, news)}
                await self.channel.respond(url, body)

    def _viewer(self, by: str) -> Viewer:
        person = self.client.people.get(by)
        settings = {} if person is None else person.settings
        return Viewer(by, csrf="", role="", settings=settings, known=person)

    async def submit(self) -> Response:
        """Answer an item with what a form says, in the time that Slack waits; or say what is wrong."""
        answering = _go_on(self._answered())
        done, _ = await asyncio.wait([answering], timeout=ANSWER_SECONDS)
        if done:
            return JSONResponse(answering.result())
        _go_on(self._told_later(answering))
        return JSONResponse({"response_action": "update", "view": told("Answer", "It is being recorded …")})

    async def _told_later(self, answering: "asyncio.Task[dict[str, Any]]") -> None:
        answer = await answering
        wrong = answer.get("errors")
        view = told("Not recorded", "; ".join(wrong.values())) if wrong else told("Answer", "It is recorded.")
        with suppress(SlackProblem):
            await self.channel.call("views.update", {"view_id": str(self.view.get("id", "")), "view": view})

    async def _answered(self) -> dict[str, Any]:
        asked = _asked(self.view)
        state = _part(_part(self.view, "state"), "values")
        at = next((str(name) for name in state if name != "note"), "note")
        try:
            by = await self.person()
            item = self.client.review(asked.item)
            form = await run_in_threadpool(self._again, item, by)
            value, wrong = await run_in_threadpool(form.read, state)
            if value is MISSING:
                return {"response_action": "errors", "errors": wrong}
            note = str(_part(_part(state, "note"), TYPED).get("value") or "") or None
            await self.client.decide(
                asked.item, value, by=by, version=asked.version, shown=asked.shown or None, note=note
            )
        except AnswerRefused as refused:
            failed = "; ".join(f"{each.guard}: {each.reason}" for each in refused.verdicts)
            return _wrong(at, f"{failed}; on its page it can be confirmed all the same")
        except OrchestratorError as error:
            return _wrong(at, str(error))
        return {"response_action": "clear"}

    def _again(self, item: ReviewDetail, by: str) -> SlackForm:
        form = SlackForm.of(item, self._viewer(by))
        if form is None:
            raise ReviewError(f"review item {item.id} has another form by now: answer it on its page")
        return form

    async def close(self) -> None:
        """Give an item back whose form was closed without an answer."""
        await self._given_back(self.view)


@dataclass(frozen=True, slots=True)
class AskedInSlack:
    """What a form was opened for."""

    item: int = 0
    version: int = 0
    shown: str = ""


def _asked(view: Mapping[str, Any]) -> AskedInSlack:
    try:
        found = json.loads(str(view.get("private_metadata", "")))
        return AskedInSlack(int(found["item"]), int(found["version"]), str(found["shown"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return AskedInSlack()


def _id_of(view: Mapping[str, Any]) -> str:
    """Return the id of a form that Slack has opened.

    Raises:
        SlackProblem: it has none, so that nothing could ever be shown in it.
    """
    found = view.get("id")
    if not isinstance(found, str) or not found:
        raise SlackProblem("no id of the form")
    return found


def _wrong(block: str, text: str) -> dict[str, Any]:
    return {"response_action": "errors", "errors": {block: text[:500]}}
