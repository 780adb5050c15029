"""What a schema allows of a text, a number or a list, checked on what was typed and said in words."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any

from jsonschema_rs import validator_for

from handrail.console.forms.labels import cut
from handrail.console.forms.schemas import Schema
from handrail.console.words import say


def text_misfit(schema: Schema, text: str) -> str:
    """Return why a text does not fit; empty if it does."""
    return next(_text(schema, text), "")


def number_misfit(schema: Schema, text: str) -> str:
    """Return why a number, written as text, does not fit its bounds; empty if it does."""
    return next(_bounds(schema, Decimal(text)), "")


def rows_misfit(schema: Schema, count: int) -> str:
    """Return why so many rows do not fit; empty if they do."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    if isinstance(least, int) and count < least:
        return say("forms.more_rows", bound=least)
    if isinstance(most, int) and count > most:
        return say("forms.fewer_rows", bound=most)
    return ""


def _text(schema: Schema, value: str) -> Iterator[str]:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if isinstance(least, int) and len(value) < least:
        yield say("forms.longer", bound=least, length=len(value)) if value else say("forms.required")
    if isinstance(most, int) and len(value) > most:
        yield say("forms.shorter", bound=most, length=len(value))
    if isinstance(pattern, str) and not _matches(pattern, value):
        yield say("forms.pattern", pattern=cut(pattern))
    form = schema.get("format")
    if isinstance(form, str) and not _is_formatted(form)(value):
        yield say("forms.format", format=cut(form))


@lru_cache(maxsize=64)
def _is_formatted(form: str) -> Callable[[str], bool]:
    """Return what tells whether a text is of a format, such as ``uuid``; what no standard knows takes any text."""
    try:
        return validator_for({"format": form}, validate_formats=True).is_valid
    except ValueError:
        return lambda _: True


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True  # the judge of the whole answer says what is wrong with it


def _bounds(schema: Schema, value: Decimal) -> Iterator[str]:
    for key, words, fits in (
        ("minimum", "forms.at_least", lambda bound: value >= bound),
        ("maximum", "forms.at_most", lambda bound: value <= bound),
        ("exclusiveMinimum", "forms.more_than", lambda bound: value > bound),
        ("exclusiveMaximum", "forms.less_than", lambda bound: value < bound),
        ("multipleOf", "forms.multiple", lambda bound: _is_multiple(value, bound)),
    ):
        bound = _number(schema.get(key))
        if bound is not None and not fits(bound):
            yield say(words, bound=_plain(bound))


def _is_multiple(value: Decimal, of: Decimal) -> bool:
    try:
        return not of or value % of == 0
    except DecimalException:
        return True  # too large to tell; the judge of the whole answer decides


def _number(bound: Any) -> Decimal | None:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return None
    return Decimal(repr(bound))


def _plain(bound: Decimal) -> str:
    text = str(bound)
    return text.removesuffix(".0")
