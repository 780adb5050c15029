"""How good predictions are, on texts whose right label is known."""

from dataclasses import dataclass

import numpy as np

from handrail_ai_steps.models.local.softmax import Doubles, Targets

BINS = 15


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
