"""Which texts resemble another one: an index in memory over words that few texts have."""

import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from math import log, sqrt
from typing import NamedTuple

MOST_WORDS = 96
"""Words of a text that are looked at: what a text is about stands at its beginning."""
STEM = 4
"""Characters that a longer word is also known by, so that ``billed`` finds ``billing``."""
MOST_LOOKED_AT = 4_000
"""Entries of the index that one search goes through, those of the rarest words first."""
MOST_OF_A_WORD = 1_000
"""Entries of one word that a search goes through, the newest."""
CANDIDATES = 12
"""Texts that are compared in full."""


class Near(NamedTuple):
    """A text that shares words with another."""

    key: int
    shared: float
    """The weight of the words that they share."""


class _Half:
    """Texts by their words, up to a number of them."""

    def __init__(self) -> None:
        self.keys = array("q")
        self.sizes = array("H")
        self.slots: dict[int, array[int]] = {}

    def add(self, key: int, words: frozenset[int]) -> None:
        slot = len(self.keys)
        self.keys.append(key)
        self.sizes.append(min(len(words), 0xFFFF))
        for word in words:
            found = self.slots.get(word)
            if found is None:
                self.slots[word] = array("I", (slot,))
            else:
                found.append(slot)


class LikenessIndex:
    """The newest texts of several groups, found by the words that they share with another.

    Between half and all of ``most`` texts are kept: when the newer half is full, the older one is dropped.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._half_size = max(1, most // 2)
        self._older = _Half()
        self._newer = _Half()

    def __len__(self) -> int:
        """Return how many texts it knows."""
        return len(self._older.keys) + len(self._newer.keys)

    @staticmethod
    def words(group: str, text: str) -> frozenset[int]:
        """Return what a text of a group is known by."""
        own = hash(group)
        return frozenset(hash((own, word)) & 0x3FFF_FFFF for word in words_of(text))

    def add(self, key: int, words: frozenset[int]) -> None:
        """Add a text by its words."""
        if len(self._newer.keys) >= self._half_size:
            self._older, self._newer = self._newer, _Half()
        self._newer.add(key, words)

    def near(self, group: str, text: str, *, but: int | None = None) -> list[Near]:
        """Return the texts of a group that share most with this one, nearest first; not the one with the key ``but``.

        A word that many texts have says little: it counts by how rare it is, and the commonest are not looked at.
        """
        found: dict[int, float] = {}
        sizes: dict[int, int] = {}
        left = MOST_LOOKED_AT
        for weight, half, slots in sorted(self._postings(self.words(group, text)), key=_rarest):
            newest = slots[-min(left, MOST_OF_A_WORD) :] if left else slots[:0]
            left -= len(newest)
            for slot in newest:
                key = half.keys[slot]
                found[key] = found.get(key, 0.0) + weight
                sizes[key] = half.sizes[slot]
        near = [Near(key, shared / sqrt(sizes[key] + 1)) for key, shared in found.items() if key != but]
        return nsmallest(CANDIDATES, near, key=lambda each: (-each.shared, -each.key))

    def _postings(self, words: Iterable[int]) -> Iterator[tuple[float, _Half, "array[int]"]]:
        total = len(self) + 1
        for word in words:
            inside = [(half, half.slots[word]) for half in (self._newer, self._older) if word in half.slots]
            known = sum(len(slots) for _, slots in inside)
            weight = log(total / known) + 0.1 if known else 0.0
            for half, slots in inside:
                yield weight, half, slots


def likeness(one: str, other: str) -> float:
    """Return how much of what is said in one text is said in the other, 0 to 1; rare words are as good as others."""
    first, second = frozenset(words_of(one)), frozenset(words_of(other))
    if not first or not second:
        return 0.0
    return len(first & second) / sqrt(len(first) * len(second))


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text, and the beginnings of the longer ones; case and accents do not count."""
    plain = unicodedata.normalize("NFKD", text[: MOST_WORDS * 24]).casefold()
    spaced = "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))
    for number, word in enumerate(spaced.split()):
        if number >= MOST_WORDS:
            return
        yield word
        if len(word) > STEM:
            yield f"{word[:STEM]}-"


def _rarest(posting: tuple[float, _Half, "array[int]"]) -> int:
    return len(posting[2])
