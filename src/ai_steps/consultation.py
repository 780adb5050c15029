"""Asking one model once, inside a call's deadline and budget: whatever it does, it ends in a value."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ai_steps.allowance import Allowance
from ai_steps.errors import AIStepError
from ai_steps.model import Answer, Model, ModelRequest, NoAnswer
from ai_steps.output import Output
from guards.outcome import Attempt, AttemptResult

if TYPE_CHECKING:
    from guards.personal_data.find import PersonalDataKind

CONSULTATION = "consultation"
"""Where a guard that asks a model finds the call's ``Consultation`` in its context's metadata."""

REQUEST = "request"
"""Where it finds the ``ModelRequest`` whose answer it looks at."""


@dataclass(slots=True)
class Consultation:
    """The models asked during one call of a step, by the step itself and by its guards."""

    allowance: Allowance
    mask: "tuple[PersonalDataKind, ...]" = ()
    """The personal data that no model is shown; answers come back with it restored."""
    attempts: list[Attempt] = field(default_factory=list)
    """Every try at every model, oldest first."""
    asked: list[Model] = field(default_factory=list)
    """The models asked, each once."""

    async def ask(self, model: Model, request: ModelRequest, output: Output) -> Answer | NoAnswer:
        """Ask a model within what is left; an outage, a time-out and an answer that does not fit are a ``NoAnswer``.

        Raises:
            AIStepError: misuse, such as a recording without this input.
        """
        spent = self.allowance.exhausted()
        if spent is not None:
            return NoAnswer(result="timed_out" if spent.code == "timed_out" else "over_budget", reason=spent.reason)
        if model not in self.asked:
            self.asked.append(model)
        request = replace(
            request,
            seconds=self.allowance.seconds,
            max_money=self.allowance.money,
            max_tokens=self.allowance.tokens,
        )
        answer = await self._ask_masked(model, request, output) if self.mask else await _safely(model, request)
        answer = _fitting(answer, output)
        self.attempts.extend(answer.attempts)
        self.allowance.spend(answer.attempts)
        return answer

    async def _ask_masked(self, model: Model, request: ModelRequest, output: Output) -> Answer | NoAnswer:
        from ai_steps.masking import hide  # noqa: PLC0415 -- patterns that a step without a mask has no use for

        hidden = hide(request, self.mask)
        answer = _fitting(await _safely(model, hidden.request), output)
        try:
            return hidden.reveal(answer, output)
        except ValueError as error:
            reason = f"the answer does not fit once its personal data is back: {error}"
            return NoAnswer(result="invalid", reason=reason, attempts=answer.attempts)

    async def close(self) -> None:
        """Close the connections that the models asked hold in this event loop (those with an ``aclose`` method)."""
        for model in self.asked:
            close = getattr(model, "aclose", None)
            if close is not None:
                await close()

    def note(self, note: str) -> None:
        """Add a note to the last attempt, in plain words."""
        last = self.attempts[-1]
        self.attempts[-1] = replace(last, notes=(*last.notes, note))


async def _safely(model: Model, request: ModelRequest) -> Answer | NoAnswer:
    deadline = asyncio.timeout(request.seconds)
    try:
        async with deadline:
            return await model.answer(request)
    except AIStepError:  # misuse, such as a recording without this input: not what a server did
        raise
    except Exception as error:  # noqa: BLE001 -- a model that breaks must not fail the run: a person decides
        if deadline.expired():
            return _failed(model, "timed_out", f"no answer within {request.seconds:.3g} seconds", request.seconds)
        return _failed(model, "failed", f"the model raised {type(error).__name__}: {error}")


def _fitting(answer: Answer | NoAnswer, output: Output) -> Answer | NoAnswer:
    """Trust no model to have validated its own answer."""
    if isinstance(answer, NoAnswer):
        return answer
    attempts = answer.attempts or (Attempt(model=answer.model, result="answered"),)
    try:
        value = output.validate(answer.value)
    except ValueError as error:
        spoilt = (*attempts[:-1], replace(attempts[-1], result="invalid"))
        return NoAnswer(result="invalid", reason=f"the answer does not fit: {error}", attempts=spoilt)
    if value is answer.value and attempts is answer.attempts:
        return answer
    return replace(answer, value=value, attempts=attempts)


def _failed(model: Model, result: AttemptResult, reason: str, seconds: float = 0.0) -> NoAnswer:
    attempt = Attempt(model=model.name, result=result, seconds=seconds, notes=(reason,))
    return NoAnswer(result=result, reason=reason, attempts=(attempt,))
