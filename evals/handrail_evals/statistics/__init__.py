"""Intervals for every number, paired differences, and how many cases a question needs."""

from handrail_evals.statistics.bootstrap import bca_mean, recomputed
from handrail_evals.statistics.clusters import Spread, spread
from handrail_evals.statistics.difference import Difference, paired_difference
from handrail_evals.statistics.interval import Interval
from handrail_evals.statistics.mean import mean_interval
from handrail_evals.statistics.power import cases_needed, smallest_detectable
from handrail_evals.statistics.proportion import wilson
from handrail_evals.statistics.repeats import average_repeats
from handrail_evals.statistics.score import score_bounds
from handrail_evals.statistics.significance import holm, mcnemar

__all__ = [
    "Difference",
    "Interval",
    "Spread",
    "average_repeats",
    "bca_mean",
    "cases_needed",
    "holm",
    "mcnemar",
    "mean_interval",
    "paired_difference",
    "recomputed",
    "score_bounds",
    "smallest_detectable",
    "spread",
    "wilson",
]
