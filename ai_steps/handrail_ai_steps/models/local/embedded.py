"""A linear view of the vectors that an embedding gives."""

from dataclasses import dataclass

from handrail_ai_steps.models.local.embedding import Embedding
from handrail_ai_steps.models.local.softmax import Floats


@dataclass(frozen=True, slots=True)
class Embedded:
    """One direction for each target among the vectors."""

    embedding: Embedding
    weights: Floats
    """Numbers of a vector by targets."""
    bias: Floats

    def scores(self, vectors: Floats) -> Floats:
        """Return one score for each vector and target, as log-odds up to a constant for each vector."""
        scores: Floats = vectors @ self.weights + self.bias
        return scores
