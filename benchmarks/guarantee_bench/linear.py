"""A plain linear model, of another kind than the local one: what most people would try first."""

from collections.abc import Sequence
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from threadpoolctl import threadpool_limits

from handrail_ai_steps.models.local import LabelledText

SHARPNESS = 30.0
"""Inverse strength of the penalty: what does best on BANKING77."""


class Linear:
    """Logistic regression on the words and pairs of words of a text."""

    def __init__(self, fitted: Pipeline) -> None:
        self._fitted = fitted

    @classmethod
    def fit(cls, examples: Sequence[LabelledText]) -> "Linear":
        """Return a model that learned from labelled texts, none of them out of scope."""
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        with threadpool_limits(1):
            fitted = make_pipeline(words, LogisticRegression(C=SHARPNESS)).fit(
                [each.text for each in examples], [each.label for each in examples]
            )
        return cls(fitted)

    def probabilities(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Return the probability of every label for each text."""
        rows: Any = self._fitted.predict_proba(texts)
        return [dict(zip(self._fitted.classes_, row, strict=True)) for row in rows.tolist()]
