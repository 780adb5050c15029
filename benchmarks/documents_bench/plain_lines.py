"""Receipts by scikit-learn alone: the pieces of their lines counted, and a linear model of what stands in a line."""

from collections.abc import Sequence
from typing import Any

from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

from handrail_ai_steps.models.extractor.labelled import LabelledDocument

PIECES = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), alternate_sign=False)


def features(example: LabelledDocument) -> Any:
    """Count the pieces of one to four characters in each line of a receipt."""
    return PIECES.transform(_lines(example))


def fit_lines(examples: Sequence[LabelledDocument]) -> SGDClassifier:
    """Fit a model that tells which field stands in a line."""
    lines = [(line, _field(line, each)) for each in examples for line in _lines(each)]
    with threadpool_limits(1):
        counted = PIECES.transform([line for line, _ in lines])
        return SGDClassifier(loss="log_loss", max_iter=20, tol=None, random_state=0).fit(
            counted, [field for _, field in lines]
        )


def _lines(example: LabelledDocument) -> list[str]:
    document = example.document
    return (document if isinstance(document, str) else document.text).split("\n")


def _field(line: str, example: LabelledDocument) -> str:
    """Return the first field whose value stands in the line as it was labelled; empty: none does."""
    return next((name for name, value in example.fields.items() if value is not None and str(value) in line), "")
