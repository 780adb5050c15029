"""Errors of reading what people decided.

HandrailError
└── EvalsError
    └── DataError
        └── UnknownGroup      a run's input does not say which group its case belongs to
"""

from handrail_evals.errors import DataError


class UnknownGroup(DataError):
    """A run's input does not say which group its case belongs to."""

    def __init__(self, *, case: str, field: str, found: str) -> None:
        super().__init__(
            f"case {case!r}: its run's input has no field {field!r} ({found}): name another, or give a function that"
            " takes the run's input as JSON data and returns the group as text"
        )
        self.case = case
        self.field = field
