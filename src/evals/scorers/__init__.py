"""Scorers: equal, close, alike, field by field, item by item, or as a model judges."""

from evals.scorers.comparator import Comparator, ComparatorLike
from evals.scorers.errors import InvalidValue
from evals.scorers.exact import Exact, exact
from evals.scorers.fields import Fields, fields
from evals.scorers.judged import Judged, Scale, judged_by
from evals.scorers.list_match import ListMatch, list_match, set_match
from evals.scorers.normalised import Normalised, normalised
from evals.scorers.similarity import Measure, Similarity, similarity
from evals.scorers.within import Within, within

__all__ = [
    "Comparator",
    "ComparatorLike",
    "Exact",
    "Fields",
    "InvalidValue",
    "Judged",
    "ListMatch",
    "Measure",
    "Normalised",
    "Scale",
    "Similarity",
    "Within",
    "exact",
    "fields",
    "judged_by",
    "list_match",
    "normalised",
    "set_match",
    "similarity",
    "within",
]
