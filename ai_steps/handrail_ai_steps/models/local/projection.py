"""A dense view: texts as points where words that keep the same company lie close (latent semantic analysis)."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from handrail_ai_steps.models.local.packed import Packed
from handrail_ai_steps.models.local.softmax import Floats

OVERSAMPLED = 10
ITERATIONS = 2
TINY = np.float32(1e-6)


@dataclass(frozen=True, slots=True)
class Projection:
    """The directions in which the texts it was fitted on differ most."""

    directions: Packed
    """Columns of the vectoriser by dimensions, scaled so that coordinates vary by about 1."""

    def points(self, rows: sparse.csr_matrix) -> Floats:
        """Return one dense row for each sparse row."""
        return self.directions.product(rows)


def fit_projection(rows: sparse.csr_matrix, *, dimensions: int, seed: int) -> Projection:
    """Return the projection of the rows; fewer dimensions when there are not so many rows or columns.

    Randomised subspace iteration (Halko, Martinsson and Tropp, 2011), written out here because only the directions
    are wanted: a general decomposition takes three times the memory of all that is kept.
    """
    dimensions = max(1, min(dimensions, min(rows.shape) - 1))
    width = min(dimensions + OVERSAMPLED, *rows.shape)
    chance = np.random.default_rng(seed)
    across = rows.T.tocsr()
    basis = _orthonormal(rows @ chance.standard_normal((rows.shape[1], width), np.float32))
    for _ in range(ITERATIONS):
        basis = _orthonormal(rows @ (across @ basis))
    inside = across @ basis
    energy, turn = np.linalg.eigh(inside.T @ inside)  # rising, so that the last directions are the strongest
    energy, turn = energy[-dimensions:], turn[:, -dimensions:]
    lengths = np.sqrt(np.maximum(energy, TINY))
    # The squared lengths sum to the rows' squared coordinates: this makes their mean 1.
    spread = np.sqrt((lengths**2).sum() / (rows.shape[0] * dimensions))
    return Projection(Packed.of(inside @ (turn / (lengths * spread)).astype(np.float32)))


def _orthonormal(columns: Floats) -> Floats:
    basis: Floats = np.linalg.qr(columns).Q
    return basis
