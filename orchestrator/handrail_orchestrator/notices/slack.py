"""Slack: messages with a button for each item, and what is asked of Slack when somebody presses one."""

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from handrail_orchestrator.errors import Misuse, OrchestratorError
from handrail_orchestrator.notices.channel import Delivered, Message, MessageRefused, NotNow, SendOutcome
from handrail_orchestrator.notices.environment import filled_in
from handrail_orchestrator.notices.slack_blocks import escaped, message_blocks
from handrail_orchestrator.triggers.signatures import SlackScheme

API = "https://slack.com/api"
TIMEOUT_SECONDS = 10.0
"""How long Slack may take for one answer, all of it."""
LARGEST_ANSWER = 1_000_000
LONGEST_WORD = 60
OK, TOO_MANY = 200, 429

OF_THE_MESSAGE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "msg_blocks_too_long"}
)
"""Errors of Slack's that are about one message; every other is about the channel."""
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def slack_channel(
    *,
    token: str,
    channel: str,
    signing_secret: str | None = None,
    people: Mapping[str, str] | None = None,
    shows_context: bool = False,
    api: str = API,
) -> "SlackChannel":
    """Return a channel into Slack, posted by an app of yours with ``chat:write``.

    ``slack_channel(token="${SLACK_TOKEN}", channel="C0123456", signing_secret="${SLACK_SIGNING_SECRET}")``.

    token: the app's bot token; ``${NAME}`` comes from the environment.
    channel: the id of the channel that it posts to.
    signing_secret: with it, each item has a button by which a person takes it and answers in a form in Slack; the app's
        "Interactivity" points to ``/slack/interactions`` of the console. The form shows what the model suggests.
    people: who a Slack user is in the store, by the user's id; of others the e-mail address tells, which the app may
        read with ``users:read.email``. Nobody else answers.
    shows_context: whether the form shows the case beside the question as well.
    api: where Slack's API is, for a stand-in of it.

    Raises:
        Misuse: something is empty, or the environment lacks what is named.
    """
    token = filled_in(token, "slack_channel(token=...)")
    secret = None if signing_secret is None else filled_in(signing_secret, "slack_channel(signing_secret=...)")
    for name, given in (("token", token), ("channel", channel), ("signing_secret", "-" if secret is None else secret)):
        if not given.strip() or not given.isascii() or not given.isprintable() or " " in given:
            raise Misuse(
                f"slack_channel({name}=...) is empty, or holds what none has: copy it from your app's settings"
            )
    where = urlsplit(api)
    if where.scheme != "https" and where.hostname not in LOCAL:
        raise Misuse("slack_channel(api=...): tokens are sent there, so that it must begin with https://")
    return SlackChannel(token, channel, secret, people or {}, shows_context=shows_context, api=api.rstrip("/"))


class SlackProblem(OrchestratorError):
    """Slack did not do what it was asked; the text is a word of Slack's, or one of ours."""

    def __init__(self, word: str, after_seconds: float | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.after_seconds = after_seconds


class SlackChannel:
    """Posts to one channel; what came of a press of its buttons is the console's to do."""

    kind = "slack"
    reaches_people = False

    def __init__(
        self,
        token: str,
        channel: str,
        secret: str | None,
        people: Mapping[str, str],
        *,
        shows_context: bool,
        api: str,
    ) -> None:
        self._token = token
        self._channel = channel
        self._scheme = None if secret is None else SlackScheme(secret)
        self._api = api
        self.people: Mapping[str, str] = MappingProxyType(dict(people))
        self.shows_context = shows_context

    def __repr__(self) -> str:
        """Return nothing that is secret."""
        return "slack_channel(...)"

    @property
    def answers(self) -> bool:
        """Return whether people can answer in Slack."""
        return self._scheme is not None

    async def send(self, message: Message) -> SendOutcome:
        """Post one message."""
        body = {
            "channel": self._channel,
            "text": escaped(message.title),
            "blocks": message_blocks(message, claims=self.answers),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": "handrail_notice", "event_payload": {"id": message.id}},
        }
        try:
            await self.call("chat.postMessage", body)
        except SlackProblem as problem:
            if problem.word in OF_THE_MESSAGE:
                return MessageRefused(f"Slack says {problem.word}")
            return NotNow(f"Slack says {problem.word}", problem.after_seconds)
        return Delivered()

    def is_signed(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Return whether Slack signed a request a moment ago."""
        return self._scheme is not None and self._scheme.problem(headers, body, now) is None

    def is_ours(self, url: str) -> bool:
        """Return whether an address is one of Slack's, to which something may be sent."""
        try:
            where, api = urlsplit(url), urlsplit(self._api)
        except ValueError:
            return False
        host = where.hostname or ""
        is_slacks = where.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))
        return is_slacks or (where.scheme, where.netloc) == (api.scheme, api.netloc)

    async def call(self, method: str, body: Mapping[str, Any], *, as_form: bool = False) -> Mapping[str, Any]:
        """Ask something of Slack's API, and return what it answers.

        Raises:
            SlackProblem: it was not done.
        """
        content = {"data": body} if as_form else {"json": body}
        told = await self._posted(f"{self._api}/{method}", {"authorization": f"Bearer {self._token}"}, content)
        try:
            answer = json.loads(told)
        except (ValueError, RecursionError):
            raise SlackProblem("what is no JSON") from None
        if not isinstance(answer, dict) or not answer.get("ok"):
            word = str(answer.get("error", "")) if isinstance(answer, dict) else ""
            raise SlackProblem(word if word.isidentifier() and len(word) < LONGEST_WORD else "something else")
        return answer

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Change the message whose button was pressed.

        Raises:
            SlackProblem: it was not done.
        """
        if not self.is_ours(url):
            raise SlackProblem("foreign_address")
        await self._posted(url, {}, {"json": body})

    async def email_of(self, user: str) -> str | None:
        """Return the e-mail address that a Slack user has confirmed; None: Slack does not tell."""
        if not user.isascii():
            return None  # none of Slack's ids
        try:
            told = await self.call("users.info", {"user": user}, as_form=True)
        except SlackProblem:
            return None
        found = told.get("user")
        if not isinstance(found, Mapping) or found.get("deleted") or found.get("is_bot"):
            return None
        profile = found.get("profile")
        email = profile.get("email") if isinstance(profile, Mapping) else None
        return email if isinstance(email, str) and found.get("is_email_confirmed", True) else None

    @staticmethod
    async def _posted(url: str, headers: Mapping[str, str], content: Mapping[str, Any]) -> bytes:
        import httpx2  # noqa: PLC0415 -- only who posts needs it

        told = b""
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
                client.stream("POST", url, headers=dict(headers), **content) as answer,
            ):
                async for part in answer.aiter_bytes():
                    told += part
                    if len(told) > LARGEST_ANSWER:
                        raise SlackProblem("more than it ever does")
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise SlackProblem(f"nothing ({type(error).__name__})") from None
        if answer.status_code == TOO_MANY:
            after = answer.headers.get("retry-after", "")
            is_number = after.isascii() and after.isdigit() and len(after) < LONGEST_WORD
            raise SlackProblem("ratelimited", float(after) if is_number else None)
        if answer.status_code != OK:
            raise SlackProblem(f"status {answer.status_code}")
        return told
