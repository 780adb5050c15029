"""A text as the patterns read it: what nobody sees taken out, look-alikes as ASCII, with the way back to the text."""

import re
import unicodedata
from dataclasses import dataclass

from handrail_guards.values.digits import with_plain_digits

_UNSEEN = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff")
_DASH_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\u2010-\u2015\u2212](?=\d)")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text to search, and where each of its characters stands in the text that was given."""

    text: str
    places: tuple[int, ...] | range

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a range that is not empty stands in the text that was given."""
        return self.places[start], self.places[end - 1] + 1


def read_plain(text: str) -> Plain:
    """Return a text without zero-width characters and soft hyphens, with plain digits, blanks, letters and dashes.

    Full width, non-breaking blanks and the digits of other scripts hide nothing; a long dash is plain between digits
    only, as elsewhere it ends a word.
    """
    if text.isascii():
        return Plain(text, range(len(text)))
    places = tuple(at for at, char in enumerate(text) if char not in _UNSEEN)
    seen = "".join(_as_ascii(text[at]) for at in places)
    return Plain(_DASH_BETWEEN_DIGITS.sub("-", seen), places)


def _as_ascii(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKC", char)
    if not (len(plain) == 1 and plain.isascii()):
        plain = with_plain_digits(char)
        if plain == "-":  # a dash between words ends them
            return char
    if not plain.isascii() and char.isdecimal():
        return str(unicodedata.decimal(char))
    return plain
