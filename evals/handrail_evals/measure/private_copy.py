"""Copies of a case and of its answer for foreign code: what it changes in them, nobody else is shown."""

from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.scorer import AnyAnswer
from handrail_guards.lent import lent

T = TypeVar("T")


def private_case(case: AnyCase) -> AnyCase:
    """Return a case whose input and expected value may be changed; itself where nobody can change them."""
    given, expected = private(case.input), private(case.expected)
    if given is case.input and expected is case.expected:
        return case
    return replace(case, input=given, expected=expected)


def private_answer(answer: AnyAnswer) -> AnyAnswer:
    """Return an answer that one scorer may change: the next one, and the next repeat, are held against the same."""
    case, observation = private_case(answer.case), answer.observation
    output = private(observation.output)
    if case is answer.case and output is observation.output:
        return answer
    return replace(answer, case=case, observation=replace(observation, output=output))


def private(value: T) -> T:
    """Return a deep copy of a value; itself where it cannot be changed, says that it is frozen, or cannot be copied."""
    return value if _is_frozen(value) else lent(value)


def _is_frozen(value: object) -> bool:
    """Return whether its class says so, as those of documents do, which take long to copy."""
    if is_dataclass(value):
        return bool(getattr(value, "__dataclass_params__").frozen)  # noqa: B009 -- no type stub has it
    settings: Any = getattr(type(value), "model_config", None)
    return isinstance(settings, dict) and bool(settings.get("frozen"))
