"""Honest probabilities: how sharp scores may be, and how good the probabilities then are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from ai_steps.models.local.softmax import Doubles, Floats, softmax

SHARPEST, SOFTEST = 0.05, 20.0
"""Bounds of a temperature."""
BINS = 15

Targets = np.ndarray[Any, np.dtype[np.int64]]


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


@dataclass(frozen=True, slots=True)
class Quality:
    """How good predictions are on texts that were not learned from."""

    measured: int
    """How many texts were predicted."""
    accuracy: float
    """Share of right labels, 0 to 1."""
    brier: float
    """Mean squared distance of the probabilities from the truth, 0 (best) to 2."""
    calibration_error: float
    """Mean distance of the confidence from the share of right labels in 15 equal bins, 0 (best) to 1."""


def measure(probabilities: Doubles, targets: Targets) -> Quality:
    """Return the quality of predictions; each row sums to 1, and there is at least one."""
    top = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(top)), top].astype(np.float64)
    right = top == targets
    truth = np.zeros_like(probabilities)
    truth[np.arange(len(top)), targets] = 1
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return Quality(
        measured=len(top),
        accuracy=float(right.mean()),
        brier=float(((probabilities - truth) ** 2).sum(axis=1).mean()),
        calibration_error=float(np.abs(gaps).sum() / len(top)),
    )
