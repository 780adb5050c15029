"""Numbers and amounts of money found in a source however they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from handrail_guards.verdict import Span

# What a currency sign or code may mean; two signs agree when their meanings overlap.
_CURRENCIES = {
    "$": frozenset({"USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN", "MYR"}),
    "US$": frozenset({"USD"}),
    "S$": frozenset({"SGD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
    "RS": frozenset({"INR", "PKR", "LKR"}),
    "RM": frozenset({"MYR"}),
    "KR": frozenset({"SEK", "NOK", "DKK"}),
    "ZŁ": frozenset({"PLN"}),
    "₺": frozenset({"TRY"}),
    "₩": frozenset({"KRW"}),
    "R$": frozenset({"BRL"}),
}
_CODES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|LKR|"
    "MXN|MYR|NGN|NOK|NZD|PHP|PKR|PLN|RON|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)

_SIGN = rf"US\$|S\$|R\$|[$€£¥₹₺₩]|(?:RM|Rs|kr|zł|{_CODES})(?![^\W\d_])"
_DIGITS = (
    r"\d{1,3}(?P<by>[,.'’\u00a0\u202f ])\d{3}(?:(?P=by)\d{3})*(?:\s?[.,]\d+)?"
    r"|\d+(?:\s?[.,]\s?\d{2}(?!\d)|[.,]\d+)?|[.,]\d+"
)
# The sign after a number is looked at and not taken: in "RM1.36 RM22.65" it is the next number's.
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<minus>[-−–])?(?P<gap>\s)?(?:(?<![^\W\d_])(?P<before>{_SIGN})\.?\s?)?(?P<minus2>[-−–])?"
    rf"(?(before)|(?<![^\W_]))(?<!\d[.,:/-])(?P<digits>{_DIGITS})(?!\d)(?![.,:/-]\d)"
    rf"(?P<percent>\s?%)?(?:(?=[^\S\n]?(?P<after>{_SIGN})))?"
    rf"(?:(?:[^\S\n]?(?:{_SIGN}))?(?:(?P<close>\))|(?P<minus3>-(?!\w))))?",
    re.IGNORECASE,
)
_CURRENCY = re.compile(rf"(?<![^\W\d_])(?:{_SIGN})", re.IGNORECASE)
_TOKEN = re.compile(r"[^ ]+")


@dataclass(frozen=True, slots=True)
class Number:
    """One number as it stands in a text."""

    span: Span
    written: frozenset[str]
    """Its possible readings with digits as written, such as ``1234.50``: no separators, no sign."""
    signs: frozenset[int]
    """1, or -1 where it carries a minus or stands in brackets; both where a dash may only separate: ``Total - 5``."""
    percent: bool
    currencies: frozenset[str] | None
    """What its currency sign may mean; None: it has none."""

    @property
    def negative(self) -> bool:
        """Whether it has a minus: what a text means that is this number and nothing else."""
        return -1 in self.signs

    def values(self) -> frozenset[Decimal]:
        """Return the numbers it may stand for, without sign; a percentage also as a share of one."""
        plain = frozenset(Decimal(text) for text in self.written)
        return plain | frozenset(each / 100 for each in plain) if self.percent else plain


def read_number(text: str) -> Number | None:
    """Return the number a text is, or None when it is more or less than one number."""
    stripped = text.strip()
    match = _NUMBER.match(stripped)
    if match is None or stripped[match.end() :].strip().upper() not in {"", (match["after"] or "").upper()}:
        return None
    return _number(match)


def find_numbers(source: str) -> Iterator[Number]:
    """Yield every number of a text that is not part of a date, a time, a word or a longer number.

    A plain space may stand between thousands or between two numbers: ``QTY 2 120.00`` is 2,120 and also 2 and 120.
    """
    for match in _NUMBER.finditer(source):
        following = source[match.end() : match.end() + 1]
        if following.isalnum() and not match["after"] and "." not in match["digits"] and "," not in match["digits"]:
            continue  # 12B is a house number; 8.20SR is a price with a tax code
        yield _number(match)
        if match["by"] == " ":
            yield from _apart(match)


def find_number(value: Decimal, source: str, *, currencies: frozenset[str] | None = None) -> Iterator[Span]:
    """Yield where a number of that value stands; a currency, when given, must not contradict the one written."""
    wanted = abs(value)
    sign = -1 if value < 0 else 1
    for number in find_numbers(source):
        if sign not in number.signs and value:
            continue
        if wanted in number.values() and _agree(currencies, number.currencies):
            yield number.span


def find_written_number(wanted: Number, source: str) -> Iterator[Span]:
    """Yield where a number with the same digits stands: ``1,007.50`` is ``1007.50``, but not ``1007.5``."""
    for number in find_numbers(source):
        if not wanted.signs & number.signs:
            continue
        if wanted.written & number.written and _agree(wanted.currencies, number.currencies):
            yield number.span


def find_currency(value: str, source: str) -> Iterator[Span]:
    """Yield where a sign or code stands that may mean the same currency: ``EUR`` is ``€``."""
    wanted = _meanings(value.strip())
    for match in _CURRENCY.finditer(source):
        if wanted & _meanings(match[0]):
            yield Span(*match.span())


def is_currency(value: str) -> bool:
    """Return whether a text is a currency's sign or code and nothing else."""
    return _CURRENCY.fullmatch(value.strip()) is not None


def _agree(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or other is None or bool(one & other)


def _number(match: re.Match[str]) -> Number:
    sign = match["before"] or match["after"]
    start, end = match.span("digits")
    return Number(
        span=Span(start, end),
        written=_readings(match["digits"]),
        signs=_signs(match),
        percent=match["percent"] is not None,
        currencies=_meanings(sign) if sign else None,
    )


def _signs(match: re.Match[str]) -> frozenset[int]:
    """Return whether a number is positive, negative, or may be either."""
    if match["minus2"] or match["minus3"] or (match["open"] and match["close"]):
        return frozenset({-1})
    if match["minus"]:
        return frozenset({-1, 1}) if match["gap"] else frozenset({-1})
    return frozenset({1})


def _apart(match: re.Match[str]) -> Iterator[Number]:
    """Yield the numbers that digits are when plain spaces in them separate numbers: every run of neighbours."""
    whole = _number(match)
    tokens = [(token.start(), token.end()) for token in _TOKEN.finditer(match["digits"])]
    offset = match.start("digits")
    for first in range(len(tokens)):
        for last in range(first, len(tokens)):
            if (first, last) == (0, len(tokens) - 1):
                continue
            start, end = tokens[first][0], tokens[last][1]
            # Only what stands beside the sign or the currency has it.
            signs = whole.signs if first == 0 or match["minus3"] or match["close"] else frozenset({1})
            yield Number(
                span=Span(offset + start, offset + end),
                written=_readings(match["digits"][start:end]),
                signs=signs | (frozenset({1}) if first else frozenset()),
                percent=whole.percent and last == len(tokens) - 1,
                currencies=None,
            )


def _meanings(sign: str) -> frozenset[str]:
    """Return what a currency sign may mean."""
    upper = sign.upper()
    return _CURRENCIES.get(upper, frozenset({upper}))


def _readings(digits: str) -> frozenset[str]:
    """Return the ways to read digits with separators: ``1,234`` is 1234, and 1.234 where a comma is decimal."""
    compact = re.sub(r"\s?([.,])\s?(?=\d{1,2}$)", r"\1", digits)
    marks = [mark for mark in compact if not mark.isdigit()]
    if not marks:
        return frozenset({compact})
    last = marks[-1]
    whole, _, decimals = compact.rpartition(last)
    as_decimal = (re.sub(r"\D", "", whole) or "0") + "." + decimals
    as_thousands = re.sub(r"\D", "", compact)
    if last not in ".,":
        return frozenset({as_thousands})
    if len(set(marks)) > 1:  # two kinds of marks: the last one is the decimal mark
        return frozenset({as_decimal})
    if len(marks) > 1:
        return frozenset({as_thousands})
    if len(decimals) != 3 or whole.startswith("0"):  # thousands come in threes
        return frozenset({as_decimal})
    return frozenset({as_decimal, as_thousands})
