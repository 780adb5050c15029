"""Texts as the numbers of word pieces, as BERT reads them (Devlin and others, 2019), lower case."""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

LONGEST_WORD = 100
"""A longer run of letters is one unknown piece."""
UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))
"""Each of these stands as a word of its own."""


class WordPieces:
    """Cuts texts into the longest pieces that a vocabulary knows."""

    def __init__(self, numbers: Mapping[str, int], *, most: int) -> None:
        """Take the number of each piece, and the most pieces of a text that are read, its two borders included.

        Raises:
            ValueError: a piece that marks a border or an unknown word is missing.
        """
        missing = [piece for piece in (UNKNOWN, BEGIN, END) if piece not in numbers]
        if missing:
            raise ValueError(f"its vocabulary has no piece {missing[0]!r}")
        self._numbers = numbers
        self._most = most

    @classmethod
    def of(cls, vocabulary: Path, *, most: int) -> "WordPieces":
        """Return the pieces of a file with one a line.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no vocabulary of this kind.
        """
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        return cls({line.rstrip("\r"): number for number, line in enumerate(lines) if line}, most=most)

    def read(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces between its borders."""
        found = [self._numbers[BEGIN]]
        for word in _words(text):
            if len(found) >= self._most - 1:
                break
            found.extend(self._pieces(word))
        return [*found[: self._most - 1], self._numbers[END]]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self._numbers[UNKNOWN]]
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if number is not None:
                    break
            else:
                return [self._numbers[UNKNOWN]]
            found.append(number)
            start = end
        return found


def _words(text: str) -> Iterator[str]:
    """Give the words and signs of a text, lower case and without accents."""
    plain = "".join(_spaced(each) for each in text)
    for word in plain.split():
        bare = "".join(
            each for each in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(each) != "Mn"
        )
        start = 0
        for place, each in enumerate(bare):
            if _is_sign(each):
                if start < place:
                    yield bare[start:place]
                yield each
                start = place + 1
        if start < len(bare):
            yield bare[start:]


def _spaced(character: str) -> str:
    """Return a character, with spaces around an ideograph, and control characters left out."""
    code = ord(character)
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    if code in {0, 0xFFFD} or unicodedata.category(character).startswith("C"):
        return ""
    return f" {character} " if any(first <= code <= last for first, last in IDEOGRAPHS) else character


def _is_sign(character: str) -> bool:
    code = ord(character)
    return (
        33 <= code <= 47
        or 58 <= code <= 64
        or 91 <= code <= 96
        or 123 <= code <= 126
        or (unicodedata.category(character).startswith("P"))
    )
