"""Short codes that stand for labels on the wire, chosen so that none can be taken for another label."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

LETTERS = "ABCDEFGHIJKLMNOPQRST"
DIGITS = "123456789"
"""One token each in every tokenizer seen, so that one position of the answer holds the whole distribution."""

_WORD = re.compile(r"[^\W_]+")


def codes_for(labels: Sequence[str]) -> Mapping[str, str]:
    """Return the label by its code: letters, or digits where a letter is (a word of) another label, or none at all.

    None where there are too many labels, or where a digit is another label's too: then labels are asked for by name.
    """
    for alphabet in (LETTERS, DIGITS):
        codes = dict(zip(alphabet, labels, strict=False))
        if len(labels) <= len(alphabet) and not crosses(codes):
            return codes
    return {}


def crosses(codes: Mapping[str, str]) -> bool:
    """Return whether the code of one label can be read as another label, or as a word of it (``plan B``)."""
    known = {code.casefold(): label for code, label in codes.items()}
    return any(known.get(word, label) != label for label in codes.values() for word in _words(label))


def _words(label: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", label).casefold())
