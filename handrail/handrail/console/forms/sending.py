"""What a browser sends of a form: the parts of each field, and what is carried along unseen."""

from collections.abc import Iterator
from typing import get_args

from handrail.console.forms.fields import (
    AnyField,
    ChoiceField,
    FixedField,
    GroupField,
    ListField,
    TextBox,
    VariantField,
    walk,
)
from handrail.console.forms.names import Aside, aside
from handrail.console.forms.posted import Posted


def parts_of(one: AnyField) -> Iterator[tuple[str, str]]:
    """Yield what is sent for a field alone, without the fields inside, if nothing is touched."""
    match one:
        case TextBox():
            yield one.name, one.text or ""
            if one.as_drawn is not None:
                yield aside(one.name, "as"), one.as_drawn
        case ChoiceField():
            if one.is_many:
                yield aside(one.name, "sent"), "1"
            yield from ((one.name, token) for token in one.chosen)
            if not one.is_short and not one.chosen:
                yield one.name, ""
        case ListField():
            yield aside(one.name, "row"), ""
            yield from ((aside(one.name, "row"), row.key) for row in one.rows)
        case VariantField():
            if one.chosen is not None:
                yield aside(one.name, "is"), one.chosen
            yield aside(one.name, "of"), one.chosen or ""
        case FixedField() | GroupField():
            return


def carried_of(root: AnyField, posted: Posted) -> tuple[tuple[str, str], ...]:
    """Return what was sent for fields that are not in sight, because another kind is chosen now."""
    fields = list(walk(root))
    above = tuple(f"{each.name}{mark}" for each in fields if isinstance(each, VariantField) for mark in ".~")
    texts = {each.name for each in fields if isinstance(each, VariantField)}
    if not texts:
        return ()
    drawn = {each.name for each in fields if not isinstance(each, VariantField)}
    drawn |= {aside(each.name, what) for each in fields for what in get_args(Aside)}
    return tuple(
        (name, text) for name, text in posted.parts() if name not in drawn and (name in texts or name.startswith(above))
    )
