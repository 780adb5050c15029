"""Drawing the planes of the linear view, as a support vector machine does."""

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC

from handrail_ai_steps.models.local.margins import Margins
from handrail_ai_steps.models.local.packed import Packed
from handrail_ai_steps.models.local.softmax import Targets

COST = 0.5
NEVER_SEEN = -2.0
"""The score of a target without examples: clearly on the wrong side, as -1 is the margin."""


def fit_margins(rows: sparse.csr_matrix, targets: Targets, *, count: int, seed: int) -> Margins:
    """Return the planes of ``count`` targets; at least two of them must occur."""
    fitted = LinearSVC(C=COST, random_state=seed).fit(rows, targets)
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two targets share one plane
        slopes, bias = np.vstack([-slopes, slopes]), np.concatenate([-bias, bias])
    weights = np.zeros((rows.shape[1], count), np.float32)
    weights[:, fitted.classes_] = slopes.T
    all_bias = np.full(count, NEVER_SEEN, np.float32)
    all_bias[fitted.classes_] = bias
    return Margins(Packed.of(weights), all_bias)
