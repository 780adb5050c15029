"""Reading a form: what was typed in each field as a value, or what is wrong with it."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from handrail.console.forms.days import has_zone, read_clock, read_day, read_duration, read_moment
from handrail.console.forms.fields import (
    NULL,
    OMITTED,
    AnyField,
    ChoiceField,
    FixedField,
    FormRow,
    GroupField,
    ListField,
    TextBox,
    VariantField,
)
from handrail.console.forms.habits import Misread, TypingHabits
from handrail.console.forms.labels import cut, text_of
from handrail.console.forms.limits import number_misfit, rows_misfit, text_misfit
from handrail.console.forms.missing import MISSING
from handrail.console.forms.numerals import as_written, is_numeral, read_numeral
from handrail.console.forms.schemas import default_of
from handrail.console.forms.texts import drawn, is_ambiguous, is_same_text
from handrail.console.words import say
from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.records.sameness import same

_DAYS: Final = frozenset({"date", "datetime", "time", "duration"})
"""What the judge of an answer takes for any text."""


@dataclass(frozen=True, slots=True)
class FieldReading:
    """A field as it was read."""

    field: AnyField
    """With what is wrong with it, or with its value written as it was read."""
    value: Any
    """``MISSING`` where it is left out, or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReader:
    """Reads the fields of one form."""

    habits: TypingHabits

    def of(self, one: AnyField) -> FieldReading:
        """Return a field as it was read."""
        found = self._read(one)
        left_out = one.was_absent and found.value is not MISSING and one.shown is not MISSING
        if left_out and same(found.value, one.shown):
            return FieldReading(found.field, MISSING)  # the default is drawn where nothing was, and nothing was changed
        return found

    def _read(self, one: AnyField) -> FieldReading:
        match one:
            case TextBox():
                return self._box(one)
            case ChoiceField():
                return self._choice(one)
            case FixedField():
                return FieldReading(one, one.value)
            case GroupField():
                return self._group(one)
            case ListField():
                return self._list(one)
            case VariantField():
                return self._variant(one)

    def _box(self, box: TextBox) -> FieldReading:
        if box.text is None:
            return _wrong(replace(box, text=""), say("forms.unsent"))
        if box.is_twice:
            return _wrong(box, say("forms.twice"))
        if box.shown is not MISSING and is_same_text(box.text, box.drawn) and not _is_unanswered(box):
            if box.reads in _DAYS and box.text and isinstance(doubt := self._typed(box, box.text), Misread):
                return _wrong(box, doubt.words)  # a day as no type writes it: nobody knows what is meant
            return FieldReading(box, box.shown)
        value = self._typed(box, box.text)
        if isinstance(value, Misread):
            return _wrong(box, value.words)
        text = box.text if box.reads in {"text", "json"} else drawn(value, box.reads, self.habits)
        as_drawn = text if is_ambiguous(text, box.reads, self.habits) else None
        return FieldReading(_edited(replace(box, text=text, as_drawn=as_drawn), value), value)

    def _typed(self, box: TextBox, text: str) -> Any:
        """Return the value that was typed, or what is wrong with it."""
        if not text.strip() and (box.reads != "text" or not text):
            return _nothing(box)
        found: Any
        match box.reads:
            case "text":
                wrong = text_misfit(box.schema, text)
                found = Misread(wrong) if wrong else text
            case "integer" | "number" | "decimal":
                found = self._number(box, text)
            case "date":
                found = read_day(text, self.habits)
            case "datetime":
                with_zone = isinstance(box.shown, str) and has_zone(box.shown)
                found = read_moment(text, self.habits, with_zone=with_zone)
            case "time":
                found = read_clock(text)
            case "duration":
                found = read_duration(text)
            case "json":
                found = _json(text)
        return found

    def _number(self, box: TextBox, text: str) -> Any:
        is_as_drawn = box.as_drawn is not None and is_same_text(text, box.as_drawn)
        found = as_written(text) if is_as_drawn else read_numeral(text, self.habits)
        if isinstance(found, Misread):
            return found
        if not is_numeral(found):
            return Misread(say("forms.number.unread"))
        wrong = number_misfit(box.schema, found)
        if wrong:
            return Misread(wrong)
        return found if box.reads == "decimal" else _exact_number(found, whole=box.reads == "integer")

    def _choice(self, choice: ChoiceField) -> FieldReading:
        values = [each.value for each in choice.options if each.token in choice.chosen]
        if choice.is_many:
            if not choice.is_sent:
                return _wrong(choice, say("forms.unsent"))
            if isinstance(choice.shown, list) and _same_set(values, choice.shown):
                return FieldReading(choice, choice.shown)
            wrong = rows_misfit(choice.schema, len(values))
            return _wrong(choice, wrong) if wrong else FieldReading(_edited(choice, values), values)
        if not values:
            return _wrong(choice, say("forms.not_a_choice" if choice.is_sent else "forms.choose_one"))
        return FieldReading(_edited(choice, values[0]), values[0])

    def _group(self, group: GroupField) -> FieldReading:
        found = [self.of(each) for each in group.fields]
        rest = None if group.rest is None else self.of(group.rest)
        fields = tuple(each.field for each in found)
        if group.is_tuple:
            placed = {each.field.path[-1]: each.value for each in found}
            return FieldReading(replace(group, fields=fields), [placed[index] for index in range(len(found))])
        value = {each.field.path[-1]: each.value for each in found if each.value is not MISSING}
        if rest is not None and isinstance(rest.value, Mapping):
            value = {**rest.value, **value}
        return FieldReading(replace(group, fields=fields, rest=None if rest is None else rest.field), value)

    def _list(self, one: ListField) -> FieldReading:
        rows: list[FormRow] = []
        entries: dict[str, Any] = {}
        values: list[Any] = []
        for row in one.rows:
            found = self.of(row.field)
            values.append(found.value)
            entry = None if row.entry is None else self._entry(row.entry, entries)
            if entry is not None:
                entries[str(entry.value)] = found.value
            rows.append(replace(row, field=found.field, entry=None if entry is None else entry.field))
        made = replace(one, rows=tuple(rows))
        if one.is_mapping:
            return FieldReading(made, entries)
        wrong = rows_misfit(one.schema, len(values))
        return _wrong(made, wrong) if wrong else FieldReading(made, values)

    def _entry(self, key: AnyField, taken: Mapping[str, Any]) -> FieldReading:
        found = self.of(key)
        if not found.field.problem and str(found.value) in taken:
            return _wrong(found.field, say("forms.same_key", entry=cut(str(found.value))))
        return found

    def _variant(self, one: VariantField) -> FieldReading:
        if one.chosen is None:
            return _wrong(one, say("forms.choose_one"))
        if one.chosen == NULL:
            return FieldReading(_edited(one, None), None)
        if one.chosen == OMITTED or one.field is None:
            return FieldReading(one, MISSING)
        if one.is_fresh:
            return _wrong(one, say("forms.fill_in"))
        found = self.of(one.field)
        return FieldReading(replace(one, field=found.field), found.value)


def _is_unanswered(box: TextBox) -> bool:
    """Return whether nothing is drawn because there is nothing, where there must be something."""
    return box.shown is None and not box.nullable and box.reads != "json"


def _nothing(box: TextBox) -> Any:
    """Return what an empty box stands for."""
    if box.omittable and box.was_absent:
        return MISSING
    if box.nullable:
        return None
    if box.omittable and not (box.reads == "text" and isinstance(box.original, str)):
        return MISSING
    if box.reads == "text":
        wrong = text_misfit(box.schema, "")
        return Misread(wrong) if wrong else ""
    default = default_of(box.schema)
    if default is MISSING:
        return Misread(say("forms.required"))
    return Misread(say("forms.required.default", default=cut(text_of(default))))


def _exact_number(text: str, *, whole: bool) -> Any:
    if text.lstrip("-").isdecimal():
        return int(text)
    if whole:
        return Misread(say("forms.number.whole"))
    value = float(text)
    if not math.isfinite(value) or Decimal(repr(value)) != Decimal(text):
        return Misread(say("forms.number.digits", nearest=repr(value)))
    return value


def _json(text: str) -> Any:
    try:
        value = from_json(text)
        lossy = _first_lossy(text)
    except InvalidJson as error:
        return Misread(say("forms.json.unread", reason=str(error).removeprefix("it is not JSON: ")))
    return value if lossy is None else Misread(say("forms.number.digits", nearest=repr(float(lossy))))


def _first_lossy(text: str) -> str | None:
    """Return the first number of a JSON text that has more digits than are kept."""
    lossy: list[str] = []

    def seen(digits: str) -> float:
        value = float(digits)
        if Decimal(repr(value)) != Decimal(digits):
            lossy.append(digits)
        return value

    json.loads(text, parse_float=seen)
    return lossy[0] if lossy else None


def _same_set(one: Iterable[Any], other: Iterable[Any]) -> bool:
    return sorted(map(json.dumps, one)) == sorted(map(json.dumps, other))


def _wrong(one: AnyField, words: str) -> FieldReading:
    return FieldReading(replace(one, problem=words), MISSING)


def _edited(one: AnyField, value: object) -> AnyField:
    """Return a field marked as edited if its value is another than it was."""
    if one.original is MISSING or same(value, one.original):
        return one
    return replace(one, mark=replace(one.mark, state="edited"))
