"""Words and letters behind a number that say how many times it counts: ``1.5 million``, ``2 Mio.``, ``3k``."""

from decimal import Decimal

_ONE = Decimal(1)
_WORDS: dict[str, tuple[int, ...]] = {
    "thousand": (3,),
    "tsd": (3,),
    "tausend": (3,),
    "mille": (3,),
    "lakh": (5,),
    "lakhs": (5,),
    "lac": (5,),
    "mio": (6,),
    "mill": (6,),
    "million": (6,),
    "millions": (6,),
    "millionen": (6,),
    "millones": (6,),
    "milioni": (6,),
    "miljoen": (6,),
    "crore": (7,),
    "crores": (7,),
    "mrd": (9,),
    "milliard": (9,),
    "milliards": (9,),
    "milliarden": (9,),
    "miljard": (9,),
    "miliardi": (9,),
    "bn": (9,),
    "billion": (9, 12),  # a thousand millions in English, a million millions elsewhere
    "billions": (9, 12),
    "billionen": (12,),
}
LETTERS = {"k": 3, "m": 6, "b": 9}
"""Letters that may be a scale, and may be a unit, a tax code or part of a word."""

_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
SCALE = rf"[ \u00a0\u202f]?(?:{_WORD})\.?(?![^\W_])|[kmb](?![^\W_])"
"""The pattern of a scale behind a number."""


def scales_of(written: str) -> frozenset[Decimal]:
    """Return what a number may be multiplied by, given what stands behind it."""
    word = written.strip().rstrip(".").casefold()
    if not word:
        return frozenset({_ONE})
    if word in LETTERS:
        return frozenset({_ONE, _ONE.scaleb(LETTERS[word])})
    return frozenset(_ONE.scaleb(zeros) for zeros in _WORDS[word])
