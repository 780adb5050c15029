"""A guard that asks a second model the same question, and passes where both agree."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handrail_ai_steps.consultation import CONSULTATION, REQUEST, Consultation
from handrail_ai_steps.errors import NoSecondAnswer
from handrail_ai_steps.inputs import plain
from handrail_ai_steps.model import Model, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ai_steps.resolve import ModelLike, resolve_model
from handrail_guards.guard import GuardContext
from handrail_guards.second_opinion import SecondAnswer, agrees
from handrail_guards.verdict import OnFail


def agreement(model: ModelLike, *, fields: str | Sequence[str] = (), on_fail: OnFail = "review") -> SecondAnswer:
    """Pass a value that a second model, asked the same, gives too; ``fields`` limits it to some field paths.

    Values are compared as JSON, texts without regard to case and white space. The second model is asked only about
    values that nothing else stands against, its usage counts in the step's budget, and one that gives no answer
    does not agree.

    Raises:
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: the model's file, key or library is missing.
        InvalidGuard: a malformed field path, or an ``on_fail`` that cannot be carried out.
    """
    second = resolve_model(model)

    async def ask(_: Any, context: GuardContext) -> Any:
        return await _ask(second, context)

    return agrees(ask, fields=fields, same=_same, on_fail=on_fail)


async def _ask(model: Model, context: GuardContext) -> Any:
    consultation: Consultation = context.metadata[CONSULTATION]
    request: ModelRequest = context.metadata[REQUEST]
    alone = replace(request, rejections=(), on_text=None, wants_confidence=False)
    answer = await consultation.ask(model, alone, Output(request.output_type))
    if isinstance(answer, NoAnswer):
        raise NoSecondAnswer(f"{model.name} gave none: {answer.reason}")
    return answer.value


def _same(first: Any, second: Any) -> bool:
    return bool(_folded(plain(first)) == _folded(plain(second)))


def _folded(data: Any) -> Any:
    if isinstance(data, str):
        return " ".join(data.split()).casefold()
    if isinstance(data, dict):
        return {name: _folded(below) for name, below in data.items()}
    return [_folded(below) for below in data] if isinstance(data, list) else data
