"""Scores, targets, and scores as probabilities."""

from typing import Any, TypeAlias, TypeVar

import numpy as np

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
