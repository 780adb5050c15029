"""Errors of summaries.

HandrailError
└── EvalsError
    └── DataError
        └── InvalidSummary   a summary that cannot be read
"""

from handrail_evals.errors import DataError


class InvalidSummary(DataError):
    """A summary that cannot be read: of another format, or with a field of another shape."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}; take the file away, and it is made anew from the result")
        self.where = where
        self.problem = problem
