"""The tries of one answer: through instructor, paced, budgeted, retried by us alone, and every one on record."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from instructor.core.hooks import HookName, Hooks

from handrail_ai_steps.models.instructor.answer_form import AnswerForms, AnswerUnfit, FormedAnswer
from handrail_ai_steps.models.instructor.connection import ProviderConnection
from handrail_ai_steps.models.instructor.failure import provider_failure, sent_headers
from handrail_ai_steps.models.instructor.parts import as_parts, text_of
from handrail_ai_steps.models.instructor.reply import ProviderReply, read_response
from handrail_ai_steps.models.instructor.settings import ProviderSettings
from handrail_ai_steps.models.openai.failure import Failure, Halted, Transient
from handrail_ai_steps.models.openai.form import Form, FormMisfit, Reading
from handrail_ai_steps.models.openai.ledger import BYTES_PER_TOKEN, TryLedger
from handrail_ai_steps.models.openai.limits import Pacer, admitted
from handrail_ai_steps.models.openai.quiet import quiet
from handrail_ai_steps.models.openai.request import LEAST_OUTPUT_LIMIT, MOST_OUTPUT, Messages, sent_back
from handrail_ai_steps.models.openai.tries import persistently
from handrail_ground.errors import is_order

ASIDE = "the model did not answer as it was asked to"


class ProviderTries:
    """The tries of one answer."""

    def __init__(
        self,
        settings: ProviderSettings,
        connection: ProviderConnection,
        pacer: Pacer,
        ledger: TryLedger,
        forms: AnswerForms,
        *,
        picture_tokens: int = 0,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._pacer = pacer
        self._ledger = ledger
        self._forms = forms
        self._picture_tokens = picture_tokens
        self.reply: ProviderReply | None = None
        """The last response; None before the first."""
        self._last = -1

    async def ask(self, messages: Messages, form: Form, *, reasks: int, seed: int | None) -> Reading:
        """Ask until an answer fits the form.

        Raises:
            Halted: there is no answer, or none that fits after so many re-asks.
        """
        for left in range(reasks, -1, -1):
            try:
                answer = await self._send(messages, form, seed)
            except AnswerUnfit as unfit:
                self._ledger.mark(self._last, "invalid", str(unfit))
                if not left:
                    counted = f" in {1 + reasks} tries" if reasks else ""
                    raise Halted("invalid", f"no answer fitted the schema{counted}: {unfit}") from unfit
                messages = [*messages, *sent_back(unfit.answer.strip() or "(nothing)", str(unfit))]
            else:
                assert isinstance(answer, Reading)  # noqa: S101 -- with a form
                return answer
        raise AssertionError("the last try returns or raises")

    async def text(self, messages: Messages, *, seed: int | None) -> str:
        """Ask for free text.

        Raises:
            Halted: there is none.
        """
        await self._send(messages, None, seed)
        assert self.reply is not None  # noqa: S101 -- there was an answer
        return self.reply.text

    def note(self, *notes: str) -> None:
        """Add to the record of the last try."""
        if notes:
            self._ledger.mark(self._last, "answered", *notes)

    async def _send(self, messages: Messages, form: Form | None, seed: int | None) -> Reading | None:
        """Send messages until there is a response, retrying what may pass.

        Raises:
            AnswerUnfit: a whole answer that does not fit came.
            Halted: there is no answer.
        """
        return await persistently(lambda: self._try(messages, form, seed), self._ledger)

    async def _try(self, messages: Messages, form: Form | None, seed: int | None) -> Reading | None:
        settings, ledger = self._settings, self._ledger
        size = sum(len(text_of(each["content"]).encode()) for each in messages)
        size += self._picture_tokens * BYTES_PER_TOKEN
        size += len(str(form.wire.schema)) if form is not None else 0
        limits = f"max_concurrent={settings.max_concurrent}, per_minute={settings.per_minute}"
        seen: list[Any] = []
        hooks = Hooks()
        hooks.on(HookName.COMPLETION_RESPONSE, seen.append)
        wrong: Exception | None = None
        made: Any = None
        async with admitted(self._connection, self._pacer, ledger, limits):
            sent = self._sent(form, ledger.room(size), seed)
            started = time.monotonic()
            try:
                with quiet():
                    made = await self._connection.create(
                        response_model=None if form is None else self._as_model(form),
                        messages=[self._as_said(each) for each in messages],
                        max_retries=0,  # ours count
                        hooks=hooks,
                        **sent,
                    )
            except asyncio.CancelledError:
                ledger.add("timed_out", seconds=time.monotonic() - started, notes=("stopped while it was answering",))
                raise
            except Exception as error:  # whatever a provider's library does is a failure
                if is_order(error):
                    raise
                wrong = error
                settings.seen.add_headers(sent_headers(error))  # those of a user's client are known no other way
        seconds = time.monotonic() - started
        response = seen[-1] if seen else made if form is None else None
        if response is None:
            self._failed(provider_failure(wrong, settings.provider) if wrong else _nothing(), seconds)
        return self._read(read_response(response, settings.model), form, made, wrong, size, seconds)

    def _read(
        self,
        reply: ProviderReply,
        form: Form | None,
        made: Any,
        wrong: Exception | None,
        size: int,
        seconds: float,
    ) -> Reading | None:
        """Put a response on record and return what it says.

        Raises:
            AnswerUnfit: a whole answer that does not fit.
            Halted: it is none, for good; or Transient, when it may be next time.
        """
        ledger, self.reply = self._ledger, reply
        notes = () if reply.usage.output_tokens is not None else ("the provider did not say how many tokens it took",)
        self._last = ledger.add(
            "answered", seconds=seconds, model=reply.model, usage=reply.usage, notes=notes, finish=reply.finish
        )
        ledger.charge_unknown(self._last, size, len(reply.text))
        flaw = reply.flaw
        if flaw is not None:
            ledger.mark(self._last, flaw.result, flaw.reason)
            self._raise(flaw)
        if form is None:
            return None
        if wrong is None:
            reading: Reading = made.reading
            return reading
        raise _unfit(wrong, reply, form)

    def _failed(self, failure: Failure, seconds: float) -> None:
        """Put on record that no response came, and raise what that means."""
        setting = "" if failure.passing else self._settings.sent.refused_in(failure.reason, failure.param)
        self._last = self._ledger.add(failure.result, seconds=seconds, notes=(failure.reason,))
        if failure.wait_seconds is not None:
            self._pacer.pause(failure.wait_seconds)
        if setting:
            said = f"the provider refuses {setting}, which the model is set to send: {failure.reason}"
            raise Halted(failure.result, self._ledger.told(said))
        self._raise(failure)

    def _raise(self, failure: Failure) -> None:
        if failure.passing:
            raise Transient(failure)
        more = ""
        if failure.result == "truncated" and self._settings.sent.max_output_tokens is not None:
            more = "; InstructorModel(max_output_tokens=...) allows more"
        raise Halted(failure.result, self._ledger.told(f"{failure.reason}{more}"), outage=failure.is_outage)

    def _as_model(self, form: Form) -> type[FormedAnswer]:
        return self._forms.model(form, texts_alone=self._settings.provider.takes_texts_alone)

    def _as_said(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return a message with the role that the provider knows."""
        role = message["role"]
        said = {**message, "role": self._settings.provider.answers_as if role == "assistant" else role}
        return said if isinstance(message["content"], str) else {**said, "content": as_parts(message["content"])}

    def _sent(self, form: Form | None, room: int | None, seed: int | None) -> Mapping[str, Any]:
        """Return what goes out beside the messages, in the words of the provider's client."""
        settings, sent = self._settings, self._settings.sent
        usual = MOST_OUTPUT if form is None else min(MOST_OUTPUT, LEAST_OUTPUT_LIMIT + len(str(form.wire.schema)))
        most = sent.max_output_tokens or usual
        made: dict[str, Any] = dict(sent.extra)
        made[settings.provider.limit] = most if room is None else min(most, room)
        if sent.temperature is not None:
            made["temperature"] = sent.temperature
        if seed is not None:
            made["seed"] = seed
        if sent.reasoning_effort is not None:
            made["reasoning_effort"] = sent.reasoning_effort
        if settings.provider.is_told_of_retries:
            made["request_options"] = {**made.get("request_options", {}), "max_retries": 0}
        return made


def _nothing() -> Failure:
    return Failure("failed", "the provider answered without an answer", passing=True)


def _unfit(wrong: Exception, reply: ProviderReply, form: Form) -> AnswerUnfit:
    """Return why an answer does not fit, in words that the model can act on.

    A model that wrote its answer instead of calling the tool has answered all the same, if what it wrote fits.
    """
    told_by = wrong.__cause__ or wrong
    if isinstance(told_by, AnswerUnfit):
        return told_by
    try:
        form.read(reply.text)
    except FormMisfit as misfit:
        return AnswerUnfit(f"{ASIDE} ({misfit})", reply.text)
    return AnswerUnfit(f"{ASIDE}; call the tool that was offered, once, with the answer", reply.text)
