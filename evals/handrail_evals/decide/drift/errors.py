"""Errors of watching for drift.

HandrailError
└── EvalsError
    ├── InvalidSetting           a setting that cannot work, or a reference that is too small to compare with
    └── DataError
        ├── InvalidScore         a score that is not a finite number (``handrail_evals.errors``)
        ├── TooFewCases          a reference of too few cases (``handrail_evals.errors``)
        ├── UnknownCase          an audit of a case that awaits none
        └── UnreadableWatch      a watch's file that is missing, damaged, or from a newer release
"""

from handrail_evals.errors import DataError


class UnknownCase(DataError):
    """An audit of a case that awaits none; nothing was counted."""

    def __init__(self, *, case: str) -> None:
        super().__init__(
            f"case {case!r} awaits no audit: it was audited before, or it was never given to `routed` as drawn."
            " Give each case once when it is routed, then its audit once"
        )
        self.case = case


class UnreadableWatch(DataError):
    """A watch's file that is missing, damaged, or from a newer release: until it is replaced nothing is accepted."""
