"""Measures steps and whole workflows, calibrates thresholds with a guarantee, gates releases, watches for drift."""

from evals.case import UNLABELLED, Case, Unlabelled
from evals.cases import CaseFields, read_cases, write_cases
from evals.comparison import Comparison, compare
from evals.errors import DataError, EvalsError, InvalidSuite
from evals.gate import Standing, Terms
from evals.observation import Flow, Observation, StepTrace
from evals.result import CaseResult, Result, read_result
from evals.running import Budget, Evaluation, RunSettings, run_suite
from evals.scorer import Answered, Counts, Score, Scorer
from evals.scorers import exact, fields, judged_by, list_match, normalised, set_match, similarity, within
from evals.suite import Suite
from evals.target import Target

__all__ = [
    "UNLABELLED",
    "Answered",
    "Budget",
    "Case",
    "CaseFields",
    "CaseResult",
    "Comparison",
    "Counts",
    "DataError",
    "EvalsError",
    "Evaluation",
    "Flow",
    "InvalidSuite",
    "Observation",
    "Result",
    "RunSettings",
    "Score",
    "Scorer",
    "Standing",
    "StepTrace",
    "Suite",
    "Target",
    "Terms",
    "Unlabelled",
    "compare",
    "exact",
    "fields",
    "judged_by",
    "list_match",
    "normalised",
    "read_cases",
    "read_result",
    "run_suite",
    "set_match",
    "similarity",
    "within",
    "write_cases",
]
