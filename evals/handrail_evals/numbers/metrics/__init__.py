"""What the cases of a result come to: every number with its interval, and with how much of the data it speaks of."""

from handrail_evals.numbers.metrics.acceptance import acceptance
from handrail_evals.numbers.metrics.attribution import Attribution, Blame, attribution
from handrail_evals.numbers.metrics.calibration_error import calibration_error
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.classification import Classification, LabelScore, classification
from handrail_evals.numbers.metrics.confident import Confident, confident, has_confidence
from handrail_evals.numbers.metrics.confusion import Confusion, confusion
from handrail_evals.numbers.metrics.cost import costs
from handrail_evals.numbers.metrics.deciders import deciders
from handrail_evals.numbers.metrics.failures import crashed, failing
from handrail_evals.numbers.metrics.fields import FieldScore, field_scores
from handrail_evals.numbers.metrics.flow import flows
from handrail_evals.numbers.metrics.histogram import Histogram, histogram
from handrail_evals.numbers.metrics.labels import Label, Labelled, label_text, labelled
from handrail_evals.numbers.metrics.latency import latency, latency_histogram
from handrail_evals.numbers.metrics.quantile import quantile
from handrail_evals.numbers.metrics.ranking import Ranking
from handrail_evals.numbers.metrics.reliability import Reliability, ReliabilityBin, brier, reliability
from handrail_evals.numbers.metrics.right import Right
from handrail_evals.numbers.metrics.risk_coverage import RiskPoint, ranking_values, risk_curve
from handrail_evals.numbers.metrics.sample import Sample
from handrail_evals.numbers.metrics.scores import Scored, average_score, count_scored
from handrail_evals.numbers.metrics.slices import Part, Slice, parts, slices
from handrail_evals.numbers.metrics.value import Metric, MetricValue

__all__ = [
    "Attribution",
    "Blame",
    "Certainty",
    "Classification",
    "Confident",
    "Confusion",
    "FieldScore",
    "Histogram",
    "Label",
    "LabelScore",
    "Labelled",
    "Metric",
    "MetricValue",
    "Part",
    "Ranking",
    "Reliability",
    "ReliabilityBin",
    "Right",
    "RiskPoint",
    "Sample",
    "Scored",
    "Slice",
    "acceptance",
    "attribution",
    "average_score",
    "brier",
    "calibration_error",
    "classification",
    "confident",
    "confusion",
    "costs",
    "count_scored",
    "crashed",
    "deciders",
    "failing",
    "field_scores",
    "flows",
    "has_confidence",
    "histogram",
    "label_text",
    "labelled",
    "latency",
    "latency_histogram",
    "parts",
    "quantile",
    "ranking_values",
    "reliability",
    "risk_curve",
    "slices",
]
