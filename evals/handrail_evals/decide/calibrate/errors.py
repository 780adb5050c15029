"""Errors of setting thresholds.

HandrailError
└── EvalsError
    ├── InvalidSetting               a promise, plan of looks or workload that cannot be (``handrail_evals.errors``)
    └── DataError
        ├── InvalidLabels            labels or scores that no threshold can be set from
        └── UnreadableAcceptance     an acceptance file that is missing, damaged, or from a newer release
"""

from handrail_evals.errors import DataError


class InvalidLabels(DataError):
    """Labels or scores that no threshold can be set from."""


class UnreadableAcceptance(DataError):
    """An acceptance file that is missing, damaged, or written by a newer release."""
