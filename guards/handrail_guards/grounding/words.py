"""Text found in a source whatever its white space, punctuation, letter case and line breaks."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from handrail_guards.values.digits import UNSEEN, UNSPACED
from handrail_guards.verdict import Span

# Of a script without spaces between words each character is a word.
_WORD = re.compile(rf"[&+]|[{UNSPACED}]|(?:[^\W_{UNSPACED}][\u0300-\u036f]*)+")

# Inside a compound such as S/B, 12-34, INV_7 or O'Hara nothing starts and nothing ends; nor where only what nobody
# sees, such as a soft hyphen, stands between digits.
_INSIDE_BEFORE = re.compile(rf"(?:[^\W_][/&'’@_]|\d[.,:-]|\d[{UNSEEN}]{{1,2}}|(?<![^\W_])[^\W_]-)\Z")
_INSIDE_AFTER = re.compile(rf"[/&'’@_][^\W_]|[.,:-]\d|[{UNSEEN}]+\d|-[^\W_](?![^\W_])")

# What a short word ends in is a part of it: A+ is not A, AA- not AA+, and C++ not C.
_SIGNS_BEHIND = re.compile(r"[^\W_]([+#]+|[-−–](?![^\W_]))?[^\w+#]*\Z")
_SIGNS_AFTER = re.compile(r"([+#]+|[-−–])?(?![^\W_])")
_SHORT = 3

# 5‰ is not 5%, however far the sign stands off.
_PART_BEHIND = re.compile(r"[^\W_]\s?([%‰‱])\W*\Z")
_PART_AFTER = re.compile(r"\s?([%‰‱])")
_THOUSANDTHS = frozenset("‰‱")

# v1.2 is not v12, as 1.2 is not 12. Of more digits than versions have, as of a telephone, points only set groups apart.
_POINT = "."
_FEWEST_SET_APART = 7

# x > 5 is not x < 5.
_RELATION = re.compile(r"[<>≤≥≠⩽⩾≦≧]=?|[!=]=")
_SIGNS = "<>≤≥≠⩽⩾≦≧=!"
_RELATIONS_BEFORE = re.compile(rf"(?:[{_SIGNS}]|[^\S\n])*\Z")
_RELATIONS_AFTER = re.compile(rf"(?:[{_SIGNS}]|[^\S\n])*")
_AS_ONE = str.maketrans("⩽⩾≦≧", "≤≥≤≥")
_FAR = 8

# A text that begins with one of these has lost what came before it.
_SEPARATORS = ",;:/&+"
_PHONE_START = re.compile(r"\+\d")


@dataclass(frozen=True, slots=True)
class Words:
    """A text as its words run together, with the way back to where they stand."""

    letters: str
    """The words run together: normalised, without case."""
    starts: dict[int, int]
    """From where a word starts in ``letters`` to where it starts in the text."""
    ends: dict[int, int]
    """From where a word ends in ``letters`` to where it ends in the text."""
    breaks: tuple[int, ...]
    """Where in ``letters`` a sign such as ``&`` keeps two words apart: ``B & EST`` is not ``BEST``."""
    joints: frozenset[int]
    """Where in ``letters`` more than blanks stands between two digits: ``INV-1-13`` is not ``INV-11-3``."""
    points: frozenset[int]
    """Those of them where nothing but a point does, and one digit at least stands by itself: ``v1.2``."""


def read_words(text: str) -> Words:
    """Return the words of a text."""
    pieces: list[str] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    breaks: list[int] = []
    joints: set[int] = set()
    points: set[int] = set()
    length = before = 0
    for match in _WORD.finditer(text):
        if match[0] in "&+":
            breaks.append(length)
            continue
        word = normalised(match[0])
        if pieces and word[:1].isdigit() and pieces[-1][-1:].isdigit():
            between = text[before : match.start()]
            if between.strip():
                joints.add(length)
            if between == _POINT and not (word[1:2].isdigit() and pieces[-1][-2:-1].isdigit()):
                points.add(length)
        before = match.end()
        pieces.append(word)
        starts[length] = match.start()
        length += len(word)
        ends[length] = match.end()
    return Words("".join(pieces), starts, ends, tuple(breaks), frozenset(joints), frozenset(points))


def normalised(word: str) -> str:
    """Return a word without differences of case, width and composition."""
    return word.casefold() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()


def find_text(value: str, source: str) -> Iterator[Span]:
    """Yield where a text stands in the source, in whole words: ``Main St`` is not in ``Main Street``."""
    wanted = read_words(value)
    length = len(wanted.letters)
    first = value.lstrip()
    if not length or (first[0] in _SEPARATORS and not _PHONE_START.match(first)):
        return
    words = _words_of(source)
    at = words.letters.find(wanted.letters)
    while at >= 0:
        start, end = words.starts.get(at), words.ends.get(at + length)
        apart = all(at + sign in words.starts for sign in wanted.breaks if 0 < sign < length)
        if (
            start is not None
            and end is not None
            and apart
            and _stands_alone(source, start, end)
            and _same_joints(wanted, words, at, length)
            and _same_points(wanted, words, at, length)
            and _same_signs(value, source, start, end)
            and _same_relations(value, source, start, end)
        ):
            yield Span(start, end)
        at = words.letters.find(wanted.letters, at + 1)


@lru_cache(maxsize=2)  # the fields of a record are looked for in one source, one after the other
def _words_of(source: str) -> Words:
    return read_words(source)


def _stands_alone(source: str, start: int, end: int) -> bool:
    """Return whether a range of whole words is not a piece of a compound."""
    return not _INSIDE_BEFORE.search(source[max(0, start - 3) : start]) and not _INSIDE_AFTER.match(source, end)


def _same_joints(wanted: Words, found: Words, at: int, length: int) -> bool:
    """Return whether two numbers with signs between their digits are not divided in different places.

    One of them may be divided less: ``DE89 3704`` is ``DE893704``, and ``030/1234`` is ``030 12 34``.
    """
    if not wanted.joints or found.joints.isdisjoint(range(at + 1, at + length)):
        return True
    theirs = {each - at for each in found.joints if at < each < at + length}
    others = {each - at for each in found.starts if at < each < at + length}
    return wanted.joints <= others or theirs <= wanted.starts.keys()


def _same_points(wanted: Words, found: Words, at: int, length: int) -> bool:
    """Return whether numbers with points in them, as versions have, have them in the same places."""
    if sum(map(str.isdigit, wanted.letters)) >= _FEWEST_SET_APART:
        return True
    return wanted.points == {each - at for each in found.points if at < each < at + length}


def _same_signs(value: str, source: str, start: int, end: int) -> bool:
    """Return whether a text and what was found for it end in the same plus, sharp or, of short words, minus."""
    part_behind, part_after = _PART_BEHIND.search(value), _PART_AFTER.match(source, end)
    parts = [each[1] if each else "" for each in (part_behind, part_after)]
    if parts[0] != parts[1] and not _THOUSANDTHS.isdisjoint(parts):
        return False
    behind, after = _SIGNS_BEHIND.search(value), _SIGNS_AFTER.match(source, end)
    mine = (behind[1] or "") if behind else ""
    theirs = (after[1] or "") if after else ""
    if end - start > _SHORT:
        mine, theirs = mine.strip("-−–"), theirs.strip("-−–")
    return mine.replace("−", "-").replace("–", "-") == theirs.replace("−", "-").replace("–", "-")


def _same_relations(value: str, source: str, start: int, end: int) -> bool:
    """Return whether what is compared with signs such as ``≥`` is compared so where it was found."""
    mine = _relations(value)
    if not mine:
        return True
    bare = value.strip()
    before = source[max(0, start - _FAR) : start] if bare[0] in _SIGNS else ""
    after = source[end : end + _FAR] if bare[-1] in _SIGNS else ""
    lead, tail = _RELATIONS_BEFORE.search(before), _RELATIONS_AFTER.match(after)
    return mine == _relations(f"{lead[0] if lead else ''}{source[start:end]}{tail[0] if tail else ''}")


def _relations(text: str) -> list[str]:
    found = (each.translate(_AS_ONE) for each in _RELATION.findall(text))
    return [{"<=": "≤", ">=": "≥", "!=": "≠"}.get(each, each) for each in found]
