"""A linear view: how far a text lies on the right side of one plane for each target."""

from dataclasses import dataclass

from scipy import sparse

from handrail_ai_steps.models.local.packed import Packed
from handrail_ai_steps.models.local.softmax import Floats


@dataclass(frozen=True, slots=True)
class Margins:
    """One plane for each target, as a support vector machine draws it."""

    weights: Packed
    """Columns of the vectoriser by targets."""
    bias: Floats

    def scores(self, rows: sparse.csr_matrix) -> Floats:
        """Return one score for each row and target; about 1 for a clear yes and -1 for a clear no."""
        return self.weights.product(rows) + self.bias
