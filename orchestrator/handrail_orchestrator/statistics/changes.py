"""Which fields of an answer differ from another, such as a person's decision from what the model suggested."""

from collections.abc import Iterator, Mapping
from typing import Any

from handrail_orchestrator.records.sameness import same

WHOLE = ""
"""The name of an answer as a whole, as evidence and confidences by field have it."""

_ABSENT = object()


def changed_fields(before: object, after: object) -> dict[str, bool]:
    """Return which fields are not what they were, by their path (``customer.name``), and the whole under ``""``.

    Objects are compared field by field, as far as both are objects; lists and other values as one. A field that only
    one of them has is changed, unless it is null there.
    """
    found = {WHOLE: not same(before, after)}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found.update((name, told) for name, told in _fields(before, after, "") if name != WHOLE)
    return found


def _fields(before: Mapping[str, Any], after: Mapping[str, Any], above: str) -> Iterator[tuple[str, bool]]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, _ABSENT), after.get(name, _ABSENT)
        path = f"{above}{name}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _fields(one, other, f"{path}.")
        else:
            yield path, not _alike(one, other)


def _alike(one: object, other: object) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one in (_ABSENT, None) and other in (_ABSENT, None)
    return same(one, other)
