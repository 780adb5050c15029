"""What each option of a step must be: looked at when the step is built, and not by the first run in doubt."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.output import Output
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.routing.breaker import ModelBreaker
from handrail_ai_steps.similar import SimilarExamples
from handrail_ai_steps.task import Example
from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.numbers import is_text

RESERVED = frozenset("#/[]{}")
"""Signs that the records of a run put between names: a step whose name holds one could be taken for another call."""


def require_name(name: Any) -> None:
    """Check that a step's name can stand in records.

    Raises:
        InvalidTask: it is no text, empty, or holds what only records put into names.
    """
    if not is_text(name):
        raise InvalidTask(f"an AI step needs a name, such as classify('route', ...), not {name!r}")
    if RESERVED & set(name) or name != name.strip() or not name.isprintable():
        raise InvalidTask(
            f"{name!r} cannot name a step: write it without {' '.join(sorted(RESERVED))}, line breaks and spaces at its"
            " ends, such as 'route'"
        )


def require_types(step: str, options: Mapping[str, Any]) -> None:
    """Check that each option is of its type.

    Raises:
        InvalidTask: one is not, with what to write instead.
        InvalidGuard: the guards are no list.
    """
    if not _is_list(options["guards"]):
        raise InvalidGuard(f"step {step!r}: guards is {options['guards']!r}; give a list, such as [max_length(1200)]")
    for name, right, write in (
        ("examples", _are_examples, "a list of Example or of (input, output) pairs, or SimilarExamples of one"),
        ("escalate", _is_escalation, "Escalation(queue='triage')"),
        ("prompt", _is_prompt, "Prompt(system=..., user=...), or None for the default"),
        ("limits", _are_limits, "Limits(seconds=20)"),
        ("breaker", _is_breaker_or_none, "ModelBreaker(failures=5), or None for one of its own"),
        ("limit", _is_name_or_none, "the name of a limit of the orchestrator, such as 'gpu', or None"),
        ("mask", _is_collection, "a list of kinds of personal data, such as ['email', 'phone']"),
        ("keep_source", _is_bool, "True or False"),
        ("day_first", _is_bool_or_none, "True or False, or None where nobody knows"),
    ):
        if not right(options[name]):
            raise InvalidTask(f"step {step!r}: {name} is {options[name]!r}; give {write}")


def require_labels_text(step: str, labels: Any) -> None:
    """Check that the meanings of labels are texts by label.

    Raises:
        InvalidTask: they are not.
    """
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        raise InvalidTask(
            f"step {step!r}: labels is {labels!r}; give what each label means, such as {{'a': 'about a'}}"
        )
    for label, meaning in labels.items():
        if not isinstance(label, str) or not isinstance(meaning, str):
            raise InvalidTask(
                f"step {step!r}: labels has {label!r}: {meaning!r}; give a label and its meaning as texts"
            )


def require_defaults(step: str, escalate: Escalation, output: Output) -> None:
    """Check that what an escalation answers when nobody does is an answer of the step.

    Raises:
        InvalidTask: it does not fit the output type.
    """
    for late in escalate.chain:
        if late.answer is None:
            continue
        try:
            output.load(late.answer)
        except ValueError as error:
            raise InvalidTask(
                f"step {step!r}: Late('default', value={late.value!r}) is no answer of this step: {error}"
            ) from error


def _is_list(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)


def _is_collection(given: object) -> bool:
    return isinstance(given, Collection) and not isinstance(given, str | bytes | Mapping)


def _are_examples(given: Any) -> bool:
    given = given.pool if isinstance(given, SimilarExamples) else given
    return _is_collection(given) and all(
        isinstance(each, Example) or (isinstance(each, tuple | list) and len(each) == 2) for each in given
    )


def _is_escalation(given: object) -> bool:
    return isinstance(given, Escalation)


def _is_prompt(given: object) -> bool:
    if given is None:
        return True
    return isinstance(given, Prompt) and all(isinstance(each, str) for each in (given.system, given.user))


def _are_limits(given: object) -> bool:
    return isinstance(given, Limits)


def _is_breaker_or_none(given: object) -> bool:
    return given is None or isinstance(given, ModelBreaker)


def _is_bool(given: object) -> bool:
    return isinstance(given, bool)


def _is_name_or_none(value: Any) -> bool:
    return value is None or (is_text(value) and bool(value.strip()))


def _is_bool_or_none(given: object) -> bool:
    return given is None or isinstance(given, bool)
