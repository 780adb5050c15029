"""Which comparator compares which field: paths such as ``address.city`` and ``lines[].total``, as a tree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.scorers.comparator import Comparator

ITEM = "[]"
"""The part of a path that stands for every item of a list."""

Path: TypeAlias = tuple[str, ...]
"""A path as its parts, ``("lines", "[]", "total")``."""


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field and what is below it."""

    comparator: Comparator | None = None
    """What compares the field as a whole; None where its parts are compared, each on its own."""
    left_out: bool = False
    """Whether the field is not compared at all."""
    below: Mapping[str, "FieldNode"] = field(default_factory=dict)
    """The parts with a comparator of their own, or one further below."""


def field_tree(comparators: Mapping[str, Comparator | None], *, scorer: str) -> FieldNode:
    """Return the tree of some paths with their comparators; None leaves a field out.

    Raises:
        InvalidSetting: a path cannot be read, or ends where another goes on.
    """
    given = [(parts_of(path, scorer=scorer), comparator) for path, comparator in comparators.items()]
    return node_of(given, (), scorer)


def node_of(given: Sequence[tuple[Path, Comparator | None]], here: Path, scorer: str) -> FieldNode:
    """Return the node of the paths that begin with ``here``."""
    if any(path == here for path, _ in given):
        if len(given) > 1:
            raise InvalidSetting(
                f"{scorer}: {joined_path(here)!r} is compared as a whole, and another path speaks of it or a part of"
                " it; keep one of them"
            )
        comparator = given[0][1]
        return FieldNode(comparator, left_out=comparator is None)
    groups: dict[str, list[tuple[Path, Comparator | None]]] = {}
    for each in given:
        groups.setdefault(each[0][len(here)], []).append(each)
    return FieldNode(below={part: node_of(group, (*here, part), scorer) for part, group in groups.items()})


def parts_of(path: str, *, scorer: str) -> Path:
    """Return the names in a path, with ``[]`` where it goes into the items of a list.

    Raises:
        InvalidSetting: it is no path.
    """
    given: Any = path  # whatever a caller without a type checker gave
    parts: list[str] = []
    for index, section in enumerate(given.split(".") if isinstance(given, str) else [""]):
        name = section
        while name.endswith(ITEM):
            name = name.removesuffix(ITEM)
        depth = (len(section) - len(name)) // len(ITEM)
        if any(sign in name for sign in "[]*") or (not name and (index or not depth)):
            raise InvalidSetting(
                f"{scorer}: {path!r} is no path to a field; write 'total', 'address.city' or 'lines[].total', where []"
                " stands for every item"
            )
        parts += [name] if name else []
        parts += [ITEM] * depth
    return tuple(parts)


def joined_path(parts: Iterable[str]) -> str:
    """Return a path as people write it."""
    path = ""
    for part in parts:
        path += part if part == ITEM or not path else f".{part}"
    return path
