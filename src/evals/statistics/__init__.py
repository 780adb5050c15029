"""Intervals for every number, paired differences, and how many cases a question needs."""

from evals.statistics.bootstrap import bca_mean, recomputed
from evals.statistics.clusters import Spread, spread
from evals.statistics.difference import Difference, paired_difference
from evals.statistics.interval import Interval
from evals.statistics.mean import mean_interval
from evals.statistics.power import cases_needed, smallest_detectable
from evals.statistics.proportion import wilson
from evals.statistics.repeats import average_repeats
from evals.statistics.score import score_bounds
from evals.statistics.significance import holm, mcnemar

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
