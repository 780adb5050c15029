"""Texts as sparse rows of words and pieces, and the matrices that rows meet."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np
from scipy import sparse

from handrail_ai_steps.models.local.examples import MAX_CHARACTERS

STEPS = 127
PACKED_ROWS = 4096
"""Rows are rounded in blocks of this many, to bound the memory."""
LONGEST_CHUNK = 64
"""Only so much of a run without white space is cut into pieces: keys and addresses tell little past it."""
PIECE_SIZES = (2, 3, 4, 5)
CACHED_CHUNKS = 50_000
BLOCK = 1024
"""Texts are read in blocks of this many, to bound the memory."""

_WORD = re.compile(r"\w+|[^\w\s]")
_TELLING = re.compile(r"[^\W_]")
"""A letter or a digit: signs alone tell nothing."""

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
"""Single precision is enough for scores, and half the memory."""
Doubles: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

Targets: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
"""For each text the index of the label it should have had."""

Truths: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
"""For each text whether something holds."""

Scores = TypeVar("Scores", Floats, Doubles)


def softmax(scores: Scores) -> Scores:
    """Return one row of probabilities for each row of scores, in the precision of the scores."""
    raised: Scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix rounded to 127 steps either way, with one scale a row.

    The largest error of a number is 1/254 of the largest in its row: far below what moves a probability.
    """

    codes: np.ndarray[Any, np.dtype[np.int8]]
    scales: Floats
    """What one step is worth, for each row; 0 for a row of zeros."""

    @classmethod
    def of(cls, matrix: Floats) -> "Packed":
        """Return the matrix rounded."""
        largest = np.maximum(matrix.max(axis=1, initial=0), -matrix.min(axis=1, initial=0))
        scales = (largest / STEPS).astype(np.float32)
        steps = np.where(scales > 0, scales, 1).astype(np.float32)[:, np.newaxis]
        codes = np.empty(matrix.shape, np.int8)
        for start in range(0, len(matrix), PACKED_ROWS):
            block = slice(start, start + PACKED_ROWS)
            codes[block] = np.rint(matrix[block] / steps[block])
        return cls(codes, scales)

    def product(self, rows: sparse.csr_matrix) -> Floats:
        """Return ``rows @ matrix``, unpacking only what the rows touch: a short text is answered at once."""
        touched, columns = np.unique(rows.indices, return_inverse=True)
        narrow = sparse.csr_matrix((rows.data, columns, rows.indptr), shape=(rows.shape[0], len(touched)))
        unpacked = self.codes[touched] * self.scales[touched, np.newaxis]
        product: Floats = narrow @ unpacked
        return product


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as rows, and how much of each could be read."""

    rows: sparse.csr_matrix
    """One for each text; a text without any known word or piece is a row of zeros."""
    known: Floats
    """Share of a text's words and pieces that are known, 0 to 1, signs left aside; 0 for a text without a word."""


class Vectoriser:
    """Turns texts into rows of two views, words first and pieces after, each of length 1.

    The words view counts words and pairs of neighbours; the pieces view counts runs of 2 to 5 characters
    inside words with their borders, which sees through typing errors and endings.
    """

    def __init__(self, words: Sequence[str], pieces: Sequence[str], idf: Floats) -> None:
        self.words = tuple(words)
        self.pieces = tuple(pieces)
        self.idf = idf
        self._word_index = {word: index for index, word in enumerate(self.words)}
        self._piece_index = {piece: len(self.words) + index for index, piece in enumerate(self.pieces)}
        self._known_chunks: dict[str, tuple[int, ...]] = {}
        self._telling = np.array([bool(_TELLING.search(name)) for name in (*self.words, *self.pieces)], bool)

    @property
    def size(self) -> int:
        """The number of columns."""
        return len(self.words) + len(self.pieces)

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """The characters that it knows, accents apart from their letters; any other changes no column of a text."""
        return frozenset(unicodedata.normalize("NFKD", "".join((*self.words, *self.pieces))))

    @classmethod
    def fit(cls, texts: Sequence[str], *, at_least: int, at_most: int) -> "Vectoriser":
        """Return the vectoriser of these texts.

        Columns that occur in fewer than ``at_least`` texts are left out, and the rarest beyond ``at_most``.
        """
        words: Counter[str] = Counter()
        pieces: Counter[str] = Counter()
        for text in texts:
            read = _read(text)
            words.update(set(_words(read)))
            pieces.update({piece for chunk in set(read.split()) for piece in _pieces(chunk)})
        found = [(count, view, name) for view, seen in enumerate((words, pieces)) for name, count in seen.items()]
        found = [each for each in found if each[0] >= at_least]
        # The most frequent first; the name settles ties, so that the order of the texts does not matter.
        found.sort(key=lambda each: (-each[0], each[1], each[2]))
        kept = sorted(found[:at_most], key=lambda each: (each[1], each[2]))
        counts = np.array([count for count, _, _ in kept], dtype=np.float64)
        return cls(
            [name for _, view, name in kept if view == 0],
            [name for _, view, name in kept if view == 1],
            (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32),
        )

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return one row for each text; a text without any known word or piece is a row of zeros."""
        return self.read(texts).rows

    def read(self, texts: Sequence[str]) -> Read:
        """Return the texts as rows, with the share of each that is known."""
        blocks = [self._block(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
        if len(blocks) == 1:
            return blocks[0]
        rows = sparse.vstack([block.rows for block in blocks], format="csr")
        return Read(rows, np.concatenate([block.known for block in blocks]))

    def _block(self, texts: Sequence[str]) -> Read:
        get = self._word_index.get
        indices: list[int] = []
        ends = [0]
        there: list[int] = []
        for text in texts:
            read = _read(text)
            words = list(_words(read))
            chunks = read.split()
            indices.extend(index for word in words if (index := get(word)) is not None)
            for chunk in chunks:
                indices.extend(self._chunk(chunk))
            ends.append(len(indices))
            there.append(
                sum(1 for word in words if _TELLING.search(word))
                + sum(_count_of_pieces(len(chunk)) for chunk in chunks if _TELLING.search(chunk))
            )
        counts = np.ones(len(indices), np.float32)
        found = np.array(indices, np.int32)
        bounds = np.array(ends, np.int32)
        telling = np.concatenate([[0], np.cumsum(self._telling[found])])[bounds]
        shape = (len(texts), self.size)
        matrix = sparse.csr_matrix((counts, found, bounds), shape=shape)
        matrix.sum_duplicates()
        matrix.data = (1 + np.log(matrix.data)) * self.idf[matrix.indices]
        self._scale_views(matrix)
        return Read(matrix, (np.diff(telling) / np.maximum(there, 1)).astype(np.float32))

    def _chunk(self, chunk: str) -> tuple[int, ...]:
        known = self._known_chunks.get(chunk)
        if known is None:
            get = self._piece_index.get
            known = tuple(index for piece in _pieces(chunk) if (index := get(piece)) is not None)
            if len(self._known_chunks) >= CACHED_CHUNKS:
                self._known_chunks.clear()
            self._known_chunks[chunk] = known
        return known

    def _scale_views(self, matrix: sparse.csr_matrix) -> None:
        """Give the words and the pieces of each row the length 1, in place."""
        row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        group = 2 * row_of + (matrix.indices >= len(self.words))
        squares = np.bincount(group, weights=matrix.data**2, minlength=2 * matrix.shape[0])
        matrix.data = (matrix.data / np.sqrt(squares[group])).astype(np.float32)


def _read(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()


def _words(read: str) -> Iterator[str]:
    """Give the words and signs of a text, and each pair of neighbours."""
    found = _WORD.findall(read)
    yield from found
    for first, second in pairwise(found):
        yield f"{first} {second}"


def _pieces(chunk: str) -> Iterator[str]:
    """Give the runs of characters of a chunk with its borders; a short chunk gives itself once."""
    bordered = f" {chunk[:LONGEST_CHUNK]} "
    for size in PIECE_SIZES:
        if size >= len(bordered):
            yield bordered
            return
        for start in range(len(bordered) - size + 1):
            yield bordered[start : start + size]


def _count_of_pieces(characters: int) -> int:
    """Return how many pieces a chunk of so many characters has."""
    bordered = min(characters, LONGEST_CHUNK) + 2
    cut = [bordered - size + 1 for size in PIECE_SIZES if size < bordered]
    return sum(cut) + (len(cut) < len(PIECE_SIZES))
