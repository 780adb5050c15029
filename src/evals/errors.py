"""Errors of measuring and comparing; each says what was wrong, where, and what to do.

HandrailError
└── EvalsError
    ├── InvalidSetting        a margin, level or count that cannot work; raised before anything is measured
    └── DataError             cases or results that cannot be used as they are
        ├── TooFewCases       nothing can be said about so few cases or clusters
        ├── InvalidScore      a score that is not a finite number
        └── NotComparable     two results that must not be compared
            ├── LowOverlap    too few cases are in both, scored, with the same input
            └── ChangedScorer the two were scored in different ways
"""

from guards.errors import HandrailError


class EvalsError(HandrailError):
    """The root of the errors raised by ``evals``."""


class InvalidSetting(EvalsError, ValueError):
    """A margin, level or count that cannot work; raised before anything is measured."""


class DataError(EvalsError, ValueError):
    """Cases or results that cannot be used as they are."""


class TooFewCases(DataError):
    """Nothing can be said about so few cases, or about cases of so few clusters."""

    def __init__(self, *, found: int, needed: int, what: str = "cases") -> None:
        super().__init__(f"{found} {what} with a score, at least {needed} needed: add cases, or leave this metric out")
        self.found = found
        self.needed = needed


class InvalidScore(DataError):
    """A score that is not a finite number; what could not be scored is None, never NaN."""

    def __init__(self, *, where: str, score: object) -> None:
        super().__init__(f"{where}: score {score!r} is not a finite number; a case that was not scored has None")
        self.where = where
        self.score = score


class NotComparable(DataError):
    """Two results that must not be compared; nothing was judged."""


class LowOverlap(NotComparable):
    """Too few cases are in both results, scored in both, with the same input."""

    def __init__(self, *, overlap: float, needed: float, causes: str) -> None:
        super().__init__(
            f"{overlap:.1%} of the cases can be paired, {needed:.0%} needed ({causes}). Run the baseline again on the"
            " candidate's cases (`handrail eval run SUITE` with the baseline's step) and compare with that result"
        )
        self.overlap = overlap
        self.needed = needed


class ChangedScorer(NotComparable):
    """The two results were scored in different ways, so their difference says nothing about the answers."""

    def __init__(self, *, metric: str, baseline: str, candidate: str) -> None:
        super().__init__(
            f"metric {metric!r}: the baseline was scored by {baseline}, the candidate by {candidate}. Score the"
            " baseline's recorded answers with the candidate's scorer (`handrail eval run SUITE` with the baseline's"
            " step and its recordings asks no model again) and compare with that result"
        )
        self.metric = metric
        self.baseline = baseline
        self.candidate = candidate
