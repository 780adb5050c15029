"""A candidate as a value of the field that is asked for: a day, an amount, a text as it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from handrail_ai_steps.models.extractor.learned import FieldCandidate, FieldKind
from handrail_ai_steps.models.extractor.spots import days_of
from handrail_ai_steps.models.sources.schema_fields import MONEY, SchemaField
from handrail_guards.values.day_order import chosen, order_of
from handrail_guards.values.written_date import find_dates
from handrail_guards.values.written_number import Number, find_numbers
from handrail_guards.verdict import Span

CLEAR = 0.95
"""In so many of the documents learned from one order of day and month must hold for it to decide."""


@dataclass(frozen=True, slots=True)
class WrittenCandidate:
    """A candidate as JSON of its field."""

    data: Any
    """None: the field takes nothing of the kind."""
    shown: str
    """As people read it."""
    others: tuple[str, ...] = ()
    """What else it may be, where nothing decides: its confidence is halved."""


def written(
    text: str, candidate: FieldCandidate, kind: FieldKind, field: SchemaField, day_first: float | None
) -> WrittenCandidate:
    """Return a candidate of a text as its field takes it."""
    if kind == "date":
        return _day(text, candidate, field, day_first)
    if kind == "amount":
        return _amount(text, candidate, field)
    own = " ".join(text[candidate.start : candidate.end].split())
    return WrittenCandidate(_as_text(own, field), own)


def _as_text(own: str, field: SchemaField) -> Any:
    if field.kinds and "string" not in field.kinds:
        plain = own.replace(" ", "")
        return int(plain) if "integer" in field.kinds and plain.isascii() and plain.isdigit() else None
    return own


def _day(text: str, candidate: FieldCandidate, field: SchemaField, day_first: float | None) -> WrittenCandidate:
    own = text[candidate.start : candidate.end]
    if "date" not in field.kinds:  # a text, or a typed date, which the step reads with the whole document in view
        return WrittenCandidate(field.shaped(own), own)
    days = sorted(days_of(candidate.value))
    others: tuple[str, ...] = ()
    if len(days) > 1:
        found = next((each for each in find_dates(text) if each.span.start == candidate.start), None)
        shown = order_of(found, text) if found is not None else None
        first = shown.order == "day_first" if shown is not None else (0.5 if day_first is None else day_first) >= 0.5
        clear = shown is not None or (day_first is not None and max(day_first, 1 - day_first) >= CLEAR)
        if found is not None and found.order is not None:
            in_order = list(chosen(found, "day_first" if first else "month_first"))
            days.sort(key=lambda each: each not in in_order)
        others = () if clear else tuple(each.isoformat() for each in days[1:])
    return WrittenCandidate(field.shaped(days[0]), days[0].isoformat(), others)


def _amount(text: str, candidate: FieldCandidate, field: SchemaField) -> WrittenCandidate:
    number = next((each for each in _numbers(text, candidate.start) if each.span.end == candidate.end), None)
    value = candidate.value if isinstance(candidate.value, Decimal) else Decimal(0)
    exact = (
        next((Decimal(each) for each in number.written if Decimal(each) == abs(value)), abs(value)) if number else value
    )
    amount = exact.copy_sign(value)
    sign = number.sign_written if number is not None else ""
    if MONEY in _says(field):
        return WrittenCandidate(field.shaped(amount, sign), f"{amount:f} {sign}".strip())
    if field.kinds <= {"string"} and not _is_number(field.schema):
        own = text[candidate.start : candidate.end]
        return WrittenCandidate(own if value >= 0 or own.startswith("-") else f"-{own}", f"{amount:f}")
    return WrittenCandidate(field.shaped(amount), f"{amount:f}")


def _numbers(text: str, start: int) -> list[Number]:
    """Return the numbers of the line that a place is in, by where they stand in the text."""
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", start)
    return [
        replace(each, span=Span(each.span.start + low, each.span.end + low))
        for each in find_numbers(text[low : high if high >= 0 else None])
    ]


def _says(field: SchemaField) -> str:
    described = [
        field.schema.get("description"),
        *(each.get("description") for each in _below(field.schema, field.root)),
    ]
    return " ".join(each for each in described if isinstance(each, str)).lower()


def _below(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    several = [*schema.get("anyOf", []), *schema.get("allOf", [])]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        several.append(root.get("$defs", {}).get(reference.rpartition("/")[2], {}))
    return [each for one in several for each in (one, *(_below(one, root) if one is not schema else []))]


def _is_number(schema: Mapping[str, Any]) -> bool:
    """Return whether a text must be a number, as that of a Decimal."""
    alternatives = [schema, *schema.get("anyOf", [])]
    return any(each.get("type") == "string" and "pattern" in each for each in alternatives)
