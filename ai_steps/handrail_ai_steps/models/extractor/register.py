"""The issuers that a model has met: the numbers that they print, and what their fields of text were.

It suggests and explains, and is one more thing that is measured of a candidate; it never changes a value.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from handrail_ai_steps.models.extractor.sheet import Floats, PieceSheet

SHORTEST_MARK = 6
MOST_MARKS = 60
"""So many numbers of a document are looked up, from its top."""
WIDTH = 6
"""How many columns ``known`` has."""
ALIKE = 0.8
ALMOST_AS_LONG = 0.35
"""Texts whose lengths differ by more are not compared."""

_MARK = re.compile(r"\d[\d\s-]{4,}\d")
_BETWEEN = re.compile(r"[\s-]")


def marks_of(sheet: PieceSheet) -> tuple[int, ...]:
    """Return the hashes of the long numbers of a document: of its registration, tax, telephone, and many others."""
    marks: dict[int, None] = {}
    for piece in sheet.pieces:
        for match in _MARK.finditer(piece.text):
            digits = _BETWEEN.sub("", match[0])
            if len(digits) >= SHORTEST_MARK:
                marks.setdefault(_hash(digits))
        if len(marks) >= MOST_MARKS:
            break
    return tuple(marks)


def _hash(digits: str) -> int:
    return int.from_bytes(hashlib.blake2b(digits.encode(), digest_size=7).digest(), "big")


@dataclass(frozen=True, slots=True)
class Met:
    """What one field was in the documents that were learned from."""

    texts: Mapping[str, str]
    """By key the text as it was met most often."""
    counts: Mapping[str, int]
    """By key in how many documents."""
    by_mark: Mapping[int, Mapping[str, int]]
    """By number in how many documents with it the value was of which key."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a field was where a number of the document was met before."""

    key: str
    support: float
    """Share of the documents with the number, with one more that says otherwise."""
    documents: int


NONE_MET = Met({}, {}, {})


@dataclass(slots=True)
class Collecting:
    """What is met of one field, document by document."""

    texts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_mark: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, marks: Sequence[int], key: str, text: str) -> None:
        """Take what the field is in one document."""
        self.texts[key][text] += 1
        for mark in marks:
            self.by_mark[mark][key] += 1

    def met(self) -> Met:
        """Return what was met."""
        texts = {key: max(each, key=lambda text: (each[text], text)) for key, each in self.texts.items()}
        counts = {key: each.total() for key, each in self.texts.items()}
        return Met(texts, counts, self.by_mark)


def suggestions(met: Met, marks: Sequence[int], without: str | None = None) -> list[Suggestion]:
    """Return what the field may be by the document's numbers, the best supported first.

    ``without`` is the key that the document itself was met with: while fitting, it must not vouch for itself.
    """
    best: dict[str, Suggestion] = {}
    for mark in marks:
        found = met.by_mark.get(mark)
        if found is None:
            continue
        total = sum(found.values()) - (without is not None and without in found)
        for key, with_it in found.items():
            count = with_it - (key == without)
            if count <= 0:
                continue
            support = count / (total + 1)
            if key not in best or support > best[key].support:
                best[key] = Suggestion(key, support, count)
    return sorted(best.values(), key=lambda each: (-each.support, each.key))


def known_table(met: Met, keys: Sequence[str], marks: Sequence[int], without: str | None = None) -> Floats:
    """Return for each candidate how well the register knows its value."""
    table = np.zeros((len(keys), WIDTH), np.float32)
    count = np.array([met.counts.get(key, 0) - (key == without) for key in keys], np.float64)
    table[:, 0] = count > 0
    table[:, 1] = np.log1p(np.maximum(count, 0))
    said = suggestions(met, marks, without)
    if not said:
        return table
    top = said[0]
    supports = {each.key: each.support for each in said}
    support = np.array([supports.get(key, 0.0) for key in keys])
    table[:, 2] = support
    table[:, 3] = top.support - support
    runs, longer = runs_of_key(top.key), ALMOST_AS_LONG * len(top.key)
    as_long = {key for key in keys if abs(len(key) - len(top.key)) <= longer}
    likeness = {key: alike(key, top.key, runs) for key in as_long}
    near = np.array([likeness.get(key, 0.0) for key in keys])
    table[:, 4] = top.support * near
    table[:, 5] = top.support * np.maximum(0.0, near - ALIKE)
    return table


Runs: TypeAlias = frozenset[tuple[str, ...]]


def runs_of_key(key: str) -> Runs:
    """Return the runs of three letters or digits of a key."""
    return frozenset(zip(key, key[1:], key[2:], strict=False)) or frozenset({(key,)})


def alike(key: str, other: str, runs: Runs) -> float:
    """Return how much two keys have in common, 0 to 1 (Dice); ``runs`` are those of the other."""
    if key == other:
        return 1.0
    mine = runs_of_key(key)
    return 2 * len(mine & runs) / (len(mine) + len(runs))
