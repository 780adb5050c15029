"""Logistic regression of two kinds: of several yes-or-no targets at once, and of a choice among candidates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from handrail_ai_steps.models.extractor.sheet import Floats, Ints, Truths

STEPS = 120
CHOICE_STEPS = 150


def fit_targets(rows: sparse.csr_matrix, targets: Truths, pull: Any, weights: Any = None) -> Floats:
    """Return one column of weights for each target; the last row of them is the bias.

    ``pull`` is how strongly the weight of each column of ``rows`` is drawn to 0.
    """
    count, width = targets.shape[1], rows.shape[1]
    transposed = rows.T.tocsr()
    wanted = targets.astype(np.float32)
    share = np.ones((len(wanted), 1), np.float32) if weights is None else weights[:, None].astype(np.float32)
    pulls = np.append(pull, 1e-4)[:, None].astype(np.float64)

    def loss(flat: Any) -> tuple[float, Any]:
        tried = flat.reshape(width + 1, count)
        scores = rows @ tried[:-1].astype(np.float32) + tried[-1].astype(np.float32)
        surprise = (share * (np.logaddexp(0, scores) - wanted * scores)).sum(dtype=np.float64)
        wrong = share * (expit(scores) - wanted)
        slope = np.vstack([transposed @ wrong, wrong.sum(axis=0)]).astype(np.float64)
        return surprise + 0.5 * float((pulls * tried * tried).sum()), (slope + pulls * tried).ravel()

    start = np.zeros((width + 1, count))
    start[-1] = np.log((wanted.mean(axis=0) + 1e-4) / (1.0001 - wanted.mean(axis=0)))
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 8})
    result: Floats = found.x.reshape(width + 1, count).astype(np.float32)
    return result


@dataclass(frozen=True, slots=True)
class Choices:
    """Candidates of many documents, one document after the other."""

    rows: Floats
    starts: Ints
    """Where each document's candidates begin; with the end of the last."""
    right: Truths
    """Whether each candidate is right; a document without a right one teaches nothing."""
    shares: Floats
    """What each document counts."""


def fit_choice(choices: Choices, pull: float, start: Floats | None = None) -> Floats:
    """Return the weights by which the right candidates of each document are likeliest; ``start`` is where to begin."""
    starts, rows = choices.starts, choices.rows
    sizes = np.diff(starts)
    group = np.repeat(np.arange(len(sizes)), sizes)
    firsts = starts[:-1]
    has = np.add.reduceat(choices.right.astype(np.int64), firsts) > 0
    share = np.where(has, choices.shares, 0.0)

    def loss(tried: Any) -> tuple[float, Any]:
        scores = (rows @ tried.astype(np.float32)).astype(np.float64)
        scores -= np.maximum.reduceat(scores, firsts)[group]
        raised = np.exp(scores)
        all_sum = np.add.reduceat(raised, firsts)
        right_sum = np.add.reduceat(np.where(choices.right, raised, 0.0), firsts)
        surprise = float((share * (np.log(all_sum) - np.log(np.maximum(right_sum, 1e-300)))).sum())
        likely = raised / all_sum[group]
        wanted = np.where(choices.right, raised / np.maximum(right_sum, 1e-300)[group], 0.0)
        slope = ((share[group] * (likely - wanted)).astype(np.float32) @ rows).astype(np.float64)
        return surprise + 0.5 * pull * float(tried @ tried), slope + pull * tried

    found = minimize(
        loss,
        np.zeros(rows.shape[1]) if start is None else start.astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": CHOICE_STEPS, "maxcor": 12},
    )
    result: Floats = found.x.astype(np.float32)
    return result
