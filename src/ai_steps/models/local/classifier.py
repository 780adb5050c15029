"""What was fitted: views of a text that each score every target, and how they are brought together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ai_steps.models.local.margins import Margins
from ai_steps.models.local.network import Network
from ai_steps.models.local.projection import Projection
from ai_steps.models.local.softmax import Doubles, Floats, softmax
from ai_steps.models.local.vectoriser import Vectoriser

BATCH = 1024
"""Texts are scored in slices of this many, to bound the memory."""
LEAST_LIKELY = np.float32(1e-9)


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What scores are divided by before they become probabilities; each more than 0."""

    margins: float = 0.25
    networks: float = 1.0
    blend: float = 1.0
    doubt: float = 0.05
    """Share of every probability that is given evenly to all targets, above 0 and below 1: what was measured on
    n texts cannot speak of errors rarer than 1 in n."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A linear view of the words and pieces, and networks on the dense view, averaged."""

    vectoriser: Vectoriser
    margins: Margins
    projection: Projection
    networks: tuple[Network, ...]

    def views(self, texts: Sequence[str]) -> "Views":
        """Return what each view says about the texts."""
        rows = self.vectoriser.rows(texts)
        points = self.projection.points(rows)
        return Views(self.margins.scores(rows), tuple(network.scores(points) for network in self.networks))

    def probabilities(self, texts: Sequence[str], temperatures: Temperatures) -> Doubles:
        """Return one row for each text and one column for each target; rows sum to 1."""
        slices = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([self.views(each).blended(temperatures) for each in slices])


@dataclass(frozen=True, slots=True)
class Views:
    """Scores of the same texts by each view, one row a text and one column a target."""

    margins: Floats
    networks: tuple[Floats, ...]

    def averaged(self, temperatures: Temperatures) -> Floats:
        """Return the logarithm of the views' mean probability: where they disagree, nothing is likely."""
        total = softmax(self.margins / np.float32(temperatures.margins))
        for scores in self.networks:
            total += softmax(scores / np.float32(temperatures.networks))
        averaged: Floats = np.log(np.maximum(total / np.float32(1 + len(self.networks)), LEAST_LIKELY))
        return averaged

    def blended(self, temperatures: Temperatures) -> Doubles:
        """Return the views' probabilities brought together, in double precision so that near 1 they stay apart."""
        together: Doubles = softmax(self.averaged(temperatures).astype(np.float64) / temperatures.blend)
        together *= 1 - temperatures.doubt
        together += temperatures.doubt / together.shape[1]
        return together
