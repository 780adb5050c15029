"""Results in numbers: computed once, kept beside the result."""

from handrail_evals.errors import InvalidSummary
from handrail_evals.measure.result.result import Subject
from handrail_evals.numbers.summary.beside import open_summary, read_summary, summary_path
from handrail_evals.numbers.summary.document import FORMAT, Stamp, from_json, to_json
from handrail_evals.numbers.summary.measuring import summarize
from handrail_evals.numbers.summary.options import Options
from handrail_evals.numbers.summary.summary import Confidence, Labels, Names, Summary, Tally

__all__ = [
    "FORMAT",
    "Confidence",
    "InvalidSummary",
    "Labels",
    "Names",
    "Options",
    "Stamp",
    "Subject",
    "Summary",
    "Tally",
    "from_json",
    "open_summary",
    "read_summary",
    "summarize",
    "summary_path",
    "to_json",
]
