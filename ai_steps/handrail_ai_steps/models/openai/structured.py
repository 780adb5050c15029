"""Structured answers through instructor: it reads them and asks again for one that does not fit.

instructor writes its own ``response_format`` without ``strict``, replaces the usage of a response by a running total
and takes a refusal for bad JSON. So it is given a ``create`` of ours that sends the strict schema, keeps the usage of
each try, and stops at a refusal or a cut-off before instructor sees it. It gets no ``context``: with one it would
render the user's text as a Jinja template.
"""

from typing import Any, ClassVar

import instructor
from instructor.core.exceptions import InstructorRetryException, ResponseParsingError
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.form import Form, FormMisfit, Reading
from handrail_ai_steps.models.openai.quiet import quiet, silence_instructor
from handrail_ai_steps.models.openai.request import Messages, sent_back
from handrail_ai_steps.models.openai.tries import ReplyTries


class FormAnswer(instructor.OpenAISchema):
    """What instructor takes for the model of an answer; a subclass for each form reads it."""

    form: ClassVar[Form]
    reading: object = None

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """Return nothing to send: the form's schema goes its own way."""
        return {}

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_: Any) -> "FormAnswer":
        """Read an answer by the form, and tell instructor in its own words when it does not fit."""
        text = json_data if isinstance(json_data, str) else bytes(json_data).decode()
        try:
            return cls.model_construct(reading=cls.form.read(text))
        except FormMisfit as error:
            raise ResponseParsingError(str(error)) from error


class Structured:
    """Asks for structured answers; holds what instructor needs for each form."""

    def __init__(self) -> None:
        silence_instructor()
        self._create: Any = instructor.patch(create=_send, mode=instructor.Mode.JSON_SCHEMA)
        self._models: dict[Form, type[FormAnswer]] = {}

    async def ask(self, tries: ReplyTries, reasks: int) -> Reading:
        """Ask until an answer fits the form.

        Raises:
            Halted: there is no answer, or none that fits after so many re-asks.
        """
        form = tries.chat.form
        assert form is not None  # noqa: S101 -- free text does not come here
        messages = tries.chat.messages
        if tries.server.given:
            taken = await self._taken(tries, form, reasks)
            if isinstance(taken, Reading):
                return taken
            messages, reasks = taken, reasks - 1
        policy = AsyncRetrying(
            stop=stop_after_attempt(1 + reasks), retry=retry_if_exception_type(ResponseParsingError), reraise=True
        )
        try:
            with quiet():
                answer = await self._create(
                    response_model=self._model(form),
                    messages=messages,
                    max_retries=policy,
                    tries=tries,
                )
        except InstructorRetryException as error:
            if not isinstance(error.__cause__, ResponseParsingError):
                raise
            tries.misfit(str(error.__cause__))
            counted = f" in {1 + reasks} tries" if reasks else ""
            raise Halted("invalid", f"no answer fitted the schema{counted}: {error.__cause__}") from error
        reading: Reading = answer.reading
        return reading

    async def _taken(self, tries: ReplyTries, form: Form, reasks: int) -> "Reading | Messages":
        """Read a reply that is already here, or return what is said to the model about it.

        Raises:
            Halted: it is no answer, or does not fit and may not be sent back.
        """
        text = (await tries.send(tries.chat.messages)).choices[0].text
        try:
            return form.read(text)
        except FormMisfit as misfit:
            tries.misfit(str(misfit))
            if not reasks:
                raise Halted("invalid", f"no answer fitted the schema: {misfit}") from misfit
            tries.reply = None
            return [*tries.chat.messages, *sent_back(text, str(misfit))]

    def _model(self, form: Form) -> type[FormAnswer]:
        found = self._models.get(form)
        if found is None:
            found = self._models[form] = type("FormAnswer", (FormAnswer,), {"form": form, "__module__": __name__})
        return found


async def _send(*, tries: ReplyTries, messages: Messages, **_: Any) -> ChatCompletion:
    """Send what instructor asks for, and return as much of the reply as it needs."""
    if tries.reply is not None:
        tries.misfit(_last_complaint(messages))
    reply = await tries.send(messages)
    message = ChatCompletionMessage.model_construct(role="assistant", content=reply.choices[0].text)
    choice = Choice.model_construct(index=0, finish_reason="stop", message=message)
    # Zeros of our own, because instructor adds into this object; the ledger holds what each try took.
    usage = CompletionUsage.model_construct(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    return ChatCompletion.model_construct(id="", created=0, model=reply.model, choices=[choice], usage=usage)


def _last_complaint(messages: Messages) -> str:
    content = messages[-1].get("content")
    return content.partition("\n")[2] if isinstance(content, str) else ""
