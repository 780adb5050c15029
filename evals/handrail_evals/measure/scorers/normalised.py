"""Right when the text is the same, whatever the way it is written."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

from handrail_evals.errors import DataError, InvalidValue
from handrail_evals.measure.fingerprint import jsonable
from handrail_evals.measure.scorer import AnyAnswer
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import Number, read_number

# Punctuation with a meaning stays: # % & @ +, a mark between two digits, and a minus or point before a number.
_SIGN = re.compile(r"(?:[^\w\s#%&@+]|_)(?<!\d[.,:/-](?=\d))(?<!(?<!\w)[-.](?=[\d.]))")

_ACCENT = re.compile(r"[\u0300-\u036f]")  # and no other mark: in Thai, Hindi or Japanese they make another letter

_VANISHING = frozenset(".'’‘`")  # don't is dont, Ltd. is Ltd; every other sign separates words, as white space does


def same_amount(text: str, expected: str) -> bool | None:
    """Return whether two texts are the same amount; None when one of them is no amount.

    ``RM 1,234.50`` is ``1234.5``: one may lack the currency, but two must agree. Where both could be read in two ways
    (``1,234``, ``1.234``) they must be written alike.
    """
    found, wanted = read_number(text), read_number(expected)
    if found is None or wanted is None:
        return None
    if found.currencies and wanted.currencies and not found.currencies & wanted.currencies:
        return False
    if len(found.written) > 1 and len(wanted.written) > 1 and found.written == wanted.written:
        return digits_of(found, text) == digits_of(wanted, expected) and amounts(found) == amounts(wanted)
    return bool(amounts(found) & amounts(wanted))


def digits_of(number: Number, text: str) -> str:
    """Return a number's digits with their separators, as they stand in the text that it is."""
    return text.strip()[number.span.start : number.span.end]


def amounts(number: Number) -> frozenset[Decimal]:
    """Return what a number may be, with its sign; a percentage as a share of one."""
    unit = Decimal("0.01") if number.percent else Decimal(1)
    sign = -1 if number.negative else 1
    return frozenset(sign * unit * Decimal(written) for written in number.written)


def same_day(text: str, expected: str) -> bool | None:
    """Return whether two texts are the same day; None when one of them is no date.

    A date like ``06/03/2018`` may be either of two days, and is right when one of them is expected; two such dates
    must have their numbers in the same order.
    """
    found, wanted = read_date(text), read_date(expected)
    if found is None or wanted is None:
        return None
    if found.order is not None and wanted.order is not None:
        return found.order == wanted.order
    return bool(found.readings & wanted.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """Compares texts whose differences of writing do not count; built by ``normalised``."""

    case: bool = False
    punctuation: bool = False
    accents: bool = True
    amounts: bool = False
    dates: bool = False
    name: str = "normalised"
    needs_expected: Literal[True] = True

    @property
    def version(self) -> str:
        """Return the kind and the settings."""
        settings = ("case", "punctuation", "accents", "amounts", "dates")
        return "normalised/1 " + " ".join(f"{each}={getattr(self, each)}" for each in settings)

    def compare(self, value: object, expected: object, /) -> float:
        """Return 1 when the texts are the same, else 0.

        Raises:
            InvalidValue: the expected value is no text, number or date.
        """
        if value is None or expected is None:
            return 1.0 if value is expected else 0.0
        text, right = text_of(value), text_of(expected)
        if right is None:
            raise InvalidValue(
                scorer=self.name,
                problem=f"the expected value is a {type(expected).__name__}, which is no text; use exact(),"
                " list_match(normalised()) or fields(others=normalised())",
            )
        if text is None:
            return 0.0
        return 1.0 if text == right or self._same(text, right) else 0.0

    def __call__(self, answer: AnyAnswer, /) -> bool:
        """Score an answer.

        Raises:
            InvalidValue: the expected value is no text, number or date.
        """
        return self.compare(answer.output, answer.expected) == 1.0

    def _same(self, text: str, expected: str) -> bool:
        read = self._read(text, expected) if self.amounts or self.dates else None
        return self.normal(text) == self.normal(expected) if read is None else read

    def _read(self, text: str, expected: str) -> bool | None:
        """Return whether two texts are the same day or amount, None when they are not both one."""
        read = same_day(text, expected) if self.dates else None
        return same_amount(text, expected) if read is None and self.amounts else read

    def normal(self, text: str) -> str:
        """Return a text without the differences that do not count."""
        text = unicodedata.normalize("NFKC", text)
        if not self.case:
            text = text.casefold()
        if not self.accents and not text.isascii():
            text = unicodedata.normalize("NFKC", _ACCENT.sub("", unicodedata.normalize("NFKD", text)))
        if not self.punctuation and not text.isalnum():
            text = _SIGN.sub(unpunctuated, text.replace("−", "-"))
        return " ".join(text.split())


def normalised(
    *,
    case: bool = False,
    punctuation: bool = False,
    accents: bool = True,
    amounts: bool = False,
    dates: bool = False,
    name: str = "normalised",
) -> Normalised:
    """Score 1 when two texts are the same but for Unicode form, width and white space, else 0.

    ``case``, ``punctuation`` and ``accents`` say whether such differences count. Punctuation with a meaning always
    does: 1.5 is not 15, -5 is not 5, C# is not C. With ``amounts`` a text that is one number is compared as a number
    (``RM 1,234.50`` is ``1234.5``; not for identifiers, as ``007`` is ``7``), with ``dates`` one that is a date as a
    day (``3 Mar 2018`` is ``2018-03-03``). Numbers and dates are compared by their text.
    """
    return Normalised(case=case, punctuation=punctuation, accents=accents, amounts=amounts, dates=dates, name=name)


def text_of(value: object) -> str | None:
    """Return a text, or a number or date as JSON writes it; None for what has parts."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    try:
        data = jsonable(value, where="the value")
    except DataError:
        return None
    if isinstance(data, bool):
        return "true" if data else "false"
    return str(data) if isinstance(data, str | int | float) else None


def unpunctuated(found: re.Match[str]) -> str:
    """Return what a sign is without punctuation: itself, when it is a symbol such as ``$`` or a combining mark."""
    sign = found[0]
    if sign in _VANISHING:
        return ""
    return " " if unicodedata.category(sign)[0] == "P" else sign
