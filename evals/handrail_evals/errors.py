"""Errors of measuring and comparing; each says what was wrong, where, and what to do.

HandrailError
└── EvalsError
    ├── InvalidSetting        a margin, level, count or promise that cannot work; raised before anything is measured
    ├── InvalidSuite          a suite that cannot be run as it is; raised when it is built
    └── DataError             cases or results that cannot be used as they are
        ├── InvalidCase       a case that cannot be used; names file, line and case
        │   └── MissingExpected   it does not say what is right, and a scorer has to know
        ├── InvalidCaseFile   a file of cases that cannot be read; names file and line
        ├── InvalidResult     a result file that cannot be read, or is another suite's; names file and line
        │   └── BeingWritten      another run writes it; names its process
        ├── InvalidSummary    a summary that cannot be read
        ├── InvalidValue      a value that a scorer cannot compare; the answer's case shows it, and has no score
        ├── TooFewCases       nothing can be said about so few cases or clusters
        ├── InvalidScore      a score that is not a finite number
        ├── UnknownMetric     no scorer or measure of this name
        ├── NotComparable     two results that must not be compared
        │   ├── Unfinished    one of them lacks cases, or something crashed on some
        │   ├── LowOverlap    too few cases are in both, scored, with the same input
        │   └── ChangedScorer the two were scored in different ways
        ├── InvalidLabels     labels or scores that no threshold can be set from
        ├── UnknownGroup      a run's input does not say which group its case belongs to
        ├── UnreadableAcceptance  an acceptance file that is missing, damaged, or from a newer release
        ├── UnknownCase       an audit of a case that awaits none
        └── UnreadableWatch   a watch's file that is missing, damaged, or from a newer release
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handrail_ground.errors import HandrailError
from handrail_ground.shares import below, in_percent


class EvalsError(HandrailError):
    """The root of the errors raised by ``evals``."""


class InvalidSetting(EvalsError, ValueError):
    """A margin, level or count that cannot work; raised before anything is measured."""


class InvalidSuite(EvalsError, ValueError):
    """A suite that cannot be run as it is; raised when it is built."""


class DataError(EvalsError, ValueError):
    """Cases or results that cannot be used as they are."""


class InvalidCase(DataError):
    """A case that cannot be used."""

    def __init__(self, *, where: str, case: str, problem: str) -> None:
        super().__init__(f"{where}, case {case}: {problem}" if where else f"case {case}: {problem}")
        self.where = where
        self.case = case
        self.problem = problem


class MissingExpected(InvalidCase):
    """A case that does not say what is right, where a scorer has to know."""

    def __init__(self, *, where: str, case: str, scorer: str = "") -> None:
        asks = f"scorer {scorer!r} needs it" if scorer else "it is needed here"
        super().__init__(
            where=where,
            case=case,
            problem=f"it has no expected value, and {asks}: add it, or build the suite with allow_unlabelled=True,"
            " which leaves such cases unscored",
        )
        self.scorer = scorer


class InvalidCaseFile(DataError):
    """A file of cases that cannot be read."""

    def __init__(self, *, path: Path, problem: str, line: int | None = None, case: str | None = None) -> None:
        place = f"{path}" + (f", line {line}" if line is not None else "") + (f", case {case!r}" if case else "")
        super().__init__(f"{place}: {problem}")
        self.path = path
        self.line = line
        self.case = case
        self.problem = problem


class InvalidResult(DataError):
    """A result file that cannot be read, or belongs to another suite."""

    def __init__(self, *, path: Path, problem: str, line: int | None = None) -> None:
        super().__init__(f"{path}, line {line}: {problem}" if line is not None else f"{path}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class BeingWritten(InvalidResult):
    """A result file that another run is writing."""


class TooFewCases(DataError):
    """Nothing can be said about so few cases, or about cases of so few clusters."""

    def __init__(self, *, found: int, needed: int, what: str = "cases") -> None:
        more = "cases of other clusters" if what == "clusters" else "cases"
        super().__init__(f"{found} {what} with a score, at least {needed} needed: add {more}, or leave this metric out")
        self.found = found
        self.needed = needed


class InvalidScore(DataError):
    """A score that is not a finite number, or too large to be averaged; what could not be scored is None, never NaN."""

    def __init__(self, *, where: str, score: object) -> None:
        number: Any = score if isinstance(score, int | float) and not isinstance(score, bool) else math.nan
        problem = "is too large to be averaged" if abs(number) < math.inf else "is not a finite number"
        super().__init__(f"{where}: score {score!r} {problem}; a case that was not scored has None")
        self.where = where
        self.score = score


class UnknownMetric(DataError):
    """No scorer or measure of this name."""

    def __init__(self, *, metric: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no metric {metric!r}; there are {', '.join(known)}")
        self.metric = metric
        self.known = tuple(known)


class NotComparable(DataError):
    """Two results that must not be compared; nothing was judged."""


class Unfinished(NotComparable):
    """A result that lacks cases which could have come out badly."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}; run the suite again with the same --out: only those are asked")
        self.where = where
        self.problem = problem


class LowOverlap(NotComparable):
    """Too few cases are in both results, scored in both, with the same input."""

    def __init__(self, *, overlap: float, needed: float, causes: str) -> None:
        super().__init__(
            f"{below(overlap, needed, 1)} of the cases can be paired, {in_percent(needed)} needed ({causes}). Run the"
            " baseline again on the candidate's cases (`handrail eval run SUITE --out NEW` with the baseline's target)"
            " and compare with that"
        )
        self.overlap = overlap
        self.needed = needed


class ChangedScorer(NotComparable):
    """The two results were scored in different ways, so their difference says nothing about the answers."""

    def __init__(self, *, metric: str, baseline: str, candidate: str) -> None:
        super().__init__(
            f"metric {metric!r}: the baseline was scored by {baseline}, the candidate by {candidate}. Score the"
            " baseline's answers as the candidate's were, which asks no model again (`handrail eval run SUITE"
            " --answers-from BASELINE --out NEW`), and compare with that result"
        )
        self.metric = metric
        self.baseline = baseline
        self.candidate = candidate


class InvalidValue(DataError):
    """An expected value that a scorer cannot compare, or a field that a value's type does not have.

    An answer of the wrong kind is no error: it is wrong, and scores 0.
    """

    def __init__(self, *, scorer: str, problem: str) -> None:
        super().__init__(f"scorer {scorer!r}: {problem}")
        self.scorer = scorer
        self.problem = problem


class InvalidSummary(DataError):
    """A summary that cannot be read: of another format, or with a field of another shape."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}; take the file away, and it is made anew from the result")
        self.where = where
        self.problem = problem


class InvalidLabels(DataError):
    """Labels or scores that no threshold can be set from."""


class UnreadableAcceptance(DataError):
    """An acceptance file that is missing, damaged, or written by a newer release."""


class UnknownGroup(DataError):
    """A run's input does not say which group its case belongs to."""

    def __init__(self, *, case: str, field: str, found: str) -> None:
        super().__init__(
            f"case {case!r}: its run's input has no field {field!r} ({found}): name another, or give a function that"
            " takes the run's input as JSON data and returns the group as text"
        )
        self.case = case
        self.field = field


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
