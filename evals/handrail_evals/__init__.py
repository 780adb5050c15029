"""Measures steps and whole workflows, calibrates thresholds with a guarantee, gates releases, watches for drift."""

from handrail_evals.case import UNLABELLED, Case, Unlabelled
from handrail_evals.cases import CaseFields, read_cases, write_cases
from handrail_evals.comparison import Comparison, compare
from handrail_evals.errors import DataError, EvalsError, InvalidSuite
from handrail_evals.gate import Standing, Terms
from handrail_evals.observation import Flow, Observation, StepTrace
from handrail_evals.result import CaseResult, Result, read_result
from handrail_evals.running import Budget, Evaluation, RunSettings, run_suite
from handrail_evals.scorer import Answered, Counts, Score, Scorer
from handrail_evals.scorers import exact, fields, judged_by, list_match, normalised, set_match, similarity, within
from handrail_evals.suite import Suite
from handrail_evals.target import Target

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
