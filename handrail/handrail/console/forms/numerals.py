"""Numbers as people write them: with a decimal comma or point, with thousands set apart in any of the usual ways."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from handrail.console.forms.habits import Misread, TypingHabits
from handrail.console.words import say

LONGEST = 1000
"""Characters of a number; Python itself reads a few thousand digits at most."""

_MINUS: Final = str.maketrans({"−": "-", "–": "-"})
"""A real minus, and what word processors make of one."""
_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"’": "'"})
_WRITTEN = re.compile(r"(?P<sign>[+-]?)\s?(?P<digits>[\d.,' ]*\d[.,]?)(?P<power>[eE][+-]?\d{1,6})?", re.ASCII)
_GROUPS: Final = (",", ".", " ", "'")


def read_numeral(text: str, habits: TypingHabits) -> str | Misread:
    """Return a number as JSON and Python write it, such as ``207.50`` for ``207,50``: no digit is lost or added."""
    plain = text.translate(_MINUS).translate(_SPACES).strip()
    plain = "".join(str(unicodedata.decimal(each, each)) for each in plain)
    match = _WRITTEN.fullmatch(plain)
    if match is None or len(plain) > LONGEST:
        return Misread(say("forms.number.unread"))
    found = dict.fromkeys(_readings(match["digits"]))
    if habits.decimal and len(found) > 1:
        found = {each: None for each in found if each[0] in {habits.decimal, None} and _fits(each, found, habits)}
    texts = [_finished(match["sign"], digits, match["power"] or "") for _, digits in found]
    match texts:
        case []:
            return Misread(say("forms.number.unread"))
        case [only]:
            return only
        case _:
            one, other = max(texts, key=Decimal), min(texts, key=Decimal)
            return Misread(say("forms.number.two", one=one, other=other))


def is_numeral(text: str) -> bool:
    """Return whether a text is a number as JSON and Python write it."""
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def as_written(text: str) -> str:
    """Return a number that is already written as JSON and Python write it: a point is decimal."""
    found = read_numeral(text, TypingHabits(decimal="."))
    return text if isinstance(found, Misread) else found


def _fits(reading: tuple[str | None, str], found: dict[tuple[str | None, str], None], habits: TypingHabits) -> bool:
    """Return whether a reading is the one for who writes so: with that mark if there is such a reading."""
    marked = any(mark == habits.decimal for mark, _ in found)
    return reading[0] == habits.decimal if marked else reading[0] is None


def _readings(digits: str) -> Iterator[tuple[str | None, str]]:
    """Yield the decimal mark and the digits of each way to read a number; no mark for a whole one."""
    if digits.isdecimal():
        yield None, digits
        return
    for mark in (".", ","):
        if digits.count(mark) == 1:
            whole, _, rest = digits.partition(mark)
            if (rest.isdecimal() or (not rest and whole)) and (not whole or whole.isdecimal() or _grouped(whole)):
                yield mark, f"{_only_digits(whole) or '0'}{'.' if rest else ''}{rest}"
    if _grouped(digits):
        yield None, _only_digits(digits)


def _grouped(digits: str) -> bool:
    """Return whether thousands are set apart by one kind of mark: 1,234,567, or 12,34,567 as in India."""
    marks = set(digits) - set("0123456789")
    if len(marks) != 1 or not marks <= set(_GROUPS):
        return False
    first, *middle, last = digits.split(marks.pop())
    by_three = all(len(each) == 3 for each in middle) and 1 <= len(first) <= 3
    by_two = all(len(each) == 2 for each in middle) and 1 <= len(first) <= 2
    return len(last) == 3 and (by_three or by_two) and not first.startswith("0")


def _only_digits(text: str) -> str:
    return "".join(each for each in text if each.isdecimal())


def _finished(sign: str, digits: str, power: str) -> str:
    whole, point, rest = digits.partition(".")
    return f"{'-' if sign == '-' else ''}{whole.lstrip('0') or '0'}{point}{rest}{power.upper()}"
