"""Words and letters behind a number that say how many times it counts: ``1.5 million``, ``2 Mio.``, ``3k``."""

from decimal import Decimal

_ONE = Decimal(1)
_WORDS: dict[str, tuple[int, ...]] = {
    "hundred": (2,),
    "thousand": (3,),
    "tsd": (3,),
    "tausend": (3,),
    "mille": (3,),
    "mil": (3, 6),  # thousands in Spanish and Portuguese, millions in careless English
    "tys": (3,),
    "тыс": (3,),
    "ribu": (3,),
    "rb": (3,),
    "lakh": (5,),
    "lakhs": (5,),
    "lac": (5,),
    "mio": (6,),
    "mill": (6,),
    "mln": (6,),
    "mn": (0, 6),  # millions, and in French minutes
    "млн": (6,),
    "milj": (6,),
    "miljoner": (6,),
    "millón": (6,),
    "milhão": (6,),
    "milhões": (6,),
    "juta": (6,),
    "jt": (6,),
    "million": (6,),
    "millions": (6,),
    "millionen": (6,),
    "millones": (6,),
    "milioni": (6,),
    "miljoen": (6,),
    "crore": (7,),
    "crores": (7,),
    "mrd": (9,),
    "mld": (9,),
    "mdr": (9,),
    "млрд": (9,),
    "bilhões": (9,),
    "milliard": (9,),
    "milliards": (9,),
    "milliarden": (9,),
    "miljard": (9,),
    "miliardi": (9,),
    "bn": (9,),
    "billion": (9, 12),  # a thousand millions in English, a million millions elsewhere
    "billions": (9, 12),
    "billionen": (12,),
    "trillion": (12, 18),
    "trillions": (12, 18),
}
LETTERS = {"k": 3, "m": 6, "b": 9}
"""Letters that may be a scale, and may be a unit, a tax code or part of a word."""

EAST_ASIAN = {"百": 2, "千": 3, "천": 3, "万": 4, "萬": 4, "만": 4, "億": 8, "亿": 8, "억": 8, "兆": 12, "조": 12}
"""Signs that stand at once behind a number, with a currency or anything else at once behind them."""

_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
SCALE = rf"[ \u00a0\u202f]?(?:{_WORD})\.?(?![^\W_])|[kmb](?![^\W_])|[ \u00a0]?[{''.join(EAST_ASIAN)}](?!\d)"
"""The pattern of a scale behind a number."""


def scales_of(written: str) -> frozenset[Decimal]:
    """Return what a number may be multiplied by, given what stands behind it."""
    word = written.strip().rstrip(".").casefold()
    if not word:
        return frozenset({_ONE})
    if word in LETTERS:
        return frozenset({_ONE, _ONE.scaleb(LETTERS[word])})
    if word in EAST_ASIAN:
        return frozenset({_ONE.scaleb(EAST_ASIAN[word])})
    return frozenset(_ONE.scaleb(zeros) for zeros in _WORDS[word])
