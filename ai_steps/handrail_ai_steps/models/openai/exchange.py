"""One question put to one server: paced, budgeted, retried, and every try recorded."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.client import Connection
from handrail_ai_steps.models.openai.failure import Failure, Halted, Transient, failure_of
from handrail_ai_steps.models.openai.formats import FormatLadder
from handrail_ai_steps.models.openai.ledger import Ledger
from handrail_ai_steps.models.openai.limits import Pacer
from handrail_ai_steps.models.openai.reply import Reply, read_reply
from handrail_ai_steps.models.openai.request import Question, chat_body, output_limit
from handrail_ai_steps.models.openai.retry import retrying
from handrail_ai_steps.models.openai.settings import Settings
from handrail_ai_steps.models.openai.wholeness import flaw_of
from handrail_guards.outcome import AttemptResult


@dataclass(frozen=True, slots=True)
class Server:
    """One server as one model knows it."""

    settings: Settings
    connection: Connection
    pacer: Pacer
    can: Capabilities

    @asynccontextmanager
    async def admission(self, ledger: Ledger) -> AsyncIterator[None]:
        """Wait for a place among the open requests and then for a free start; the place is given back at the end.

        Raises:
            Halted: the server asked for a pause that outlives the call, or the turn did not come in time.
        """
        slots, place, started = self.connection.slots, False, time.monotonic()
        try:
            try:
                async with ledger.deadline.queued():
                    place = await slots.acquire()
                    await self.pacer.turn(self.connection.door, ledger.deadline.left)
            except TimeoutError:
                limits = f"max_concurrent={self.settings.max_concurrent}, per_minute={self.settings.per_minute}"
                waited = time.monotonic() - started
                raise Halted("timed_out", f"no turn after {waited:.3g} seconds of waiting ({limits})") from None
            yield
        finally:
            if place:
                slots.release()


PATH = "/chat/completions"

Fetch: TypeAlias = Callable[[Server, dict[str, Any]], Awaitable[Reply | Failure]]
"""Sends the body of a chat completion and reads what comes back."""


async def fetch_whole(server: Server, body: dict[str, Any]) -> Reply | Failure:
    """Fetch a reply in one piece."""
    return read_reply(await server.connection.post(PATH, body), server.settings.model)


class Exchange:
    """The tries of one question, until there is a reply."""

    def __init__(
        self, server: Server, ledger: Ledger, question: Question, *, answers: int = 1, fetch: Fetch = fetch_whole
    ) -> None:
        self.server = server
        self.ledger = ledger
        self.question = question
        self.answers = answers
        self._fetch = fetch
        self.reply: Reply | None = None
        """The last reply; None before the first."""
        self._last = -1
        self._ladder = FormatLadder(server.can.formats, question.form)
        self._limited = True

    async def send(self, messages: list[dict[str, Any]]) -> Reply:
        """Send messages and return the reply, retrying what may pass.

        Its first choice is a whole answer; of several that were asked for, one is.

        Raises:
            Halted: there is no answer: refused, cut off, over budget, or failed for good.
        """
        try:
            async for attempt in retrying(self.ledger.seconds_left):
                with attempt:
                    self.reply = await self._try(messages)
        except Transient as error:
            failure, left = error.failure, self.ledger.seconds_left()
            reason = self.ledger.told(failure.reason)
            if failure.wait_seconds is not None and failure.wait_seconds >= left:
                reason += f"; it asks to wait {failure.wait_seconds:g} seconds and {left:.1f} are left"
            raise self._halt(failure.result, reason) from error
        assert self.reply is not None  # noqa: S101 -- the loop ends with a reply or an exception
        self._stop_at_flaw(self.reply)
        return self.reply

    def misfit(self, reason: str) -> None:
        """Record that the last answer did not fit its form."""
        self.ledger.mark(self._last, "invalid", reason)

    def note(self, *notes: str) -> None:
        """Add to the record of the last try."""
        self.ledger.mark(self._last, "answered", *notes)

    async def _try(self, messages: list[dict[str, Any]]) -> Reply:
        while True:
            before = replace(self.server.can)
            outcome = await self._post(messages)
            if isinstance(outcome, Reply):
                self._remember()
                return outcome
            if self._asks_otherwise(outcome, before):
                continue
            if not outcome.passing:
                raise self._halt(outcome.result, outcome.reason)
            if outcome.status == 500:
                self._ladder.failed()
            if outcome.wait_seconds is not None:
                self.server.pacer.pause(outcome.wait_seconds)
            raise Transient(outcome)

    def _remember(self) -> None:
        """Learn from what worked."""
        if not self._limited:
            self.server.can.capped = False
        if self._ladder.worked():
            self.note(f"the server did not take the schema; asked for {self._ladder.format} instead")

    def _asks_otherwise(self, failure: Failure, before: Capabilities) -> bool:
        """Learn what the server does not take, and return whether the question can be put without it."""
        can = self.server.can
        match failure.rejected:
            case "system" if can.system:  # also where it was an error 500, which might pass
                can.give_up("system")
                return True
            case "max_output" if self._limited and not failure.passing:
                self._limited = False
                return True
            case "response_format" if not failure.passing and self._ladder.rejected():
                return True
            case "n" if self.answers == 1:  # which was not sent
                return False
        if failure.passing:
            return False
        if failure.rejected is not None and can == before:  # else another question has learned it meanwhile
            can.give_up(failure.rejected)
        return can != before

    async def _post(self, messages: list[dict[str, Any]]) -> Reply | Failure:
        server, ledger = self.server, self.ledger
        size = self.question.input_bytes + sum(len(each["content"]) for each in messages[len(self.question.messages) :])
        async with server.admission(ledger):
            room = self._room(size)
            body = chat_body(
                self.question,
                messages,
                server.settings,
                server.can,
                self._ladder.format,
                answers=self.answers,
                room=room,
            )
            started = time.monotonic()
            try:
                outcome = await self._fetch(server, body)
            except asyncio.CancelledError:
                ledger.add("timed_out", seconds=time.monotonic() - started, notes=("stopped while it was answering",))
                raise
            except Exception as error:  # noqa: BLE001 -- whatever a server or the SDK does is a failure, never a crash
                outcome = failure_of(error)
        seconds = time.monotonic() - started
        if isinstance(outcome, Failure):
            self._last = ledger.add(outcome.result, seconds=seconds, notes=(outcome.reason,))
            return outcome
        notes = outcome.notes + _oddities(outcome, room, self.answers)
        if not server.can.system:
            notes += ("the server takes no system message; the instructions went as a message of the user",)
        self._last = ledger.add("answered", seconds=seconds, model=outcome.model, usage=outcome.usage, notes=notes)
        ledger.charge_unknown(self._last, size, sum(len(each.text) for each in outcome.choices))
        failure = outcome.choices[0].failure
        if failure is not None and all(each.failure is not None for each in outcome.choices):
            ledger.mark(self._last, failure.result, failure.reason)
            return failure
        return outcome

    def _room(self, size: int) -> int | None:
        """Return the most tokens to ask for: what budget and settings allow; None where the server takes no limit."""
        afforded = self.ledger.room(size, self.answers)
        if not self._limited:  # it told us that its own limit is lower
            return None
        if not self.server.can.capped and self.server.settings.max_output is None:
            return afforded
        limit = output_limit(self.question, self.server.settings)
        return limit if afforded is None else min(limit, afforded)

    def _stop_at_flaw(self, reply: Reply) -> None:
        """Refusal and truncation are outcomes of their own: asking again brings the same at the same price."""
        choices = reply.choices[:1] if self.answers == 1 else reply.choices
        flaws = [flaw_of(each, self.question.form, reply.usage.output_tokens) for each in choices]
        first = flaws[0]
        if first is not None and all(flaws):
            self.ledger.mark(self._last, first.result)
            raise self._halt(first.result, f"{first.reason}{self._allows_more(reply, first.result)}")

    def _allows_more(self, reply: Reply, result: AttemptResult) -> str:
        taken = reply.usage.output_tokens
        ours = result == "truncated" and taken and taken >= output_limit(self.question, self.server.settings)
        return "; OpenAIModel(max_output=...) allows more" if ours else ""

    def _halt(self, result: Any, reason: str) -> Halted:
        return Halted(result, self.ledger.told(reason))


def _oddities(reply: Reply, room: int | None, answers: int) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    taken = reply.usage.output_tokens
    if room is not None and taken is not None and taken > room * answers:
        notes += (f"the server ignored the limit of {room} tokens and took {taken}",)
    if len(reply.choices) > answers:
        notes += (f"asked for {answers} answers, got {len(reply.choices)}; the others were left out",)
    if len(reply.choices) < answers:
        notes += (f"asked for {answers} answers at once, got {len(reply.choices)}",)
    return notes
