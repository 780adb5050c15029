"""An answer changed field by field, each held to the type and the guards as it is typed."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import typer

from handrail_ground.text import harmless
from handrail_guards.verdict import Verdict
from handrail_orchestrator.cli import fields
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem

Objections = Callable[[ReviewItem, object], Sequence[Verdict]]
"""What the guards have against an answer.

Raises:
    ReviewError: it does not fit.
"""


class FieldByField:
    """Changes the fields of an answer to one item."""

    def __init__(self, item: ReviewItem, line: Callable[[str], str], objections: Objections) -> None:
        self._item = item
        self._line = line
        self._objections = objections

    def gone_through(self, answer: Any) -> Any:
        """Ask for each field in turn and return the answer as it is then."""
        typer.echo("  Enter keeps a field, - empties it (null)")
        known = fields.of_item(self._item, answer)
        inner = {path[:length] for path in known.values() for length in range(1, len(path))}
        for name, path in known.items():
            if path not in inner:
                answer = self._changed(answer, name, path)
        return answer

    def with_typed(self, answer: object, path: fields.Path, typed: str) -> Any:
        """Return the answer with what was typed in a field, held to the type itself where its code is there.

        Raises:
            ReviewError: it does not fit there.
        """
        changed = fields.with_typed(self._item, answer, path, typed)
        try:
            self._objections(self._item, changed)
        except ReviewError as error:
            if f"field {fields.name_of(path)!r}" in str(error):  # what is wrong elsewhere is said when it is decided
                raise
        return changed

    def _changed(self, answer: object, name: str, path: fields.Path) -> Any:
        held = fields.at(answer, path)
        shown = "" if held is None else held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
        while True:
            typed = self._line(f"  {harmless(name)} [{harmless(shown)}]: ")
            if not typed:
                return answer
            try:
                return fields.put(answer, path, None) if typed == "-" else self.with_typed(answer, path, typed)
            except ReviewError as error:
                typer.echo(f"  {harmless(str(error))}")
