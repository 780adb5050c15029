"""Honest probabilities: how sharp scores may be."""

import numpy as np
from scipy.optimize import minimize_scalar

from ai_steps.models.local.softmax import Floats, Targets, softmax

SHARPEST, SOFTEST = 0.05, 20.0
"""Bounds of a temperature."""


def fit_temperature(scores: Floats, targets: Targets) -> float:
    """Return what to divide scores by, so that the right targets are likeliest (Guo and others, 2017).

    The scores must be of texts that the scoring model was not fitted on.
    """
    rows = np.arange(len(targets))

    def surprise(log_temperature: float) -> float:
        likely = softmax(scores / np.float32(np.exp(log_temperature)))[rows, targets]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    found = minimize_scalar(surprise, bounds=(np.log(SHARPEST), np.log(SOFTEST)), method="bounded")
    return float(np.exp(found.x))
