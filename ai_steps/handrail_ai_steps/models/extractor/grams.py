"""Runs of letters, and the weights that a model gives them: one product for all pieces and all fields."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from handrail_ai_steps.models.extractor.sheet import LONGEST_PIECE, Floats, Ints

SIZES = (2, 3, 4)
FIRST_TEXTS = 30
"""So many are enough to see whether a document is like others."""
MOST_WINDOWS = 256
"""So many lengths of texts are kept cut up: a piece has 200 characters at most."""
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Grams:
    """The known runs of several texts: those of the text ``n`` are ``columns[starts[n] : starts[n + 1]]``."""

    columns: Ints
    starts: Ints
    totals: Ints
    """How many runs each text has, known or not."""

    @property
    def known_share(self) -> float:
        """How many of the runs of the first of these texts are known, 0 to 1."""
        first = self.totals[:FIRST_TEXTS]
        return float(self.starts[len(first)] / first.sum()) if first.any() else 0.0

    def product(self, weights: Floats) -> Floats:
        """Return the weights of each text's runs, summed and divided by the root of their number."""
        counts = np.diff(self.starts)
        there = counts > 0
        total = np.zeros((len(counts), weights.shape[1]), np.float32)
        if there.any():
            sums = np.add.reduceat(weights[self.columns], self.starts[:-1][there], axis=0)
            total[there] = sums / np.sqrt(counts[there, None].astype(np.float32))
        return total


class Vocabulary:
    """The runs that a model knows, each with a column."""

    def __init__(self, runs: Iterable[str]) -> None:
        self.runs = tuple(runs)
        self._column = {run: column for column, run in enumerate(self.runs)}

    @classmethod
    def of(cls, texts_by_document: Iterable[Sequence[str]], *, at_least: int, at_most: int) -> "Vocabulary":
        """Return the runs that at least so many documents have, the most frequent first."""
        counts: Counter[str] = Counter()
        for texts in texts_by_document:
            counts.update({run for text in texts for run in runs_of(text)})
        frequent = [(run, count) for run, count in counts.items() if count >= at_least]
        frequent.sort(key=lambda each: (-each[1], each[0]))
        return cls(run for run, _ in frequent[:at_most])

    def __len__(self) -> int:
        return len(self.runs)

    def grams(self, texts: Sequence[str]) -> Grams:
        """Return the known runs of each text."""
        known = self._column.get
        columns: list[int] = []
        starts, totals = [0], []
        seen: dict[str, tuple[list[int], int]] = {}
        for text in texts:
            if text not in seen:
                runs = runs_of(text)
                found = set(map(known, runs))
                seen[text] = sorted(column for column in found if column is not None), len(runs)
            mine, total = seen[text]
            columns += mine
            starts.append(len(columns))
            totals.append(total)
        return Grams(np.array(columns, np.int64), np.array(starts, np.int64), np.array(totals, np.int64))


def runs_of(text: str) -> set[str]:
    """Return the runs of a text, in small letters and with one sign for all digits, its ends marked."""
    plain = _SPACE.sub(" ", _DIGIT.sub("0", text[:LONGEST_PIECE].lower()))
    if not plain:
        return set()
    marked = f"^{plain}$"
    return set(map(marked.__getitem__, _windows(len(marked))))


@lru_cache(MOST_WINDOWS)
def _windows(length: int) -> tuple[slice, ...]:
    """Return where the runs of a text of this length begin and end."""
    return tuple(slice(start, start + size) for size in SIZES for start in range(length - size + 1))
