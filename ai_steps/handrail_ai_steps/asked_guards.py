"""Guards that ask another model: to agree with an answer, or to judge it against a rule written in words."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from handrail_ai_steps.call import CALL, REQUEST, Call
from handrail_ai_steps.errors import InvalidTask, NoSecondAnswer
from handrail_ai_steps.inputs import as_text, plain
from handrail_ai_steps.model import Model, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ai_steps.resolve import ModelLike, resolve_model
from handrail_ai_steps.task import Task, build_task
from handrail_guards.guard import GuardContext
from handrail_guards.numbers import is_text
from handrail_guards.second_opinion import JudgedGuard, Ruling, SecondAnswer, agrees, judged
from handrail_guards.verdict import OnFail

INSTRUCTIONS = """\
You check an answer that another model gave to an input. The rule it must keep:

{rule}

Say whether the answer keeps the rule, and why, in one sentence that tells its author what to change."""
"""What the judge is told; the rule is put in once, when the guard is built."""


_STAND_IN: ContextVar[Callable[[Model], Model] | None] = ContextVar("who answers for guards' models", default=None)


@contextmanager
def asked_through(stand_in: Callable[[Model], Model]) -> Iterator[None]:
    """Let guards in this context ask, in place of each model, the one that is given for it, such as a recording."""
    token = _STAND_IN.set(stand_in)
    try:
        yield
    finally:
        _STAND_IN.reset(token)


def _asked(model: Model) -> Model:
    stand_in = _STAND_IN.get()
    return model if stand_in is None else stand_in(model)


class _Ruled(BaseModel):
    # No docstring and its old title: both are a part of the schema, and so of the prompt version on record.
    model_config = ConfigDict(title="Ruled")

    keeps_rule: bool  # first, so that its probability does not depend on the reason
    reason: str


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

    async def ask(_: object, context: GuardContext) -> object:
        return await _second_answer(second, context)

    return agrees(ask, fields=fields, same=_same, on_fail=on_fail)


async def _second_answer(model: Model, context: GuardContext) -> object:
    call: Call = context.metadata[CALL]
    request: ModelRequest = context.metadata[REQUEST]
    alone = replace(request, rejections=(), on_text=None, on_data=None, wants_confidence=False)
    answer = await call.ask(_asked(model), alone, Output(request.output_type))
    if isinstance(answer, NoAnswer):
        raise NoSecondAnswer(f"{model.name} gave none: {answer.reason}")
    return answer.value


def _same(first: Any, second: Any) -> bool:
    return bool(_folded(plain(first)) == _folded(plain(second)))


def _folded(data: object) -> object:
    if isinstance(data, str):
        return " ".join(data.split()).casefold()
    if isinstance(data, dict):
        return {name: _folded(below) for name, below in data.items()}
    return [_folded(below) for below in data] if isinstance(data, list) else data


def judge(rule: str, *, model: ModelLike, on_fail: OnFail = "review", name: str = "judge") -> JudgedGuard:
    """Pass an answer that a model finds to keep a rule, such as ``"It promises no refund."``.

    A judge is a model and can be wrong: measure it before relying on it. It is asked only about values that
    nothing else stands against, its usage counts in the step's budget, and one that gives no ruling lets nothing
    pass. Input and answer are shown to it as data between tags.

    Raises:
        InvalidTask: the rule is empty.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: the model's file, key or library is missing.
        InvalidGuard: no name, or an ``on_fail`` that a judge cannot carry out.
    """
    if not is_text(rule):
        raise InvalidTask("judge(...) needs a rule: say in a sentence what the answer must keep")
    asked = resolve_model(model)
    task = build_task("extract", name, _Ruled, INSTRUCTIONS.format(rule=rule.strip()))

    async def ask(value: object, context: GuardContext) -> Ruling:
        return await _ruling(asked, task, value, context)

    return judged(ask, name=name, on_fail=on_fail)


async def _ruling(model: Model, task: Task, value: Any, context: GuardContext) -> Ruling:
    call: Call = context.metadata[CALL]
    judged_request: ModelRequest = context.metadata[REQUEST]
    request = replace(
        judged_request,
        task=f"{judged_request.task}/{task.name}",
        prompt_version=task.version,
        system=task.prompt.system,
        text=as_text((), {"input": context.source, "answer": value}),
        output_type=task.output.output_type,
        json_schema=task.output.json_schema,
        labels=(),
        wants_confidence=False,
        rejections=(),
        on_text=None,
        on_data=None,
    )
    ruling = await call.ask(_asked(model), request, task.output)
    if isinstance(ruling, NoAnswer):
        return Ruling(passed=False, reason=f"{model.name} gave no ruling: {ruling.reason}")
    return Ruling(passed=ruling.value.keeps_rule, reason=ruling.value.reason)
