"""Which group a case is of: what a promise's ``by=`` finds in the inputs of a call."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from handrail_ground.errors import is_order, told
from handrail_guards.promise_call import PromiseGroup

LONGEST = 100
"""Characters of a group's name: a category is short, and a text of its own for each case is none."""

_ABSENT = object()


def group_of(by: str, values: Sequence[Any], named: Mapping[str, Any]) -> PromiseGroup:
    """Return the group of a call: the input of this name, or else the field of an input, also behind dots.

    A group is a text, a whole number, a truth value or an enum of these. A number and a text that reads the same are
    one group. Anything else is no group, and says why: such a case goes to people, because nothing is promised of it.
    """
    found = [value for value in (_in(named, by), *(_in(value, by) for value in values)) if value is not _ABSENT]
    if not found:
        found = [value for value in (_in(value, by) for value in named.values()) if value is not _ABSENT]
    if not found:
        return PromiseGroup(by, problem=f"the inputs have no {by!r}")
    names = [_named(value) for value in found]
    problem = next((wrong for _, wrong in names if wrong), "")
    if problem:
        return PromiseGroup(by, problem=f"{by!r} {problem}")
    if len({name for name, _ in names}) > 1:
        return PromiseGroup(by, problem=f"several inputs have a {by!r}, and they differ")
    return PromiseGroup(by, names[0][0])


def _in(value: Any, path: str) -> Any:
    """Return what stands under a name in a value, or behind dots; the whole name is looked for first."""
    found = _at(value, path)
    if found is not _ABSENT or "." not in path:
        return found
    first, _, rest = path.partition(".")
    below = _at(value, first)
    return _ABSENT if below is _ABSENT else _in(below, rest)


def _at(value: Any, name: str) -> Any:
    try:
        if isinstance(value, Mapping):
            return value.get(name, _ABSENT)
        if isinstance(value, type) or not (is_dataclass(value) or hasattr(type(value), "model_fields")):
            return _ABSENT
        return getattr(value, name, _ABSENT)
    except BaseException as error:  # a property of the model's own
        if is_order(error):
            raise
        return _Failed(told(error))


class _Failed:
    """A field that could not be read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _named(value: Any) -> tuple[str, str]:
    """Return the name of a group, or why a value is none."""
    if isinstance(value, Enum):
        value = value.value if isinstance(value.value, str | int) else value.name
    if value is None:
        return "", "is missing"
    if isinstance(value, _Failed):
        return "", f"cannot be read: {value.reason}"
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    if isinstance(value, int) and abs(value) < 10**LONGEST:
        return str(value), ""
    if not isinstance(value, str):
        return "", f"is a {type(value).__name__}, and a group is a text, a whole number or a truth value"
    return (name, "") if not (problem := _unfit(name := value.strip())) else ("", problem)


def _unfit(name: str) -> str:
    """Return why a text is no name of a group; empty: it is one."""
    if not name:
        return "is empty"
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters, and a group has a short name"
    return "" if name.isprintable() else "has characters that cannot be shown"
