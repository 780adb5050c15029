"""Scorers: equal, close, alike, field by field, item by item, or as a model judges."""

from handrail_evals.measure.scorers.comparator import Comparator, ComparatorLike
from handrail_evals.measure.scorers.errors import InvalidValue
from handrail_evals.measure.scorers.exact import Exact, exact
from handrail_evals.measure.scorers.fields import Fields, fields
from handrail_evals.measure.scorers.judged import Judged, Scale, judged_by
from handrail_evals.measure.scorers.list_match import ListMatch, list_match, set_match
from handrail_evals.measure.scorers.normalised import Normalised, normalised
from handrail_evals.measure.scorers.similarity import Measure, Similarity, similarity
from handrail_evals.measure.scorers.within import Within, within

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
