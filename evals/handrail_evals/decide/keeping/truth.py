"""What a blind answer says of a case, as to what a part of a promise bounds."""

from collections.abc import Mapping
from typing import Any, Literal, assert_never

from handrail_evals.decide.corrections.record import Answers
from handrail_guards.fields import EVERY
from handrail_guards.promise_part import PartKind
from handrail_orchestrator.records.sameness import same

ABSENT = "(absent)"
LENGTH = "#"


def what_of(value: Any, decision: Any, *, about: PartKind, of: str) -> Literal["right", "wrong"]:
    """Return whether a case counts against a promise, by the model's answer and the true one, both as JSON data.

    Of a bound on what is missed, a case counts whose true label is the one in question, whatever the model said.
    """
    match about:
        case "wrong" | "label":
            is_wrong = not Answers().agree(value, decision)
        case "field":
            is_wrong = not field_agrees(value, decision, of)
        case "missed":
            is_wrong = is_label(decision, of)
        case _:
            assert_never(about)
    return "wrong" if is_wrong else "right"


def is_label(answer: Any, label: str) -> bool:
    """Return whether an answer, as JSON data, is a label."""
    if answer is None:
        return label == "none"
    try:
        return Answers().label_of(answer) == label
    except ValueError:
        return False


def field_agrees(value: Any, decision: Any, path: str) -> bool:
    """Return whether a field of two records is the same; ``*`` stands for every item, and ``#`` for how many there are.

    A field that neither has is no agreement: the records are then of another type than the promise speaks of.
    """
    parts = path.split(".")
    first = [_at(value, parts[:1]), _at(decision, parts[:1])]
    if first == [ABSENT, ABSENT]:
        return False
    return same(_at(value, parts), _at(decision, parts))


def _at(data: Any, parts: list[str]) -> Any:
    """Return what stands under a path, a list of it for every item; a text of our own where there is nothing."""
    if not parts:
        return data
    part, below = parts[0], parts[1:]
    if part == EVERY and isinstance(data, list | Mapping):
        items = data if isinstance(data, list) else [data[name] for name in sorted(data)]
        return [sorted(data) if isinstance(data, Mapping) else len(items), *(_at(item, below) for item in items)]
    if part == LENGTH and isinstance(data, list | Mapping):
        return len(data)
    if isinstance(data, Mapping) and part in data:
        return _at(data[part], below)
    if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
        return _at(data[int(part)], below)
    return ABSENT
