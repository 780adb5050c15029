"""Fitting the linear view of an embedding, by logistic regression."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from handrail_ai_steps.models.local.embedded import Embedded
from handrail_ai_steps.models.local.embedding import Embedding
from handrail_ai_steps.models.local.softmax import Floats, Targets

STRENGTH = 10.0
"""Inverse of the pull of the weights towards 0, on vectors of length 1."""
STEPS = 300
NEVER_SEEN = -20.0
"""The log-odds of a target without examples: as good as impossible."""


def fit_embedded(embedding: Embedding, vectors: Floats, targets: Targets, *, count: int) -> Embedded:
    """Return the view of ``count`` targets; at least two of them must occur."""
    fitted = LogisticRegression(solver="newton-cg", C=STRENGTH, max_iter=STEPS).fit(vectors, targets)
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two targets share one direction
        slopes, bias = np.vstack([-slopes / 2, slopes / 2]), np.concatenate([-bias / 2, bias / 2])
    weights = np.zeros((vectors.shape[1], count), np.float32)
    weights[:, fitted.classes_] = slopes.T
    all_bias = np.full(count, NEVER_SEEN, np.float32)
    all_bias[fitted.classes_] = bias
    return Embedded(embedding, weights, all_bias)
