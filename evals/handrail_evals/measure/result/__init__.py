"""Results: one file a run of a suite, a line a case, only ever appended to."""

from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_evals.measure.result.log import ResultLog
from handrail_evals.measure.result.result import Header, Result, read_result

__all__ = ["CaseResult", "Crash", "Header", "Result", "ResultLog", "read_result"]
