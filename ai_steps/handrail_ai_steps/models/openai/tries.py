"""The tries of one chat request, until there is a reply: paced, budgeted, retried, and every one on record."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.failure import Failure, Halted, Transient, failure_of
from handrail_ai_steps.models.openai.formats import FormatLadder
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.reply import Reply, flaw_of, read_body, read_reply
from handrail_ai_steps.models.openai.request import ChatRequest, Messages, chat_body, output_limit
from handrail_ai_steps.models.openai.server import Server
from handrail_guards.outcome import AttemptResult

PATH = "/chat/completions"
BATCH_SHARE = 0.5
"""What an answer in a batch costs of a single one's price, at every provider that has batches."""
TRIES = 4
"""Requests for one answer, the first included."""
UNKNOWN_KEY = 401
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 8.0

T = TypeVar("T")

Fetch: TypeAlias = Callable[[Server, dict[str, object]], Awaitable[Reply | Failure]]
"""Sends the body of a chat completion and reads what comes back."""


async def fetch_whole(server: Server, body: dict[str, object]) -> Reply | Failure:
    """Fetch a reply in one piece."""
    return read_reply(await server.connection.post(PATH, body), server.settings.model)


class ReplyTries:
    """The tries of one chat request, until there is a reply."""

    def __init__(
        self, server: Server, ledger: TryLedger, chat: ChatRequest, *, answers: int = 1, fetch: Fetch = fetch_whole
    ) -> None:
        self.server = server
        self.ledger = ledger
        self.chat = chat
        self.answers = answers
        self._fetch = fetch
        self.reply: Reply | None = None
        """The last reply; None before the first."""
        self._last = -1
        self._ladder = FormatLadder(server.can.formats, chat.form)
        self._limited = True
        self._renewed = False
        """Whether another key was asked for."""

    async def send(self, messages: Messages) -> Reply:
        """Send messages and return the reply, retrying what may pass.

        Its first choice is a whole answer; of several that were asked for, one is.

        Raises:
            Halted: there is no answer: refused, cut off, over budget, or failed for good.
        """
        self.reply = reply = await persistently(lambda: self._try(messages), self.ledger)
        self._stop_at_flaw(reply)
        return reply

    def misfit(self, reason: str) -> None:
        """Record that the last answer did not fit its form."""
        self.ledger.mark(self._last, "invalid", reason)

    def note(self, *notes: str) -> None:
        """Add to the record of the last try."""
        self.ledger.mark(self._last, "answered", *notes)

    async def _try(self, messages: Messages) -> Reply:
        while True:
            before = replace(self.server.can)
            outcome = await self._post(messages)
            if isinstance(outcome, Reply):
                self._remember()
                return outcome
            setting = self._refused_setting(outcome)
            if setting:  # it is not left out: it is a part of what the answers are measured by
                said = f"the server refuses {setting}, which the model is set to send: {outcome.reason}"
                raise self._halt(outcome.result, said)
            if self._asks_otherwise(outcome, before):
                continue
            if outcome.status == UNKNOWN_KEY and self.server.settings.renews_key and not self._renewed:
                self._renewed = True  # the key may have run out on its way
                raise Transient(outcome)
            if not outcome.passing:
                reason = self.ledger.told(f"{outcome.reason}{self._no_chat(outcome)}")
                raise Halted(outcome.result, reason, outage=outcome.is_outage)
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
        """Learn what the server does not take, and return whether the request can do without it."""
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
        if failure.rejected is not None and can == before:  # else another request has learned it meanwhile
            can.give_up(failure.rejected)
        return can != before

    def _refused_setting(self, failure: Failure) -> str:
        """Return the setting of the model that a server refuses; empty: none, or none that cannot be sent otherwise."""
        renamed = failure.rejected == "max_completion_tokens" and self.server.can.tokens_field != "max_tokens"
        if failure.status is None or failure.passing or failure.rejected == "system" or renamed:
            return ""  # older servers have another name for the same limit
        return self.server.settings.sent.refused_in(failure.reason, failure.param)

    async def _post(self, messages: Messages) -> Reply | Failure:
        if self.server.given:
            return self._taken(self.server.given.pop())
        server, ledger = self.server, self.ledger
        size = self.chat.input_bytes + sum(len(each["content"]) for each in messages[len(self.chat.messages) :])
        async with server.admission(ledger):
            room = self._room(size)
            body = chat_body(
                self.chat,
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
        return self._recorded(outcome, time.monotonic() - started, size, room)

    def _taken(self, body: object) -> Reply | Failure:
        """Take a reply that a batch brought, which costs less."""
        settings = self.server.settings
        return self._recorded(read_body(body, settings.model), 0.0, self.chat.input_bytes, None, share=BATCH_SHARE)

    def _recorded(
        self, outcome: Reply | Failure, seconds: float, size: int, room: int | None, *, share: float = 1.0
    ) -> Reply | Failure:
        """Put a try on record, with what it took."""
        ledger = self.ledger
        if isinstance(outcome, Failure):
            self._last = ledger.add(outcome.result, seconds=seconds, notes=(outcome.reason,))
            return outcome
        notes = outcome.notes + _oddities(outcome, room, self.answers)
        if not self.server.can.system:
            notes += ("the server takes no system message; the instructions went as a message of the user",)
        if share != 1.0:
            notes += ("answered in a batch",)
        self._last = ledger.add(
            "answered",
            seconds=seconds,
            model=outcome.model,
            usage=outcome.usage,
            notes=notes,
            finish=outcome.choices[0].finish,
            share=share,
        )
        if outcome.first_chunk_seconds is not None:
            ledger.streamed(self._last, outcome.first_chunk_seconds)
        ledger.charge_unknown(self._last, size, sum(len(each.text) for each in outcome.choices), share=share)
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
        if not self.server.can.capped and self.server.settings.sent.max_output_tokens is None:
            return afforded
        limit = output_limit(self.chat, self.server.settings)
        return limit if afforded is None else min(limit, afforded)

    def _stop_at_flaw(self, reply: Reply) -> None:
        """Refusal and truncation are outcomes of their own: asking again brings the same at the same price."""
        choices = reply.choices[:1] if self.answers == 1 else reply.choices
        flaws = [flaw_of(each, self.chat.form, reply.usage.output_tokens) for each in choices]
        first = flaws[0]
        if first is not None and all(flaws):
            self.ledger.mark(self._last, first.result)
            raise self._halt(first.result, f"{first.reason}{self._allows_more(reply, first.result)}")

    def _allows_more(self, reply: Reply, result: AttemptResult) -> str:
        taken = reply.usage.output_tokens
        ours = result == "truncated" and taken and taken >= output_limit(self.chat, self.server.settings)
        return "; OpenAIModel(max_output_tokens=...) allows more" if ours else ""

    def _no_chat(self, failure: Failure) -> str:
        """Return what a server may be that knows neither endpoint."""
        neither = failure.status == 404 and self.server.can.decisions is False
        return "; a server of decision models is asked as 'systemone:NAME'" if neither else ""

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


async def persistently(once: Callable[[], Awaitable[T]], ledger: TryLedger) -> T:
    """Return what comes of a request that is sent again while what it failed of may pass.

    Raises:
        Halted: it failed for good, or as often as it is tried.
    """
    try:
        async for attempt in _retrying(ledger.seconds_left):
            with attempt:
                return await once()
    except Transient as error:
        failure, left = error.failure, ledger.seconds_left()
        reason = ledger.told(failure.reason)
        if failure.wait_seconds is not None and failure.wait_seconds >= left:
            reason += f"; it asks to wait {failure.wait_seconds:g} seconds and {left:.1f} are left"
        raise Halted(failure.result, ledger.told(reason), outage=True) from error
    raise AssertionError("the loop ends with a reply or an exception")


def _retrying(seconds_left: Callable[[], float]) -> AsyncRetrying:
    """Return the policy: failures that may pass, with growing waits and ``Retry-After``, never past the deadline."""
    jitter = wait_random(0, FIRST_WAIT_SECONDS)
    growing = wait_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS) + jitter
    enough = stop_after_attempt(TRIES)

    def wait(state: RetryCallState) -> float:
        asked = asked_wait(state)
        return growing(state) if asked is None else asked

    def stop(state: RetryCallState) -> bool:
        return enough(state) or state.upcoming_sleep >= seconds_left()

    return AsyncRetrying(retry=retry_if_exception_type(Transient), wait=wait, stop=stop, reraise=True)


def asked_wait(state: RetryCallState) -> float | None:
    """Return the seconds the server asked to wait, or None."""
    error = state.outcome.exception() if state.outcome is not None else None
    return error.failure.wait_seconds if isinstance(error, Transient) else None
