"""Results: one file a run of a suite, a line a case, only ever appended to."""

from evals.result.case_result import CaseResult, Crash
from evals.result.header import Header
from evals.result.log import ResultLog
from evals.result.result import Result, read_result

__all__ = ["CaseResult", "Crash", "Header", "Result", "ResultLog", "read_result"]
