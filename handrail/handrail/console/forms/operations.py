"""The buttons of lists, without any script: what was sent, with a row added, taken out or moved."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail.console.forms.fields import AnyField, ListField, walk
from handrail.console.forms.names import aside, below
from handrail.console.forms.posted import MOST_PARTS, FormOperation, Posted

_ROOM = MOST_PARTS - 500
"""Parts after which no row is added: the form could not be sent any more."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What was sent, as it is after a button was pressed."""

    posted: Posted
    fresh: frozenset[str] = frozenset()
    """The names of rows that are new."""


def operated(root: AnyField, posted: Posted, operation: FormOperation) -> Redrawn:
    """Return what was sent, changed as a button asks; unchanged where the button belongs to nothing on the form."""
    for one in walk(root):
        if not isinstance(one, ListField):
            continue
        keys = [row.key for row in one.rows]
        if operation.verb == "add" and one.name == operation.target and _count(posted) < _ROOM:
            key = _unused(one, keys)
            return Redrawn(_ordered(posted, one, [*keys, key]), frozenset({below(one.name, key)}))
        at = next((at for at, row in enumerate(one.rows) if row.name == operation.target), None)
        if at is None:
            continue
        match operation.verb:
            case "remove":
                return Redrawn(_ordered(posted, one, [*keys[:at], *keys[at + 1 :]], without=operation.target))
            case "up":
                return Redrawn(_ordered(posted, one, _swapped(keys, at - 1)))
            case "down":
                return Redrawn(_ordered(posted, one, _swapped(keys, at)))
            case "add" | "show":
                continue
    return Redrawn(posted)


def _swapped(keys: Sequence[str], at: int) -> list[str]:
    """Return the keys with two neighbours swapped; as they are where there are no two."""
    if not 0 <= at < len(keys) - 1:
        return list(keys)
    return [*keys[:at], keys[at + 1], keys[at], *keys[at + 2 :]]


def _unused(one: ListField, keys: Sequence[str]) -> str:
    """Return a key that no row has, nor had when the form was first drawn."""
    first = len(one.shown) if isinstance(one.shown, list | dict) else 0
    return next(str(key) for key in range(first, first + len(keys) + 1) if str(key) not in keys)


def _ordered(posted: Posted, one: ListField, keys: Sequence[str], *, without: str | None = None) -> Posted:
    name = aside(one.name, "row")
    kept = (
        (part, text)
        for part, text in posted.parts()
        if part != name and not (without is not None and _belongs(part, without))
    )
    return Posted([*kept, (name, ""), *((name, key) for key in keys)])


def _belongs(part: str, row: str) -> bool:
    return part == row or part.startswith((f"{row}.", f"{row}~"))


def _count(posted: Posted) -> int:
    return sum(1 for _ in posted.parts())
