"""How far answers of several people to one question agree, as a whole and field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from handrail_orchestrator.records.sameness import same


def agreement(values: Sequence[Any]) -> dict[str, bool]:
    """Return where all answers say the same, by field; of the whole answer under ``""``."""
    first = values[0]
    found = {"": all(same(first, each) for each in values[1:])}
    if not all(isinstance(each, Mapping) for each in values):
        return found
    names = list(dict.fromkeys(name for each in values for name in each))
    for name in names:
        said = [each.get(name, _MISSING) for each in values]
        found[name] = all(_alike(said[0], each) for each in said[1:])
    return found


_MISSING = object()


def _alike(one: object, other: object) -> bool:
    if one is _MISSING or other is _MISSING:
        return one is other
    return same(one, other)
