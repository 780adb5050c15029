"""Results in numbers: computed once, kept beside the result, shown on a terminal, in a pull request, in CI."""

from handrail_evals.summary.beside import open_summary, read_summary, summary_path
from handrail_evals.summary.document import FORMAT, Stamp, from_json, to_json
from handrail_evals.summary.errors import InvalidSummary
from handrail_evals.summary.junit import junit
from handrail_evals.summary.markdown import markdown
from handrail_evals.summary.measuring import summarize
from handrail_evals.summary.options import Options
from handrail_evals.summary.summary import Confidence, Labels, Names, Subject, Summary, Tally

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
    "junit",
    "markdown",
    "open_summary",
    "read_summary",
    "summarize",
    "summary_path",
    "to_json",
]
