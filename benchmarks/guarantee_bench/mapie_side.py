"""MAPIE's own way, with its defaults: precision of the accepted values, over its 100 thresholds."""

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from handrail_evals.decide.calibrate.labels import Scored
from handrail_evals.decide.calibrate.promise import Promise


def installed() -> bool:
    """Return whether MAPIE is there to be compared with; the project itself does not use it."""
    return find_spec("mapie") is not None


def mapie(drawn: Sequence[Scored], _: Sequence[float], promise: Promise) -> float | None:
    """Control the precision of "the answer is right", the risk of a value accepted being 1 minus it."""
    controller = import_module("mapie.risk_control").BinaryClassificationController(
        predict_function=_both,
        risk="precision",
        target_level=1 - promise.target,
        confidence_level=1 - promise.delta,
    )
    scores = np.array([each.score for each in drawn])[:, np.newaxis]
    with warnings.catch_warnings():  # it warns when no threshold is valid
        warnings.simplefilter("ignore")
        controller.calibrate(scores, np.array([int(each.right) for each in drawn]))
    best: Any = controller.best_predict_param
    return None if best is None else float(best)


def _both(scores: Any) -> Any:
    """Return the chance of being wrong and of being right, as a classifier of two classes does."""
    return np.hstack([1 - scores, scores])
