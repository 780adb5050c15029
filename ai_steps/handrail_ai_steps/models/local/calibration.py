"""Honest probabilities: how sharp scores may be."""

import numpy as np
from scipy.optimize import minimize_scalar

from handrail_ai_steps.models.local.softmax import Doubles, Floats, Targets, softmax

SHARPEST, SOFTEST = 0.05, 20.0
"""Bounds of a temperature."""
MOST_DOUBT = 0.9
SURE = 0.99


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


def fit_doubt(probabilities: Doubles, targets: Targets) -> float:
    """Return the share of every probability to give evenly to all targets, so that the surest are not too sure.

    One temperature for all texts leaves the surest of them too sure: those of BANKING77 and CLINC150 that said 0.9997
    were right 0.996 of the time. After the doubt, what the surest half says (or all above 0.99, where that is more) of
    texts that the scoring model was not fitted on is on average how often they are right; half an error is added to
    those seen, and at least the rule of succession holds: after n texts without an error the next is wrong once in
    n + 2. The order of the texts stays as it is, so no threshold loses by it.
    """
    sure = probabilities.max(axis=1)
    count = max(1, len(sure) // 2, int((sure >= SURE).sum()))
    surest = np.argsort(-sure, kind="stable")[:count]
    right = int((probabilities[surest].argmax(axis=1) == targets[surest]).sum())
    honest = (right + 0.5) / (len(surest) + 1)
    said, even = float(sure[surest].mean()), 1 / probabilities.shape[1]
    needed = (said - honest) / (said - even) if said > even else 0.0
    return float(min(MOST_DOUBT, max(1 / (len(targets) + 2), needed)))
