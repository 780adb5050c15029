"""What is rolled out of a step, in a mark that changes with it, and its challenger, asked beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import FullyNamed, Model
from handrail_ground.hashing import hash_of_data
from handrail_guards.acceptance import Acceptance
from handrail_guards.rollout import Rollout

MARK_DIGITS = 12
"""Hexadecimal digits of the mark."""

_PLAIN = (str, int, float, bool, type(None))


def subject_of(version: str, models: Sequence[Model], guards: Sequence[Any], accept: Acceptance) -> str:
    """Return a mark of what a rollout lets loose: the prompt's version, who is asked, the guards, what is accepted.

    A promotion holds for what was promoted, and not for what somebody made of it afterwards.
    """
    asked = [each.full_name if isinstance(each, FullyNamed) else named(each) for each in models]
    return hash_of_data([version, asked, [_told(each) for each in guards], _told(accept)], digits=MARK_DIGITS)


def _told(value: object) -> Any:
    """Return the settings in a value as JSON data; of what has no plain ones, such as a file, its type's name."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if is_dataclass(value) and not isinstance(value, type):
        shown = {each.name: _told(getattr(value, each.name, None)) for each in fields(value) if each.init}
        return [type(value).__qualname__, shown]
    if isinstance(value, Mapping):
        return sorted([repr(key), _told(each)] for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_told(each) for each in value]
    return type(value).__qualname__


def require_rollout(step: str, rollout: Any) -> None:
    """Check that a rollout is one.

    Raises:
        InvalidTask: it is not.
    """
    if rollout is not None and not isinstance(rollout, Rollout):
        raise InvalidTask(
            f"step {step!r}: rollout is {rollout!r}; give shadow, share(0.1) or only('pilot', customer='acme') of"
            " handrail.guards"
        )


def require_challenger(step: str, answer: object, other: object) -> None:
    """Check that a challenger answers the same question.

    Raises:
        InvalidTask: its answers have another type.
    """
    if other != answer:
        raise InvalidTask(
            f"step {step!r}: its challenger answers with {other!r}, and the step with {answer!r}: what"
            " cannot be the same cannot be compared"
        )
