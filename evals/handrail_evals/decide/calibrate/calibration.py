"""Setting one threshold, and what is known about it: what came of it in plain words, how many labels would do."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from handrail_evals.decide.calibrate.labels import Audit, data_hash, require_audits
from handrail_evals.decide.calibrate.promise import Promise, at_most, labels_for, upper_bound
from handrail_evals.decide.calibrate.sequence import (
    AcceptedCounts,
    AcceptedTally,
    Ladder,
    Scan,
    Trial,
    scan,
    usual_first_errors,
)
from handrail_evals.errors import InvalidSetting
from handrail_ground.shares import in_percent
from handrail_guards.guarantee import told_seen

LIKELY = 0.8
"""So likely must the first threshold pass for a number of labels to be called enough."""
MOST_LABELS = 100_000
"""Nobody labels more: beyond it, labels are not what is lacking."""
GROWTH = 1.05
"""Numbers of labels are tried in steps of 5%: an estimate is no better."""
UNSEEN = 0.5
"""Errors added to those seen, evenly over the cases, so that none among few is not taken for none at all."""

FEW_VALUES = 100
"""So few different scores among more labels are steps and no scale: votes, stated and rounded confidences."""

COPIED = 0.6
"""Share of the scores that differ, below which cases look like copies of each other."""

LARGE_TIE = 0.1
"""Share of the labels with one score from which on no threshold can be fine there."""

SURE_ERRORS = 10
"""How many of the wrong values that the score is surest of are named."""


def labels_to_pass(tally: AcceptedTally, promise: Promise) -> int | None:
    """Return how many labels would probably let something pass, in all; None: no number would.

    It takes the errors to thin out towards the surest values as they do in these labels. That is an estimate, and
    promises nothing.
    """
    slope = _Slope.of(tally)
    labels = float(promise.floor)
    while labels <= MOST_LABELS:
        count = round(labels)
        errors = usual_first_errors(count, promise)
        needed = labels_for(errors, promise.target, promise.delta)
        risk = slope.risk(needed / count) if needed <= count else 1.0
        if risk < promise.target and at_most(errors, needed, risk) >= LIKELY:
            return count
        labels = max(labels * GROWTH, labels + 1)
    return None


@dataclass(frozen=True, slots=True)
class _Slope:
    """A risk that grows with a power of the share of the cases, from the surest on."""

    scale: float
    """The risk of the least sure value, as the slope has it."""
    power: float
    """0 or more: surer values are not worse."""

    @classmethod
    def of(cls, tally: AcceptedTally) -> "_Slope":
        """Return the likeliest slope of these labels (a Poisson regression on the logarithm of the rank)."""
        size = len(tally.scores)
        wrong = [tally.errors_from[place] - tally.errors_from[place + 1] for place in range(size)][::-1]
        logs = [math.log((place + 0.5) / size) for place in range(size)]
        # Under the slope the logarithm of an error's rank is -1 / (power + 1) on average.
        total = sum(wrong) + UNSEEN
        mean = (sum(map(mul, logs, wrong)) + UNSEEN * sum(logs) / size) / total
        power = max(0.0, -1 / mean - 1) if mean < 0 else 0.0
        return cls(total / size * (power + 1), power)

    def risk(self, coverage: float) -> float:
        """Return the share of wrong values among the surest of this share of the cases."""
        return min(1.0, self.scale * math.pow(coverage, self.power) / (self.power + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What is known when the tests are over."""

    scan: Scan
    promise: Promise
    labels: int
    """Those of one cluster count once."""
    copies: int
    """Audits that were not counted because another of their cluster was."""
    missing: int
    """Labels that lack for anything to be accepted."""
    hopes: int | None
    """How many labels would do, when nothing passed; None also when no number would."""
    values: Mapping[float, int]
    """How often each score is there."""
    sure_errors: tuple[Audit, ...]
    """The wrong values that the score is surest of."""
    seen: int
    """Labels that were given with the suggestion in view."""


def reason_of(found: Tested) -> str:
    """Return the outcome, and what to do where nothing is accepted."""
    return "; ".join([_outcome(found), *_advice(found), *_notes(found)])


def _outcome(found: Tested) -> str:
    promise, scan = found.promise, found.scan
    promised = f"at most {promise.target:.3g} wrong with confidence {1 - promise.delta:.4g}"
    if found.missing:
        return (
            f"nothing is accepted: {promised} needs at least {promise.floor} labels without an error,"
            f" there are {found.labels}; label {found.missing} more cases drawn at random"
        )
    if scan.passed is None:
        return f"nothing is accepted: {promised} does not hold at the strictest threshold tried{_seen(scan.failed)}"
    if scan.failed is None:
        return f"everything that was tried keeps the promise: {promised}"
    return f"{promised}{_seen(scan.passed)}; the next threshold fails{_seen(scan.failed)}"


def _advice(found: Tested) -> Iterator[str]:
    """Give what to do where the first threshold failed."""
    if found.missing or found.scan.passed is not None:
        return
    if found.sure_errors:
        named = ", ".join(f"{each.case or 'a case without a name'} ({each.score:.6g})" for each in found.sure_errors)
        yield (
            "look at these labels first, the score is surest of these wrong values, and a wrong label looks like that:"
            f" {named}"
        )
    if found.hopes is None:
        yield (
            "more labels like these would not help, as too many of the surest values are wrong: mend the labels,"
            " improve the model, or promise less"
        )
        return
    more = found.hopes - found.labels
    lacking = f", {more:,} more than there are," if more > 0 else ""
    yield (
        f"about {found.hopes:,} labels{lacking} would probably let something pass if they are like these: draw them"
        " anew, since a second look at the same labels breaks the promise more often (Looks)"
    )


def _notes(found: Tested) -> Iterator[str]:
    """Give what else is odd about the labels."""
    if found.seen:
        yield f"not certain: {told_seen(found.seen)}"
    if found.copies:
        yield f"{found.copies:,} labels were not counted: they share their input or cluster with another"
    cases = sum(found.values.values())
    if not found.copies and FEW_VALUES < len(found.values) <= COPIED * cases:
        yield (
            f"only {len(found.values):,} of {cases:,} scores differ, as if cases stood there under several names: give"
            " copies one cluster, or they break the promise"
        )
    score, most = max(found.values.items(), key=lambda each: each[1], default=(0.0, 0))
    if found.scan.passed is not None and found.scan.failed is None:
        return
    if len(found.values) <= FEW_VALUES < cases:
        what = f"your scores have only {len(found.values)} value{'s' if len(found.values) > 1 else ''}"
    elif cases > FEW_VALUES and most >= LARGE_TIE * cases:
        what = f"{in_percent(most / cases)} of your scores are {score:.6g}"
    else:
        return
    yield f"{what}, and no threshold can part equal ones: a score of more digits may let more pass"


def _seen(trial: Trial | None) -> str:
    if trial is None:
        return ""
    return f" ({trial.counts.errors} wrong of {trial.counts.accepted} at {trial.rung.threshold:.6g} or more)"


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
    tally = AcceptedTally.of(audits)
    others = None if traffic is None else Ladder.of(traffic)
    found = tested(audits, tally, promise, others, first_errors)
    passed = found.scan.passed
    counted = passed.counts if passed else AcceptedCounts(0, 0)
    return Calibration(
        promise=promise,
        threshold=passed.rung.threshold if passed else None,
        labels=found.labels,
        accepted=counted.accepted,
        errors=counted.errors,
        bound=upper_bound(counted.errors, counted.accepted, promise.delta),
        coverage=tally.share_at_least(passed.rung.threshold) if passed else 0.0,
        labels_missing=found.missing or (max(0, found.hopes - found.labels) if found.hopes else 0),
        copies=found.copies,
        distinct_scores=len(found.values),
        sure_errors=found.sure_errors,
        reason=reason_of(found),
        data_hash=data_hash(audits),
        seen=found.seen,
    )


def tested(
    audits: Sequence[Audit], tally: AcceptedTally, promise: Promise, others: Ladder | None, first_errors: int | None
) -> Tested:
    """Try the thresholds, of other cases' scores or of the audits' own, and return what is known then."""
    missing = max(0, promise.floor - tally.labels)
    if missing:
        found = Scan(None, None)
    else:
        found = scan(tally, others or Ladder.of(tally.scores), promise, first_errors=first_errors)
    wrong = sorted((each for each in audits if not each.right), key=lambda each: (-each.score, each.case))
    return Tested(
        scan=found,
        promise=promise,
        labels=tally.labels,
        copies=len(audits) - tally.labels,
        missing=missing,
        hopes=None if found.passed or missing else labels_to_pass(tally, promise),
        values=Counter(tally.scores),
        sure_errors=tuple(wrong[:SURE_ERRORS]),
        seen=sum(not each.blind for each in audits),
    )
