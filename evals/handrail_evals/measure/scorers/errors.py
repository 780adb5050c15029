"""Errors of scoring.

HandrailError
└── EvalsError
    └── DataError
        └── InvalidValue   a value that a scorer cannot compare; the answer's case shows it, and has no score
"""

from handrail_evals.errors import DataError


class InvalidValue(DataError):
    """An expected value that a scorer cannot compare, or a field that a value's type does not have.

    An answer of the wrong kind is no error: it is wrong, and scores 0.
    """

    def __init__(self, *, scorer: str, problem: str) -> None:
        super().__init__(f"scorer {scorer!r}: {problem}")
        self.scorer = scorer
        self.problem = problem
