"""Whether the text of a page is language, numbers or codes, or what a font without a table of characters gives.

Three kinds of garbled text are seen: characters that stand for nothing (private use, controls, U+FFFD), text that is
moved by a constant (``Freitag`` as ``)UHLWDJ``), and letters that are exchanged for others. Short lists, codes and
numbers have no frequent words either: without evidence that it is another text in disguise, a text is believed.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import Final

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.frequent_words import FREQUENT

MOST_LOST: Final = 0.1
"""Of a page's characters: with more that stand for nothing, nobody knows what it says."""
LEAST_LOST: Final = 5
"""Characters that stand for nothing: fewer are bullets and signs."""
MOST_TOKENS: Final = 150
"""Words of a page that are looked at more closely."""
LANGUAGE: Final = 0.04
"""Of the words: where as many are frequent ones, it is language."""
DISGUISED: Final = 0.08
"""Of the words: where as many are frequent ones after undoing a shift, it was shifted."""
LEAST_WEIGHT: Final = 6
"""Of the different frequent words that undoing a shift brings to light; a word weighs its letters less two."""
ODD_SHARE: Final = 0.3
"""Of the words: where as many have signs between their letters, the letters are signs."""
PASSAGE: Final = 25
"""Words that are looked at together."""
FEWEST_VOWELS: Final = 0.22
"""Of the letters of a passage: language has more."""
MOST_RARE: Final = 0.4
"""Of the letters: no language has as many with marks beyond those of Western Europe."""
MOST_SIGNS: Final = 0.08
"""Of the characters: language has fewer signs other than full stops, commas and hyphens."""
LEAST_WORDS: Final = 40
"""Different words that a text must have before its letters are judged."""
AS_IN_LANGUAGE: Final = 0.055
"""How unevenly language uses its letters: the sum of their squared shares; 0.038 is even."""
UNLIKE_ANY: Final = 0.2
"""Of 1: how the use of letters goes with that of European languages. No language that is written with them is below."""
LIKE_LANGUAGE: Final = 0.55
"""Of 1: source code is above, because its names are language."""
LEAST_ALPHABET: Final = 15
"""Different letters that a text must have before they are judged: codes have fewer."""
LONGEST_WORD: Final = 24
"""Longer ones are addresses of the web and keys."""

_LOST = re.compile("[\\x00-\\x01\\x03-\\x08\\x0e-\\x1f\\x7f-\\x9f\\ufffd\\ue000-\\uf8ff\\U000f0000-\\U0010fffd]")
_MISREAD = re.compile("[\u00c2\u00c3][\x80-\xbf]|\u00e2(?:\u201a\u00ac|\u20ac[\u2122\u0153\u201c\u201d\x80-\xbf])")
"""UTF-8 that was read as Latin-1 or Windows-1252."""
_RARE = re.compile("[\u0100-\u024f]")
"""Latin letters with marks beyond those of Western Europe: a language has a few of them, and a glyph's number any."""
_APART = re.compile("[\\s\\x00-\\x1f]+")
_ODD = re.compile(r"(?<=[^\W\d_])[\"#$%&()*+<=>?\[\\\]^`{|}~;!]+(?=[^\W\d_])")
_ODD_SIGNS: Final = b'!"#$%&*+;<=>?@[\\]^_`{|}~'
_SIGN = re.compile(r"[!\"#$%&'()*+/:;<=>?@\[\\\]^_`{|}~]")
_NUMBER = re.compile(r"[\d.,:;/%()+*\u20ac$£x-]+")
_WORD = re.compile(r"[^\W\d_]{3,}")

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_USUAL: Final = dict(
    zip(
        "eanirtsodluhcmpgbfvkwzyjxq",
        (
            14,
            8,
            8,
            7.5,
            6.6,
            6.5,
            6.4,
            6,
            4.4,
            4.4,
            4,
            3.2,
            3.1,
            2.8,
            2.4,
            2.1,
            1.6,
            1.5,
            1.4,
            1.3,
            1.1,
            1,
            1,
            0.4,
            0.3,
            0.3,
        ),
        strict=True,
    )
)
"""How often letters are used in European languages, of 100."""


def garbled(text: str) -> str:
    """Return why the text of a page is garbled, or nothing."""
    lost = _lost(text)
    if lost:
        hint = _shifted(_some([each for each in _APART.split(text) if each]))
        return f"{lost}; {hint}" if hint else lost
    return _misread(text) or _mixed(text) or _disguised(text)


def garbled_note(page: int, why: str) -> DocumentNote:
    """Return what is to be said about a page whose text is garbled.

    The text stays as it is, so that people see what the file says; nothing that is read from it is accepted.
    """
    message = f"the text of the page does not say what it shows: {why}; have its picture read (ocr=)"
    return DocumentNote(code="garbled_text", message=message, page=page)


def _lost(text: str) -> str:
    """Say so if much of it stands for nothing."""
    if text.replace("\n", " ").replace("\t", " ").isprintable() and "\ufffd" not in text:
        return ""  # as nearly every page; it takes a tenth of the time
    lost = _LOST.findall(text)
    if len(lost) < LEAST_LOST:
        return ""
    seen = sum(not each.isspace() for each in text)
    kinds = Counter("U+FFFD" if each == "\ufffd" else _CATEGORIES[unicodedata.category(each)] for each in lost)
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    if len(lost) > MOST_LOST * seen:
        return f"{len(lost):,} of its {seen:,} characters stand for nothing ({told})"
    tokens = text.split()
    gone = [each for each in tokens if len(each) >= 3 and len(_LOST.findall(each)) * 2 > len(each)]
    if len(gone) >= LEAST_LOST and len(gone) > MOST_LOST / 2 * len(tokens):
        return f"{len(gone):,} of its {len(tokens):,} words are of characters that stand for nothing ({told})"
    return ""


_CATEGORIES: Final = {"Cc": "controls", "Co": "of private use", "Cn": "without a meaning", "So": "signs"}


def _misread(text: str) -> str:
    found = [] if text.isascii() else _MISREAD.findall(text)
    if len(found) >= 3:
        return f"it is written in UTF-8 and was read as something else ({len(found):,} times, such as {found[0]!r})"
    return ""


def _mixed(text: str) -> str:
    """Say so if most letters are ones of which any language has a few."""
    found = [] if text.isascii() else _RARE.findall(text)
    letters = sum(map(str.isalpha, text)) if len(found) >= LEAST_WORDS else 0
    if letters and len(found) > MOST_RARE * letters and len(set(found)) >= LEAST_ALPHABET / 2:
        return f"{len(found):,} of its {letters:,} letters are such as any language has a few of"
    return ""


def _disguised(text: str) -> str:
    """Say so if it becomes language by undoing a shift, or has letters as language has, but others."""
    plain = text.lower().split()
    is_language = sum(map(FREQUENT.__contains__, plain)) > LANGUAGE * len(plain)
    if is_language:
        odd_signs, signs = _count(text, _ODD_SIGNS), _count(text, b"'(/:)")
        has_signs = odd_signs + signs > MOST_SIGNS * len(text)
        has_signs = has_signs or (odd_signs >= LEAST_WORDS / 2 and len(_ODD.findall(text)) >= LEAST_WORDS / 2)
        strange = list(_strange(plain, text))
        if not has_signs and not strange:
            return ""  # as nearly every page
        shifted = _shifted(_some(strange)) if strange else ""
        if shifted or not has_signs:
            return shifted
    tokens = [each for each in _APART.split(text) if each and not _NUMBER.fullmatch(each)]
    odd = [each for each in tokens if _is_odd(each)]
    if is_language or sum(_plain(each) in FREQUENT for each in tokens) > LANGUAGE * len(tokens):
        if len(odd) < max(LEAST_WORDS / 2, DISGUISED * len(tokens)):
            return ""
        tokens = odd  # one font of the page may be garbled, and the others not
    return _shifted(_some(tokens)) or _exchanged(tokens, odd)


def _count(text: str, signs: bytes) -> int:
    """Return how often signs of ASCII are in a text."""
    data = text.encode(errors="replace")
    return len(data) - len(data.translate(None, signs))


def _strange(plain: Sequence[str], text: str) -> Iterator[str]:
    """Yield the words of passages that have no frequent word and hardly a vowel, of a page that is language else."""
    for start in range(0, len(plain), PASSAGE):
        passage = plain[start : start + PASSAGE]
        if FREQUENT.isdisjoint(passage):
            letters = "".join(passage)
            vowels = sum(map(letters.count, "aeiouy"))
            if letters.isascii() and vowels < FEWEST_VOWELS * sum(map(letters.count, _LETTERS)):
                yield from text.split()[start : start + PASSAGE]


def _some(tokens: Sequence[str]) -> Sequence[str]:
    return tokens[:: max(1, len(tokens) // MOST_TOKENS)]


def _is_odd(token: str) -> bool:
    """Return whether a word has signs where only letters are, or many different ones."""
    return len(token) <= LONGEST_WORD and (bool(_ODD.search(token)) or len(set(_SIGN.findall(token))) >= 3)


def _shifted(tokens: Sequence[str]) -> str:
    """Say so if moving every character by the same number, or turning the alphabet, brings frequent words to light."""
    best: tuple[int, list[str], int] = 0, [], 0
    for shift in _shifts(tokens):
        words = [word for each in tokens for word in _moved(each, shift).split()]  # blanks may be moved, too
        found = _found(words)
        if len(found) > len(best[1]):
            best = -shift, found, len(words)
    by, found, count = best
    if _is_evidence(found, count):
        return f"its characters are moved by {by} (moved back they say: {_longest(found)})"
    for turn in range(1, 26):
        turned = _LETTERS[turn:] + _LETTERS[:turn]
        table = str.maketrans(_LETTERS + _LETTERS.upper(), turned + turned.upper())
        found = _found([each.translate(table) for each in tokens])
        if _is_evidence(found, len(tokens)):
            return f"its letters are exchanged for others (turned by {turn} they say: {_longest(found)})"
    return ""


def _found(words: Iterable[str]) -> list[str]:
    return [word for each in words if (word := _plain(each)) in FREQUENT]


def _is_evidence(found: Sequence[str], count: int) -> bool:
    return len(found) >= DISGUISED * count and sum(len(each) - 2 for each in set(found)) >= LEAST_WEIGHT


def _longest(found: Iterable[str]) -> str:
    return ", ".join(sorted(set(found), key=lambda word: (-len(word), word))[:3])


def _shifts(tokens: Sequence[str]) -> Iterable[int]:
    """Return the shifts that make frequent characters frequent letters; all of them for a short text."""
    if len(tokens) <= 60:
        found = set(range(-95, 96))
    else:
        common = [each for each, _ in Counter("".join(tokens)).most_common(4)]
        found = {ord(letter) - ord(each) for each in common for letter in "eainrts"}
    return sorted(found - {0, 32, -32})  # 32 makes capitals small


def _moved(token: str, shift: int) -> str:
    return "".join(chr(ord(each) + shift) for each in token if 0x20 <= ord(each) + shift < 0xD800)


def _exchanged(tokens: Sequence[str], odd: Sequence[str]) -> str:
    """Say so if letters are used as unevenly as in language, but others than there; or if signs are the letters."""
    found = (word for each in tokens if len(each) <= LONGEST_WORD for word in _WORD.findall(_folded(each)))
    words = {word for word in found if word.isascii()}
    counts = Counter("".join(words))
    total = max(1, counts.total())
    likeness = _likeness(counts)
    if len(odd) > ODD_SHARE * len(tokens) and len(odd) >= LEAST_WORDS / 2 and likeness < LIKE_LANGUAGE:
        return f"{len(odd):,} of its {len(tokens):,} words have signs where letters would be"
    evenness = sum((count / total) ** 2 for count in counts.values())
    if len(words) < max(LEAST_WORDS, len(tokens) / 10) or len(counts) < LEAST_ALPHABET:
        return ""
    if evenness > AS_IN_LANGUAGE and likeness < UNLIKE_ANY:
        return "its letters are used as in language, but others than in any: they are exchanged"
    return ""


def _likeness(counts: Counter[str]) -> float:
    """Return how the use of letters goes with the usual one: 1 is alike, 0 has nothing in common."""
    total = max(1, counts.total())
    here = [100 * counts[each] / total - 100 / 26 for each in _LETTERS]
    usual = [_USUAL[each] - 100 / 26 for each in _LETTERS]
    both = sum(a * b for a, b in zip(here, usual, strict=True))
    return both / (sqrt(sum(a * a for a in here) * sum(b * b for b in usual)) or 1.0)


def _plain(token: str) -> str:
    """Return a word without the signs around it, in lower case."""
    return token.strip("\"'.,:;!?()[]{}<>*-–—/„“”«»%#&+=_|").lower()


def _folded(token: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", token.lower()) if not unicodedata.combining(each))
