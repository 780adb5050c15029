"""What the local model says about one text."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """The likeliest label of one text, and how likely every label is."""

    label: str
    """The likeliest label."""
    confidence: float
    """Probability that the label is right, 0 to 1."""
    probabilities: Mapping[str, float]
    """Probability by label, 0 to 1, in the order of the model's labels; with ``out_of_scope`` they sum to 1."""
    out_of_scope: float | None
    """Probability that no label fits, 0 to 1; None when the model never saw a text that is out of scope."""
    known: bool = True
    """Whether the model knows enough of the text's words to say anything; otherwise every label is as likely."""
