"""Running a suite: cases put to the target side by side, each answer scored and appended to the result."""

from handrail_evals.measure.running.evaluation import Evaluation
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import Budget, RunSettings

__all__ = ["Budget", "Evaluation", "RunSettings", "run_suite"]
