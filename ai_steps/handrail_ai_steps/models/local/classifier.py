"""What was fitted: views of a text that each score every target, and how they are brought together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from handrail_ai_steps.models.local.embedding import Embedding
from handrail_ai_steps.models.local.network import Network
from handrail_ai_steps.models.local.vectors import Doubles, Floats, Packed, Truths, Vectoriser, softmax

BATCH = 1024
"""Texts are scored in slices of this many, to bound the memory."""
LEAST_LIKELY = np.float32(1e-9)
LEAST_KNOWN = 0.25
"""Share of a text's words and pieces that must be known. Of unseen tickets 65% and more are, even with 18 examples 34%;
of another script nothing is, of digits and random letters a tenth or a fifth."""


@dataclass(frozen=True, slots=True)
class Margins:
    """One plane for each target, as a support vector machine draws it."""

    weights: Packed
    """Columns of the vectoriser by targets."""
    bias: Floats

    def scores(self, rows: sparse.csr_matrix) -> Floats:
        """Return one score for each row and target; about 1 for a clear yes and -1 for a clear no."""
        return self.weights.product(rows) + self.bias


@dataclass(frozen=True, slots=True)
class Projection:
    """The directions in which the texts it was fitted on differ most."""

    directions: Packed
    """Columns of the vectoriser by dimensions, scaled so that coordinates vary by about 1."""

    def points(self, rows: sparse.csr_matrix) -> Floats:
        """Return one dense row for each sparse row."""
        return self.directions.product(rows)


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


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What scores are divided by before they become probabilities; each more than 0."""

    margins: float = 0.25
    networks: float = 1.0
    embedded: float = 1.0
    blend: float = 1.0
    doubt: float = 0.05
    """Share of every probability that is given evenly to all targets, above 0 and below 1: no confidence exceeds
    1 - doubt by much, as the surest texts that were kept out are wrong that often."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A linear view of the words and pieces, and networks on the dense view, averaged."""

    vectoriser: Vectoriser
    margins: Margins
    projection: Projection
    networks: tuple[Network, ...]
    embedded: Embedded | None = None
    """A view of vectors that were learned from other texts; None: there is none."""

    def views(self, texts: Sequence[str], vectors: Floats | None = None) -> "Views":
        """Return what each view says about the texts; ``vectors`` are those of the embedding, where they are known."""
        read = self.vectoriser.read(texts)
        points = self.projection.points(read.rows)
        networks = tuple(network.scores(points) for network in self.networks)
        if self.embedded is None:
            embedded = None
        else:
            embedded = self.embedded.scores(self.embedded.embedding.vectors(texts) if vectors is None else vectors)
        return Views(self.margins.scores(read.rows), networks, read.known >= LEAST_KNOWN, embedded)

    def probabilities(self, texts: Sequence[str], temperatures: Temperatures) -> tuple[Doubles, Truths]:
        """Return one row for each text and one column for each target, and whether each text is known.

        Rows sum to 1. A text that is hardly known is as likely to be any target.
        """
        slices = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        views = [self.views(each) for each in slices]
        rows = np.concatenate([each.probabilities(temperatures) for each in views])
        return rows, np.concatenate([each.known for each in views])


@dataclass(frozen=True, slots=True)
class Views:
    """Scores of the same texts by each view, one row a text and one column a target."""

    margins: Floats
    networks: tuple[Floats, ...]
    known: Truths
    """Whether enough of each text is known to say anything about it."""
    embedded: Floats | None = None

    def averaged(self, temperatures: Temperatures) -> Floats:
        """Return the logarithm of the views' mean probability: where they disagree, nothing is likely.

        With the view of an embedding it is the mean of both logarithms, which is the geometric mean: views of so
        different kinds are rarely wrong in the same way, and what one of them excludes is out.
        """
        total = softmax(self.margins / np.float32(temperatures.margins))
        for scores in self.networks:
            total += softmax(scores / np.float32(temperatures.networks))
        averaged: Floats = np.log(np.maximum(total / np.float32(1 + len(self.networks)), LEAST_LIKELY))
        if self.embedded is not None:
            likely = softmax(self.embedded / np.float32(temperatures.embedded))
            averaged = (averaged + np.log(np.maximum(likely, LEAST_LIKELY))) / np.float32(2)
        return averaged

    def blended(self, temperatures: Temperatures) -> Doubles:
        """Return the views' probabilities brought together, in double precision so that near 1 they stay apart."""
        together: Doubles = softmax(self.averaged(temperatures).astype(np.float64) / temperatures.blend)
        together *= 1 - temperatures.doubt
        together += temperatures.doubt / together.shape[1]
        return together

    def probabilities(self, temperatures: Temperatures) -> Doubles:
        """Return what is said about each text: where hardly anything of it is known, nothing."""
        together = self.blended(temperatures)
        together[~self.known] = 1 / together.shape[1]
        return together

    def of(self, which: Truths) -> "Views":
        """Return the views of some of the texts."""
        embedded = None if self.embedded is None else self.embedded[which]
        return Views(self.margins[which], tuple(scores[which] for scores in self.networks), self.known[which], embedded)

    @classmethod
    def joined(cls, parts: Sequence["Views"]) -> "Views":
        """Return the views of several lists of texts as those of one."""
        return cls(
            np.concatenate([each.margins for each in parts]),
            tuple(np.concatenate(scores) for scores in zip(*(each.networks for each in parts), strict=True)),
            np.concatenate([each.known for each in parts]),
            np.concatenate(embedded) if (embedded := [e.embedded for e in parts if e.embedded is not None]) else None,
        )


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


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier with its temperatures and, where texts could be kept from it, its quality."""

    classifier: Classifier
    temperatures: Temperatures
    quality: Quality | None
    """On texts kept out while fitting; None when no label has two texts."""
    kept_out_confidences: tuple[float, ...] = ()
    """How sure classifiers that had not learned from them were of those texts; not saved."""
