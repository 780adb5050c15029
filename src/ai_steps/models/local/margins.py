"""A linear view: how far a text lies on the right side of one plane for each target."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ai_steps.models.local.packed import Packed
from ai_steps.models.local.softmax import Floats

COST = 0.5
NEVER_SEEN = -2.0
"""The score of a target without examples: clearly on the wrong side, as -1 is the margin."""


@dataclass(frozen=True, slots=True)
class Margins:
    """One plane for each target, as a support vector machine draws it."""

    weights: Packed
    """Columns of the vectoriser by targets."""
    bias: Floats

    def scores(self, rows: sparse.csr_matrix) -> Floats:
        """Return one score for each row and target; about 1 for a clear yes and -1 for a clear no."""
        return self.weights.product(rows) + self.bias


def fit_margins(
    rows: sparse.csr_matrix, targets: np.ndarray[Any, np.dtype[np.int64]], *, count: int, seed: int
) -> Margins:
    """Return the planes of ``count`` targets; at least two of them must occur."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415 -- needed to fit, not to answer

    fitted = LinearSVC(C=COST, random_state=seed).fit(rows, targets)
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two targets share one plane
        slopes, bias = np.vstack([-slopes, slopes]), np.concatenate([-bias, bias])
    weights = np.zeros((rows.shape[1], count), np.float32)
    weights[:, fitted.classes_] = slopes.T
    all_bias = np.full(count, NEVER_SEEN, np.float32)
    all_bias[fitted.classes_] = bias
    return Margins(Packed.of(weights), all_bias)
