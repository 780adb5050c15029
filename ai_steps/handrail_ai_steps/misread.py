"""What pydantic reads from JSON that does not say it: a number from true, true from 1, a day from a number of seconds.

A schema that is enforced lets a model write neither. Where none is, ``{"due": 0}`` would be the first of January 1970,
and ``"2024"`` a moment of that day. A text that says a number as JSON writes it, or true or false, says what it means.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from handrail_ai_steps.strict_json import parts, read_json
from handrail_guards.numbers import is_taken_for_truth

if TYPE_CHECKING:
    from pydantic import ValidationError

_NUMBERS = frozenset({"int_type", "float_type", "enum"})
"""The last one: of an ``IntEnum`` a text is no member to a strict look, and else it is."""
_TIMES = {"date_type": "date", "datetime_type": "time", "time_type": "time of day", "time_delta_type": "duration"}
_FORMATS = frozenset({"date", "date-time", "time", "duration"})
_WRITTEN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TAKEN = re.compile(r"\s*[+-]?[0-9_]+(?:[.][0-9_]*)?(?:[eE][+-]?[0-9_]+)?\s*")
"""What pydantic takes for a number, and more."""
_PLAIN = re.compile(r"[+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A decimal number in a text; Python takes ``1_000``, spaces around it and the digits of other scripts as well."""
_TRUTHS = frozenset({"true", "false"})
_DIGITS = re.compile(r"[+-]?(?=[.]?[0-9])[0-9]*[.]?[0-9]*")
_MOST_SECONDS = 2e10
"""A number above it counts milliseconds, as pydantic has it."""
_SAME_SECONDS = 0.001


def has_times(schema: object) -> bool:
    """Return whether a type with this JSON Schema holds dates, times or durations."""
    if isinstance(schema, list | tuple):
        return any(map(has_times, schema))
    if not isinstance(schema, dict):
        return False
    return schema.get("format") in _FORMATS or any(map(has_times, schema.values()))


def of_another_type(error: "ValidationError") -> str:
    """Return what is misread, of all that a strict look at an answer found; empty: nothing."""
    found = []
    for each in error.errors(include_url=False, include_context=False):
        given, where = each["input"], ".".join(map(str, each["loc"])) or "the answer"
        if each["type"] in _NUMBERS and isinstance(given, bool):
            found.append(f"{where}: {str(given).lower()} is no number")
        elif each["type"] in _NUMBERS and isinstance(given, str) and _is_odd_number(given):
            found.append(f"{where}: the text is no number as JSON has it; write it without quotes, such as 1000.5")
        elif each["type"] == "bool_type" and is_taken_for_truth(given):
            found.append(f"{where}: {json.dumps(given)} is no truth value; write true or false")
        elif each["type"] in _TIMES and isinstance(given, int | float) and not isinstance(given, bool):
            found.append(f"{where}: a number is no {_TIMES[each['type']]}; write it as a text, such as 2024-04-03")
    return "; ".join(dict.fromkeys(found))


def written_as_text(error: "ValidationError") -> list[str]:
    """Return where a number or a truth value is written as a text, of all that a strict look at an answer found."""
    return [
        ".".join(map(str, each["loc"])) or "the answer"
        for each in error.errors(include_url=False, include_context=False)
        if isinstance(given := each["input"], str)
        and (
            (each["type"] in _NUMBERS and _WRITTEN.fullmatch(given))
            or (each["type"] == "bool_type" and given.lower() in _TRUTHS)
        )
    ]


def _is_odd_number(text: str) -> bool:
    """Return whether a text would be read as a number that it does not write as JSON does."""
    return bool(_TAKEN.fullmatch(text)) and not _WRITTEN.fullmatch(text)


def odd_decimal(given: Callable[[], object], value: object) -> str:
    """Return what is wrong with a ``Decimal`` of a value, given as a text with more than digits in it, or "".

    What was given is asked for where there is one.
    """
    found = list(_leaves(value))
    numbers = {each for each in found if type(each) is Decimal}
    if not numbers:
        return ""
    kept = {each for each in found if isinstance(each, str)}
    odd = [
        each for each in _leaves(given()) if isinstance(each, str) and not _PLAIN.fullmatch(each) and each not in kept
    ]
    for each in odd:
        if any(number in numbers for number in _as_decimal(each)):
            return f"the text {json.dumps(each)} is no plain number; write it without quotes, such as 1000.5"
    return ""


def _as_decimal(text: str) -> Iterator[Decimal]:
    try:
        yield Decimal(text)
    except ArithmeticError:
        return


def counted_from_1970(text: str, value: object) -> str:
    """Return what is wrong with a time that was read from a text of digits, as seconds since 1970; empty: nothing."""
    texts = [each for each in _leaves(read_json(text)) if isinstance(each, str) and _DIGITS.fullmatch(each)]
    counted = [moment for each in texts for moment in _moment(float(each))]
    if counted:
        for found in _leaves(value):
            if isinstance(found, date) and any(_is_same(found, moment) for moment in counted):
                return f"{found} was written as a number; write it as a text, such as 2024-04-03"
    return ""


def _moment(number: float) -> Iterator[datetime]:
    try:
        yield datetime.fromtimestamp(number if abs(number) <= _MOST_SECONDS else number / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return


def _is_same(found: date, moment: datetime) -> bool:
    if not isinstance(found, datetime):
        return datetime(found.year, found.month, found.day, tzinfo=UTC) == moment
    return found.utcoffset() is not None and abs((found - moment).total_seconds()) < _SAME_SECONDS


def _leaves(value: object) -> Iterator[object]:
    left = [value]
    while left:
        each = left.pop()
        yield each
        left.extend(parts(each))
