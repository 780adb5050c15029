"""Matrices in one byte a number: a quarter of the size, in memory as in the file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from handrail_ai_steps.models.local.softmax import Floats

STEPS = 127
BLOCK = 4096
"""Rows are rounded in blocks of this many, to bound the memory."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix rounded to 127 steps either way, with one scale a row.

    The largest error of a number is 1/254 of the largest in its row: far below what moves a probability.
    """

    codes: np.ndarray[Any, np.dtype[np.int8]]
    scales: Floats
    """What one step is worth, for each row; 0 for a row of zeros."""

    @classmethod
    def of(cls, matrix: Floats) -> "Packed":
        """Return the matrix rounded."""
        largest = np.maximum(matrix.max(axis=1, initial=0), -matrix.min(axis=1, initial=0))
        scales = (largest / STEPS).astype(np.float32)
        steps = np.where(scales > 0, scales, 1).astype(np.float32)[:, np.newaxis]
        codes = np.empty(matrix.shape, np.int8)
        for start in range(0, len(matrix), BLOCK):
            block = slice(start, start + BLOCK)
            codes[block] = np.rint(matrix[block] / steps[block])
        return cls(codes, scales)

    def product(self, rows: sparse.csr_matrix) -> Floats:
        """Return ``rows @ matrix``, unpacking only what the rows touch: a short text is answered at once."""
        touched, columns = np.unique(rows.indices, return_inverse=True)
        narrow = sparse.csr_matrix((rows.data, columns, rows.indptr), shape=(rows.shape[0], len(touched)))
        unpacked = self.codes[touched] * self.scales[touched, np.newaxis]
        product: Floats = narrow @ unpacked
        return product
