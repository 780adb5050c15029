"""Finding the field of a form that a problem belongs to, by the path in the answer."""

from collections.abc import Mapping
from dataclasses import replace

from handrail.console.forms.fields import (
    AnyField,
    ChoiceField,
    FixedField,
    GroupField,
    ListField,
    TextBox,
    VariantField,
)
from handrail.console.forms.names import Path


def nearest(one: AnyField, path: Path) -> AnyField:
    """Return the field of a path, or the one around it if it has none of its own."""
    match one:
        case VariantField():
            return one if one.field is None else nearest(one.field, path)
        case GroupField():
            inside = next((each for each in one.fields if _leads(each, path)), None)
            if inside is not None:
                return nearest(inside, path)
            found = one if one.rest is None else nearest(one.rest, path)
            return one if found is one.rest else found
        case ListField():
            inside = next((row.field for row in one.rows if _leads(row.field, path)), None)
            return one if inside is None else nearest(inside, path)
        case TextBox() | ChoiceField() | FixedField():
            return one


def with_problems(one: AnyField, said: Mapping[str, tuple[AnyField, str]]) -> AnyField:
    """Return a field with the problems said of it and of the fields inside, by name; one that it has stays."""
    known = said.get(one.name)
    if known is not None and known[0] is one and not one.problem:
        one = replace(one, problem=known[1])
    match one:
        case VariantField():
            return one if one.field is None else replace(one, field=with_problems(one.field, said))
        case GroupField():
            fields = tuple(with_problems(each, said) for each in one.fields)
            rest = None if one.rest is None else with_problems(one.rest, said)
            return replace(one, fields=fields, rest=rest)
        case ListField():
            return replace(one, rows=tuple(replace(row, field=with_problems(row.field, said)) for row in one.rows))
        case TextBox() | ChoiceField() | FixedField():
            return one


def _leads(one: AnyField, path: Path) -> bool:
    return path[: len(one.path)] == one.path
