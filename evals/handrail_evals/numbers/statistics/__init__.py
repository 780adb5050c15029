"""Intervals for every number, paired differences, and how many cases a question needs."""

from handrail_evals.numbers.statistics.bootstrap import bca_mean, recomputed
from handrail_evals.numbers.statistics.clusters import Spread, spread
from handrail_evals.numbers.statistics.difference import Difference, paired_difference
from handrail_evals.numbers.statistics.interval import Interval
from handrail_evals.numbers.statistics.mean import mean_interval
from handrail_evals.numbers.statistics.power import cases_needed, smallest_detectable
from handrail_evals.numbers.statistics.proportion import wilson
from handrail_evals.numbers.statistics.repeats import average_repeats
from handrail_evals.numbers.statistics.score import score_bounds
from handrail_evals.numbers.statistics.significance import holm, mcnemar

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
