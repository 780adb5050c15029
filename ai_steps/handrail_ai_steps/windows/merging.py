"""What the windows of a long document say, put together: values by agreement, rows by where they stand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from handrail_ai_steps.documents.windows import PageWindow
from handrail_ai_steps.model import Answer
from handrail_ai_steps.windows.rows import PlacedRow, joined, placed_rows
from handrail_ground.hashing import canonical
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    """What one window says."""

    window: PageWindow
    answer: Answer
    data: Mapping[str, Any]
    """Its value as JSON data, by field; None where the field does not stand in these pages."""


@dataclass(slots=True)
class MergedWindows:
    """What the windows say together, so far."""

    data: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Confidence] = field(default_factory=dict)
    field_alternatives: dict[str, tuple[Alternative, ...]] = field(default_factory=dict)
    disputes: list[str] = field(default_factory=list)
    """Which windows say what of a field that they do not agree about, in words."""


def merge(said: Sequence[WindowAnswer]) -> MergedWindows:
    """Return what the windows say of each field of the type.

    A field that several windows have must be the same in all: where it is not, the value that most of them have comes
    first, the others are its alternatives, and it is a dispute. Lists are joined, each row once.
    """
    merged = MergedWindows()
    for name in said[0].data:
        having = [each for each in said if each.data[name] is not None]
        if not having:
            merged.data[name] = None
            _take(merged.fields, name, said[0], name)
        elif all(isinstance(each.data[name], list) for each in having):
            _join(merged, name, having)
        else:
            _agree(merged, name, having)
    return merged


def whole(merged: MergedWindows, said: Sequence[WindowAnswer]) -> Confidence:
    """Return how sure the whole is: no surer than any window that said something of it, and than any of its fields."""
    spoken = [each.answer.confidence for each in said if any(value is not None for value in each.data.values())]
    spoken += merged.fields.values()
    missing = next((each for each in spoken if each.value is None), None)
    if missing is not None:
        return missing
    least = min(spoken, key=lambda each: each.value or 0.0, default=Confidence.none("no window says anything"))
    return replace(least, detail=f"least of {len(said)} windows") if least.value is not None else least


def doubt_about(merged: MergedWindows) -> Doubt | None:
    """Return why a person must look at it: windows that do not agree."""
    return Doubt("contradiction", "; ".join(merged.disputes)) if merged.disputes else None


def _agree(merged: MergedWindows, name: str, having: Sequence[WindowAnswer]) -> None:
    by_value: dict[str, list[WindowAnswer]] = {}
    for each in having:
        by_value.setdefault(_normal(each.data[name]), []).append(each)
    ranked = sorted(by_value.values(), key=lambda each: (-len(each), having.index(each[0])))
    first = ranked[0][0]
    merged.data[name] = first.data[name]
    for path in _paths(first.answer.fields, name):
        _take(merged.fields, path, min(ranked[0], key=lambda each: _sure(each, path)), path)
    if len(ranked) == 1:
        return
    others = [group[0] for group in ranked[1:]]
    merged.field_alternatives[name] = tuple(
        Alternative(value=_shown(each.data[name]), confidence=max(_sure(each, name), 0.0), source=each.window.pages)
        for each in others
    )
    told = ", ".join(f"{_shown(each.data[name])} ({each.window.pages})" for each in (first, *others))
    merged.disputes.append(f"{name}: {told}")


def _join(merged: MergedWindows, name: str, having: Sequence[WindowAnswer]) -> None:
    rows: list[PlacedRow] = []
    for at, each in enumerate(having):
        placed = placed_rows(each.data[name], each.window, source=at)
        shared = range(each.window.first, each.window.first + each.window.shared)
        rows = joined(rows, placed, shared) if rows else placed
    merged.data[name] = [row.value for row in rows]
    for index, row in enumerate(rows):
        origin = having[row.source]
        for path in _paths(origin.answer.fields, f"{name}.{row.index}"):
            _take(merged.fields, path.replace(f"{name}.{row.index}", f"{name}.{index}", 1), origin, path)
    lengths = [each for each in having if f"{name}.#" in each.answer.fields]
    if lengths:
        _take(merged.fields, f"{name}.#", min(lengths, key=lambda each: _sure(each, f"{name}.#")), f"{name}.#")


def _take(fields: dict[str, Confidence], path: str, said: WindowAnswer, own: str) -> None:
    if own in said.answer.fields:
        fields[path] = said.answer.fields[own]


def _paths(fields: Mapping[str, Confidence], name: str) -> list[str]:
    return [path for path in fields if path == name or path.startswith(f"{name}.")]


def _sure(said: WindowAnswer, path: str) -> float:
    sure = said.answer.fields.get(path, said.answer.confidence).value
    return -1.0 if sure is None else sure


def _normal(value: Any) -> str:
    return " ".join(value.split()).casefold() if isinstance(value, str) else canonical(value)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
