"""Doubles of other systems, for tests of workflows: they answer as they are told, and remember what they were asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from handrail_orchestrator.ready.errors import ActionFailed, CallFailed, CallRefused, CallUnsure
from handrail_orchestrator.ready.http import REPEATABLE, HttpAnswer, HttpRequest

Answers = Callable[[HttpRequest], Any]
"""What a double answers: JSON, or a whole ``HttpAnswer``; it may raise an ``ActionFailed``."""


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """One request that a double was asked."""

    request: HttpRequest
    key: str
    done: bool
    """Whether it was done by this request: not where it failed, nor where its key had been done before."""


class HttpDouble:
    """Another system, in memory: it does once what comes with one key, if it honours keys, and fails when told to.

    ``HttpDouble(lambda request: {"id": 17})`` takes every request. ``fail`` has the next ones fail as a real system
    does.
    """

    def __init__(self, answers: Answers = lambda _: {}, *, honours_keys: bool = True) -> None:
        self._answers = answers
        self._honours_keys = honours_keys
        self._kept: dict[str, HttpAnswer] = {}
        self._failures: list[tuple[Exception, bool]] = []
        self.asked: list[AskedRequest] = []
        """Every request, in the order in which they came."""

    @property
    def honours_keys(self) -> bool:
        """Return whether it does once what comes twice with the same key."""
        return self._honours_keys

    @property
    def done(self) -> list[HttpRequest]:
        """Return what it has done, in that order."""
        return [each.request for each in self.asked if each.done]

    def fail(self, status: int = 503, *, times: int = 1, after_doing: bool = False) -> "HttpDouble":
        """Have the next requests fail; ``after_doing``: it does what is asked, and the answer is lost."""
        self._failures += [(_failure(status), after_doing)] * times
        return self

    async def send(self, request: HttpRequest, key: str) -> HttpAnswer:
        """Answer a request as it was told to.

        Raises:
            ActionFailed: as it was told to.
        """
        error, after_doing = self._failures.pop(0) if self._failures else (None, False)
        if error is not None and not after_doing:
            self.asked.append(AskedRequest(request, key, done=False))
            raise error
        answer = self._answered(request, key)
        if error is None:
            return answer
        if request.method in REPEATABLE or self._honours_keys:
            raise CallFailed(f"{request.method} {request.path}: the answer was lost")
        raise CallUnsure(f"{request.method} {request.path}: the answer was lost; it may have been done")

    def _answered(self, request: HttpRequest, key: str) -> HttpAnswer:
        if self._honours_keys and key in self._kept:
            self.asked.append(AskedRequest(request, key, done=False))
            return self._kept[key]
        try:
            said = self._answers(request)
        except ActionFailed:
            self.asked.append(AskedRequest(request, key, done=False))
            raise
        answer = said if isinstance(said, HttpAnswer) else HttpAnswer(status=200, json=said)
        self._kept[key] = answer
        self.asked.append(AskedRequest(request, key, done=True))
        return answer


def _failure(status: int) -> Exception:
    told = f"it was told to answer {status}"
    if status in {429, 500, 502, 503, 504}:
        return CallFailed(told, status=status)
    return CallRefused(told, status=status)


@dataclass
class MailDouble:
    """A mail server in memory."""

    sender: str = "process@example.com"
    """The address that mails are from."""
    sent: list[EmailMessage] = field(default_factory=list)
    """What was handed in, in that order."""
    refuses: frozenset[str] = frozenset()
    """Addresses that it does not know: a mail to one of them is refused."""
    _failures: int = field(default=0, init=False)

    def fail(self, *, times: int = 1) -> "MailDouble":
        """Have the next mails not taken for now."""
        self._failures += times
        return self

    @property
    def texts(self) -> list[tuple[str, str, str]]:
        """Return to whom, with which subject and text, of what was handed in."""
        return [(str(each["To"]), str(each["Subject"]), each.get_content().strip()) for each in self.sent]

    async def hand_in(self, message: EmailMessage, recipients: tuple[str, ...]) -> None:
        """Take a mail, or not.

        Raises:
            CallFailed: as it was told to.
            CallRefused: it does not know a recipient.
        """
        if self._failures:
            self._failures -= 1
            raise CallFailed("the mail server is busy", status=451)
        if unknown := self.refuses.intersection(recipients):
            raise CallRefused(f"the mail server does not know {', '.join(sorted(unknown))}", status=550)
        self.sent.append(message)
