"""What was sent with a form: its parts by name, and the button that changes the form instead of saving it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail.console.forms.names import OPERATION, is_ours

MOST_PARTS = 5000
"""Parts of one form; nobody fills in that many, and a page of them is slow."""

Verb: TypeAlias = Literal["add", "remove", "up", "down", "show"]


@dataclass(frozen=True, slots=True)
class FormOperation:
    """A button that changes the form."""

    target: str
    """The name of a list, a row, or a field of several kinds."""
    verb: Verb


class Posted:
    """The parts of one form, in the order in which they were sent."""

    def __init__(self, parts: Iterable[tuple[str, object]]) -> None:
        """Take what was sent; parts that belong to nothing of an answer are left out."""
        kept: dict[str, list[str]] = {}
        self.operation: FormOperation | None = None
        self.has_files = False
        count = 0
        for name, value in parts:
            if not (is_ours(name) or name == OPERATION):
                continue
            count += 1
            if count > MOST_PARTS:
                kept.clear()
                break
            if not isinstance(value, str):
                self.has_files = True
            elif name == OPERATION:
                self.operation = _operation(value)
            else:
                kept.setdefault(name, []).append(value)
        self.is_too_much = count > MOST_PARTS
        self._parts: Mapping[str, tuple[str, ...]] = {name: tuple(values) for name, values in kept.items()}

    def __contains__(self, name: str) -> bool:
        """Return whether a part was sent."""
        return name in self._parts

    def one(self, name: str) -> str | None:
        """Return the text of a part, the first of several; None if it was not sent."""
        found = self._parts.get(name)
        return found[0] if found else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every text that was sent under a name."""
        return self._parts.get(name, ())

    def parts(self) -> Iterable[tuple[str, str]]:
        """Yield every part."""
        for name, values in self._parts.items():
            for value in values:
                yield name, value


def only_one(texts: Iterable[object]) -> str:
    """Return what was sent under a name; empty where nothing was, or where two texts say different things."""
    found = {text for text in texts if isinstance(text, str)}
    return found.pop() if len(found) == 1 else ""


def _operation(value: str) -> FormOperation | None:
    target, _, verb = value.rpartition(".")
    match verb:
        case "add" | "remove" | "up" | "down" | "show":
            return FormOperation(target, verb)
        case _:
            return None
