"""Numbers and amounts as they are written: every way to read their separators, their sign, their currency."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from handrail_guards.values.currencies import SIGN, meanings
from handrail_guards.values.digits import DECIMAL, THOUSANDS, UNSEEN, UNSPACED, with_plain_digits
from handrail_guards.values.scales import EAST_ASIAN, SCALE, scales_of
from handrail_guards.verdict import Span

_BLANK = "[ \u00a0\u202f\u2005-\u200a]"  # no tab: that is a column's end
_MARK = f"[.,{DECIMAL}]"
_DIGITS = (
    rf"\d{{1,3}}(?:(?P<by>{_BLANK})|{_BLANK}?(?P<mark>[,.'’‘`\u00b4\u02bc{THOUSANDS}]))\d{{3}}"
    rf"(?:(?(by)(?P=by)|{_BLANK}?(?P=mark))\d{{3}})*(?:{_BLANK}?{_MARK}\d+)?"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?"
    rf"|\d+(?:{_BLANK}?{_MARK}{_BLANK}?\d{{2}}(?!\d)|{_MARK}\d+)?|{_MARK}\d+"
)
_PERCENT = rf"{_BLANK}?(?:%|(?:percent|per cent|prozent|pour cent|por ciento|per cento|procent)(?![^\W_]))"
_MINUS_WORD = rf"(?<![^\W_])(?:minus|moins|menos|meno|negative|neg\.):?{_BLANK}"
_DASH = "[-–—―△▲]"
_GAP = r"(?:\r\n|[^\S\t])"  # a line may end between a sign and its number
_JOINS = f"ー{''.join(EAST_ASIAN)}"  # a dash in Japanese, and what 4万5千 goes on after
_ENDS_BEFORE = rf"(?<!\d[.,:/-])(?<![^\W_]_)(?<!\d[{UNSEEN}])"  # inside of INV_45 none begins
_ENDS_AFTER = (
    rf"(?!\d)(?![.,:/-]\d)(?!_[^\W_])(?![{UNSEEN}]+\d)"
    rf"(?!{_BLANK}\d{{1,2}}/\d{{1,2}}(?![\d/]))"  # 45 1/2 is more than 45
)
# The sign after a number is looked at and not taken: in "RM1.36 RM22.65" it is the next number's.
_NUMBER = re.compile(
    rf"(?P<credit_before>(?<![^\W_])CR[.:]?{_BLANK}?)?(?P<open>\({_BLANK}?)?(?P<word>{_MINUS_WORD})?"
    rf"(?P<minus>{_DASH})?(?P<gap>{_GAP})?"
    rf"(?:(?<![^\W\d_])(?P<before>{SIGN})\.?{_GAP}?(?P<open2>\({_BLANK}?)?)?(?P<minus2>{_DASH})?"
    rf"(?(before)|(?(credit_before)|(?:(?<![^\W_])|(?<=[{UNSPACED}])(?<![{_JOINS}])|(?<=[1-9]x)|(?<=\d0x)))){_ENDS_BEFORE}(?P<digits>{_DIGITS}){_ENDS_AFTER}"
    r"(?P<no_cents>[.,](?:--?|[–—])(?![^\W_]))?"
    rf"(?P<percent>{_PERCENT})?(?P<scale>{SCALE})?(?P<minus3>-(?={_BLANK}?(?:{SIGN})))?"
    rf"(?:(?={_BLANK}?\)?{_BLANK}?(?P<after>{SIGN})))?"
    rf"(?:(?:{_BLANK}?(?:{SIGN}))?(?:(?P<close>{_BLANK}?\))|(?P<minus4>-(?!\w))|(?P<minus5>{_BLANK}[-–—](?=[^\S\n]*(?:\n|\Z)))|(?(credit_before)(?!)|(?P<credit>{_BLANK}?CR)(?![^\W_]))"
    rf"|{_BLANK}?DR(?![^\W_])))?",
    re.IGNORECASE,
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_OF_A_DATE = "年月日号號時时分秒년월일시분초"
_LONG_DASHES = "—―"
_OF_THE_NEXT = re.compile(r"\.?[^\S\n\t]?[-–(]?\d")  # after a currency
_TOKEN = re.compile(r"\S+")
# Five digits and more, each apart from the next, as some printers set them: 1 2 3 4 . 5 0
_SET_APART = re.compile(rf"(?<!\S)\d(?:{_BLANK}\d){{1,15}}{_BLANK}?[.,]{_BLANK}?\d{_BLANK}\d(?!\S)")
_ONE_BLANK = re.compile(_BLANK)
_APART_FROM_MARK = re.compile(rf"{_BLANK}?({_MARK}){_BLANK}?(?=\d{{1,2}}$|\d{{3}})")
_MINUS_APART = re.compile(r"\s+-$")  # in a source it may stand between two numbers
_LONG_WORD = re.compile(r"[^\W\d_]{2,}")
_CRORE = Decimal(10_000_000)
_MOST_GROUPS = 7
"""Groups of digits with blanks between that may be one number; a longer row of them is a row of numbers."""


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
    """What its currency sign may mean; None: it has none; empty: one before it and one after it contradict."""
    sign_written: str = ""
    """The currency's sign, code or name as it is written."""
    scales: frozenset[Decimal] = frozenset({Decimal(1)})
    """What it may be multiplied by: ``1.5 million``; both 1 and that where a letter may be a unit: ``1.5M``."""
    joined: bool = False
    """Whether blanks stand between its digits, which may also separate numbers: ``2 120.00``."""

    @property
    def negative(self) -> bool:
        """Whether it has a minus: what a text means that is this number and nothing else."""
        return -1 in self.signs

    def plain(self) -> frozenset[Decimal]:
        """Return the numbers it may stand for, without sign; of a percentage the number before the sign."""
        return frozenset(_scaled(Decimal(text), scale) for text in self.written for scale in self.scales)

    def values(self) -> frozenset[Decimal]:
        """Return the numbers it may stand for, without sign; a percentage also as a share of one."""
        plain = self.plain()
        return plain | frozenset(each / 100 for each in plain) if self.percent else plain


def read_number(text: str) -> Number | None:
    """Return the number a text is, or None when it is more or less than one number."""
    stripped = _MINUS_APART.sub("-", with_plain_digits(text).strip().removeprefix("+"))
    match = _NUMBER.match(stripped)
    if match is not None and match["credit_before"] and _is_in_a_word(match, stripped):
        return None
    if match is None or stripped[match.end() :].strip().rstrip(".").upper() not in {"", _upper(match["after"])}:
        apart = _SET_APART.fullmatch(stripped)
        return _set_apart(apart) if apart else None
    return _number(match)


def find_numbers(source: str) -> Iterator[Number]:
    """Yield every number of a text that is not part of a date, a time, a word or a longer number.

    A plain space may stand between thousands or between two numbers: ``QTY 2 120.00`` is 2,120 and also 2 and 120.
    """
    plain = with_plain_digits(source)
    for match in _NUMBER.finditer(plain):
        if _is_in_a_word(match, plain):
            continue
        number = _number(match)
        if match["by"] == " ":
            yield from _apart(match, number)
        else:
            yield number
    yield from map(_set_apart, _SET_APART.finditer(plain))


def _upper(sign: str | None) -> str:
    return (sign or "").rstrip(".").upper()


def _is_in_a_word(match: re.Match[str], plain: str) -> bool:
    """Return whether a letter follows at once: 12B is a house number; 8.20SR is a price with a tax code."""
    has_mark = "." in match["digits"] or "," in match["digits"]
    if has_mark or match["after"]:
        return False
    if match["minus"] and not match["gap"] and _follows_a_word(match, "minus"):  # INV-45 is no -45
        return True
    if match["credit_before"] and not match["before"]:  # CR 45 may be a shelf
        return True
    end = match.end("digits")
    behind = plain[end : end + 1]
    if _UNSPACED.match(behind):
        return behind in _OF_A_DATE or (behind in EAST_ASIAN and not match["scale"])
    return behind.isalnum() and not (match["before"] and match["scale"])


def _follows_a_word(match: re.Match[str], group: str) -> bool:
    start = match.start(group)
    return match.string[max(0, start - 1) : start].isalnum()


def _number(match: re.Match[str]) -> Number:
    sign, may_mean = _currency(match)
    start, end = match.span("digits")
    digits = match["digits"]
    signs, scales = _signs(match), scales_of(match["scale"] or "")
    if match["credit"] and may_mean and "INR" in may_mean:  # Cr is crore in India, and a credit everywhere
        signs, scales = frozenset({-1, 1}), scales | {_CRORE}
    return Number(
        span=Span(start, end),
        written=_readings(digits),
        signs=signs,
        percent=match["percent"] is not None,
        currencies=may_mean,
        sign_written=sign,
        scales=scales,
        joined=_ONE_BLANK.search(digits) is not None,
    )


def _currency(match: re.Match[str]) -> tuple[str, frozenset[str] | None]:
    """Return a number's currency as it is written, and what that may mean.

    Of ``$12.00 CAD`` both count, and the one that says more is it. What another number follows at once is that one's.
    """
    signs = [sign for sign in (match["before"], match["after"]) if sign]
    if len(signs) == 2 and _OF_THE_NEXT.match(match.string, match.end("after")):
        signs.pop()
    if not signs:
        return "", None
    return min(signs, key=lambda sign: len(meanings(sign))), frozenset.intersection(*map(meanings, signs))


def _set_apart(match: re.Match[str]) -> Number:
    digits = _ONE_BLANK.sub("", match[0])
    return Number(Span(*match.span()), _readings(digits), frozenset({1}), percent=False, currencies=None, joined=True)


def _signs(match: re.Match[str]) -> frozenset[int]:
    """Return whether a number is positive, negative, or may be either."""
    if match["minus2"] or match["minus3"] or match["minus4"] or _is_credit(match) or _is_bracketed(match):
        return frozenset({-1, 1}) if _is_a_remark(match) else frozenset({-1})
    if match["word"]:  # "12 minus 5" takes a positive number away
        return frozenset({-1, 1}) if any(map(str.isdigit, _line_before(match))) else frozenset({-1})
    if match["minus"]:
        may_separate = match["gap"] or (match["minus"] in _LONG_DASHES and _follows_a_word(match, "minus"))
        return frozenset({-1, 1}) if may_separate else frozenset({-1})
    return frozenset({-1, 1}) if match["minus5"] else frozenset({1})  # behind it an empty column may stand


def _is_credit(match: re.Match[str]) -> bool:
    return bool(match["credit"] or match["credit_before"])


def _is_bracketed(match: re.Match[str]) -> bool:
    return bool((match["open"] or match["open2"]) and match["close"])


def _is_a_remark(match: re.Match[str]) -> bool:
    """Return whether brackets may only set an amount apart from a sentence: ``the tax in this fee (35,13 €)``."""
    if not (match["open"] and match["close"] and match["after"]):
        return False
    return len(_LONG_WORD.findall(_line_before(match))) >= 3


def _line_before(match: re.Match[str]) -> str:
    return match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]


def _apart(match: re.Match[str], whole: Number) -> Iterator[Number]:
    """Yield the numbers that digits are when plain spaces in them may separate numbers: every run of neighbours."""
    tokens = [(token.start(), token.end()) for token in _TOKEN.finditer(match["digits"])]
    offset = match.start("digits")
    negative_at_end = match["minus5"] or match["minus4"] or match["minus3"] or match["close"] or match["credit"]
    for first in range(len(tokens)):
        for last in range(first, min(len(tokens), first + _MOST_GROUPS)):
            if (first, last) == (0, len(tokens) - 1):
                continue
            start, end = tokens[first][0], tokens[last][1]
            # Only what stands beside the sign or the currency has it.
            signs = whole.signs if first == 0 or negative_at_end else frozenset({1})
            yield Number(
                span=Span(offset + start, offset + end),
                written=_readings(match["digits"][start:end]),
                signs=signs | (frozenset({1}) if first else frozenset()),
                percent=whole.percent and last == len(tokens) - 1,
                currencies=None,
                joined=last > first,
            )
    if len(tokens) <= _MOST_GROUPS:
        yield whole


def _scaled(number: Decimal, scale: Decimal) -> Decimal:
    """Return a number so many times, its digits as they are written where it is once."""
    return number if scale == 1 else number * scale


def _readings(digits: str) -> frozenset[str]:
    """Return the ways to read digits with separators: ``1,234`` is 1234, and 1.234 where a comma is decimal."""
    compact = digits if digits.isdigit() else _APART_FROM_MARK.sub(r"\1", digits)
    marks = [mark for mark in compact if not mark.isdigit()]
    if not marks:
        return frozenset({compact})
    last = marks[-1]
    whole, _, decimals = compact.rpartition(last)
    before = re.sub(r"\D", "", whole)
    as_decimal = (before or "0") + "." + decimals
    as_thousands = re.sub(r"\D", "", compact)
    if last == DECIMAL or len(set(marks)) > 1:  # of two kinds of marks the last one is the decimal mark
        return frozenset({as_decimal})
    if last not in ".,":
        return frozenset({as_thousands})
    if len(marks) > 1:
        return frozenset({as_thousands if len(decimals) == 3 else as_decimal})
    if len(decimals) != 3 or whole.startswith("0") or not 1 <= len(before) <= 3:  # thousands come in threes
        return frozenset({as_decimal})
    return frozenset({as_decimal, as_thousands})
