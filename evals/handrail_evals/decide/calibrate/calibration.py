"""Setting one threshold, and what is known about it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handrail_evals.decide.calibrate.binomial import upper_bound
from handrail_evals.decide.calibrate.labels import Audit, data_hash, require_audits
from handrail_evals.decide.calibrate.ladder import Ladder
from handrail_evals.decide.calibrate.outlook import labels_to_pass
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.reason import Found, reason_of
from handrail_evals.decide.calibrate.sequence import Scan, scan
from handrail_evals.decide.calibrate.tally import Tally
from handrail_evals.errors import InvalidSetting

SURE_ERRORS = 10
"""How many of the wrong values that the score is surest of are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold that keeps a promise, or the reason why there is none."""

    promise: Promise
    threshold: float | None
    """Scores at or above it may be accepted; None: nothing may."""
    labels: int
    """How many audits there were; those of one cluster count once."""
    accepted: int
    """How many of them lie at or above the threshold."""
    errors: int
    """How many of the accepted ones are wrong."""
    bound: float
    """Upper bound of the risk at the threshold, with chance 1 - delta; 1 when nothing is accepted."""
    coverage: float
    """Expected share of cases that are accepted, 0 to 1, as seen on the audits."""
    labels_missing: int
    """How many more labels would let something pass: at least, where there are too few for any; by an estimate from the
    errors seen, where nothing passed; 0 when something is accepted, or when labels are not what is lacking."""
    copies: int
    """How many more audits there were, not counted because another of their cluster was."""
    distinct_scores: int
    """How many values the scores have: no threshold can part equal ones."""
    sure_errors: tuple[Audit, ...]
    """The wrong values that the score is surest of, ten at most: a wrong label looks like these."""
    reason: str
    """What came out and why, in plain words, and what to do when nothing is accepted."""
    data_hash: str
    """SHA-256 of the audits, as hexadecimal."""
    seen: int = 0
    """How many audits were labelled with the suggestion in view; above 0 only with ``accept_seen``."""

    @property
    def cases(self) -> int:
        """Return how many audits there were, each counted."""
        return self.labels + self.copies


def calibrate(
    audits: Sequence[Audit],
    *,
    promise: Promise,
    traffic: Iterable[float] | None = None,
    first_errors: int | None = None,
    accept_seen: bool = False,
) -> Calibration:
    """Return the loosest threshold that keeps the promise.

    The audits must be independent draws of the cases the threshold will meet; those of one cluster count once.
    ``traffic`` are scores of other cases, with or without labels, that the thresholds are taken from; without it they
    are the scores of the audits. ``first_errors`` is how many errors the first threshold tolerates: from
    ``choose_start``, or any number that was fixed before the audits were labelled. ``accept_seen`` lets labels count
    that were given with the suggestion in view: people agree with what they see, and the promise may be broken.

    Raises:
        InvalidLabels: a label is no audit, a case is there twice, a label was not given blind, or the traffic is empty.
        InvalidSetting: ``first_errors`` is below 0.
    """
    require_audits(audits, accept_seen=accept_seen)
    if first_errors is not None and first_errors < 0:
        raise InvalidSetting(f"first_errors is {first_errors!r}; give 0 or more, or None for the usual start")
    tally = Tally.of(audits)
    others = None if traffic is None else Ladder.of(traffic)
    missing = max(0, promise.floor - tally.labels)
    if missing:
        found = Scan(None, None)
    else:
        found = scan(tally, others or Ladder.of(tally.scores), promise, first_errors=first_errors)
    passed = found.passed
    counted = passed.counts if passed else None
    accepted, errors = (counted.accepted, counted.errors) if counted else (0, 0)
    hopes = None if passed or missing else labels_to_pass(tally, promise)
    values = Counter(tally.scores)
    wrong = sorted((each for each in audits if not each.right), key=lambda each: (-each.score, each.case))
    told = Found(
        scan=found,
        promise=promise,
        labels=tally.labels,
        copies=len(audits) - tally.labels,
        missing=missing,
        hopes=hopes,
        values=values,
        sure_errors=tuple(wrong[:SURE_ERRORS]),
        seen=sum(not each.blind for each in audits),
    )
    return Calibration(
        promise=promise,
        threshold=passed.rung.threshold if passed else None,
        labels=tally.labels,
        accepted=accepted,
        errors=errors,
        bound=upper_bound(errors, accepted, promise.delta),
        coverage=tally.share_at_least(passed.rung.threshold) if passed else 0.0,
        labels_missing=missing or (max(0, hopes - tally.labels) if hopes else 0),
        copies=told.copies,
        distinct_scores=len(values),
        sure_errors=told.sure_errors,
        reason=reason_of(told),
        data_hash=data_hash(audits),
        seen=told.seen,
    )
