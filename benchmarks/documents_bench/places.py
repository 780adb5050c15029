"""The place that is shown first for a value: is it the one that a person points at?"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_least, percent
from handrail import Document
from handrail_ai_steps.documents.evidence import evidence_of
from handrail_guards.verdict import Span

RIGHT_PLACES = Path(__file__).parent / "right_places.json"
"""By file: a field, its value, and what stands in the line where it is meant; written by hand, by the labels."""

_OURS = Path(__file__).parents[2] / "examples" / "invoices" / "inbox"
"""Invoices of our own, of which those values are judged that stand in several places."""

_ROLES = {
    "total": "total",
    "due": "due",
    "tax": "tax",
    "number": "number",
    "date": "issued",
    "issued": "issued",
    "net": "net",
}


def place_rows(data: Path) -> list[Figure]:
    """Measure on the documents in this folder."""
    right: dict[str, list[bool]] = defaultdict(list)
    single: list[bool] = []
    wrong: list[str] = []
    for name, rows in json.loads(RIGHT_PLACES.read_text(encoding="utf-8")).items():
        document = Document.open(path_of(name, data))
        found = places_of(rows, document.text)
        for field, _, lines in rows:
            spans = found.get(field, ())
            is_right = bool(spans) and stands_in(spans[0], document.text, lines)
            right[_role(field)].append(is_right)
            single.append(len(spans) == 1)
            if not is_right:
                wrong.append(f"{name.partition('-')[2]}: {field}")
    rows_of = [
        Figure("places", f"{role}: the first is the right one", percent(sum(said), len(said)), note=_of(said))
        for role, said in right.items()
    ]
    every = [each for said in right.values() for each in said]
    note = f"{_of(every)}; {sum(single)} have one place only" + (f"; not {', '.join(wrong)}" if wrong else "")
    whole = Figure("places", "all: the first is the right one", percent(sum(every), len(every)), bar=at_least(92))
    return [*rows_of, Figure(whole.part, whole.name, whole.value, bar=whole.bar, note=note)]


def path_of(name: str, data: Path) -> Path:
    """Return where a file is: in the folder of the data, or in the inbox of the example."""
    return data / name if (data / name).is_file() else _OURS / name


def places_of(rows: Sequence[Sequence[Any]], source: str) -> Mapping[str, tuple[Span, ...]]:
    """Return the places of the values of a record, the likeliest first."""
    return evidence_of({field: _typed(value) for field, value, _ in rows}, source)


def stands_in(span: Span, source: str, lines: Sequence[str]) -> bool:
    """Return whether a place is in one of these lines, blanks and tabs alike; a value alone is in the one above too."""
    start = source.rfind("\n", 0, span.start) + 1
    if start and not any(map(str.isalpha, source[start : span.start])):
        start = source.rfind("\n", 0, start - 1) + 1
    end = source.find("\n", span.end)
    line = " ".join(source[start : end if end >= 0 else len(source)].split())
    return any(" ".join(each.split()) in line for each in lines)


def _typed(value: str) -> str | Decimal | date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    return Decimal(value) if re.fullmatch(r"-?\d+\.\d\d", value) else value


def _role(field: str) -> str:
    if "due" in field or "payable" in field:
        return "due"
    return next(role for word, role in sorted(_ROLES.items(), key=lambda each: each[0] != "tax") if word in field)


def _of(said: Sequence[bool]) -> str:
    return f"{sum(said)} of {len(said)}"
