"""What a judgement came to, read from what a step recorded; the only place that does."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from handrail_ground.values import value_at
from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.unmarking import KEY, is_marked, unmarked

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_VALUES = {"accepted": "value", "doubtful": "suggestion"}
"""Under which name an outcome of a kind has its value."""
_ENDS = tuple((f'{{"{name}":', f'"kind":"{kind}"}}') for kind, name in _VALUES.items())
"""How an outcome in the plain form begins and ends, as it is written."""


def outcome_of(recorded: str) -> Accepted[Any] | Doubtful[Any] | None:
    """Return an outcome with its value as JSON data, or None for what does not read as one, such as of foreign code."""
    try:
        data = json.loads(recorded)
        data = _unmarked(data) if is_marked(recorded, data) else data
        outcome: Accepted[Any] | Doubtful[Any] = _reader(data["kind"]).validate_python(data)
    except (KeyError, TypeError, ValueError):
        return None
    return outcome


def outcome_data(recorded: str) -> Any:
    """Return a recorded outcome as JSON data: value or suggestion, why it is in doubt, judgement."""
    data = json.loads(recorded)
    try:
        return _unmarked(data) if is_marked(recorded, data) else data
    except (KeyError, TypeError, ValueError):
        return data


def value_of(recorded: str) -> tuple[Any] | None:
    """Return the value of a recorded outcome as JSON data, in a tuple of one, or None for what reads as no outcome.

    Of a doubtful one that is the suggestion. For those who read thousands, and nothing else of each: how likely each of
    150 labels was, which stands behind the value, takes most of the time to read.
    """
    for begins, ends in _ENDS:
        if recorded.startswith(begins) and recorded.endswith(ends):
            try:
                return (value_at(recorded, len(begins)),)
            except ValueError:
                break
    data = outcome_data(recorded)
    name = _VALUES.get(str(data.get("kind"))) if isinstance(data, dict) else None
    return None if name is None else (data.get(name),)


def _unmarked(data: dict[str, Any]) -> dict[str, Any]:
    """Return a marked outcome as it is in the plain form; it stands beside its type's name."""
    _, outcome = data[KEY]
    name = _VALUES[outcome["kind"]]
    plain = {**outcome, name: unmarked(outcome[name])}
    if "escalation" in outcome:  # what happens when nobody answers is of several types
        plain["escalation"] = unmarked(outcome["escalation"])
    return plain


@cache
def _reader(kind: str) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415 -- who looks at no judgement needs none of it

    return TypeAdapter({"accepted": Accepted[Any], "doubtful": Doubtful[Any]}[kind])
