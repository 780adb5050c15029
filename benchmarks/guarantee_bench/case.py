"""One case of the population that promises are tried on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model that never saw the text said about it."""

    top: float
    """Probability of the likeliest label, 0 to 1."""
    margin: float
    """Distance of the two likeliest labels, 0 to 1."""
    certainty: float
    """1 minus the entropy as a share of the largest possible, 0 to 1."""
    right: bool
    """Whether the likeliest label is the true one; a text out of scope is never right."""
