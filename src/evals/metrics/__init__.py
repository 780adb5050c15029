"""What the cases of a result come to: every number with its interval, and with how much of the data it speaks of."""

from evals.metrics.acceptance import acceptance
from evals.metrics.attribution import Attribution, Blame, attribution
from evals.metrics.calibration_error import calibration_error
from evals.metrics.certainty import Certainty
from evals.metrics.classification import Classification, LabelScore, classification
from evals.metrics.confident import Confident, confident, has_confidence
from evals.metrics.confusion import Confusion, confusion
from evals.metrics.cost import costs
from evals.metrics.deciders import deciders
from evals.metrics.failures import crashed, failing
from evals.metrics.fields import FieldScore, field_scores
from evals.metrics.flow import flows
from evals.metrics.histogram import Histogram, histogram
from evals.metrics.labels import Label, Labelled, label_text, labelled
from evals.metrics.latency import latency, latency_histogram
from evals.metrics.quantile import quantile
from evals.metrics.ranking import Ranking
from evals.metrics.reliability import Reliability, ReliabilityBin, brier, reliability
from evals.metrics.right import Right
from evals.metrics.risk_coverage import RiskPoint, ranking_values, risk_curve
from evals.metrics.sample import Sample
from evals.metrics.scores import Scored, average_score, count_scored
from evals.metrics.slices import Slice, slices
from evals.metrics.value import Metric, MetricValue

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
    "quantile",
    "ranking_values",
    "reliability",
    "risk_curve",
    "slices",
]
