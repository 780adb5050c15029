"""Setting one threshold, and what is known about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evals.calibrate.binomial import upper_bound
from evals.calibrate.labels import Audit, data_hash, require_audits
from evals.calibrate.ladder import Ladder
from evals.calibrate.promise import Promise
from evals.calibrate.sequence import Scan, Trial, scan
from evals.calibrate.tally import Tally
from evals.errors import InvalidSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold that keeps a promise, or the reason why there is none."""

    promise: Promise
    threshold: float | None
    """Scores at or above it may be accepted; None: nothing may."""
    labels: int
    """How many audits there were."""
    accepted: int
    """How many of them lie at or above the threshold."""
    errors: int
    """How many of the accepted ones are wrong."""
    bound: float
    """Upper bound of the risk at the threshold, with chance 1 - delta; 1 when nothing is accepted."""
    coverage: float
    """Expected share of cases that are accepted, 0 to 1, as seen on the audits."""
    labels_missing: int
    """How many more labels are needed before anything could be accepted; 0 when it is not a matter of their number."""
    reason: str
    """What came out and why, in plain words."""
    data_hash: str
    """SHA-256 of the audits, as hexadecimal."""


def calibrate(
    audits: Sequence[Audit], *, traffic: Iterable[float], promise: Promise, first_errors: int | None = None
) -> Calibration:
    """Return the loosest threshold that keeps the promise.

    ``traffic`` are scores of other cases, with or without labels, that the thresholds are taken from. The audits must
    be independent draws of the cases the threshold will meet. ``first_errors`` is from ``choose_start``, or any number
    that was fixed before the audits were labelled.

    Raises:
        InvalidLabels: a label is no audit, a case is there twice, or there are no other scores.
        InvalidSetting: ``first_errors`` is below 0.
    """
    require_audits(audits)
    if first_errors is not None and first_errors < 0:
        raise InvalidSetting(f"first_errors is {first_errors!r}; give 0 or more, or None for the usual start")
    ladder = Ladder.of(traffic)
    missing = max(0, promise.floor - len(audits))
    found = Scan(None, None) if missing else scan(Tally.of(audits), ladder, promise, first_errors=first_errors)
    passed = found.passed
    counted = passed.counts if passed else None
    accepted, errors = (counted.accepted, counted.errors) if counted else (0, 0)
    return Calibration(
        promise=promise,
        threshold=passed.rung.threshold if passed else None,
        labels=len(audits),
        accepted=accepted,
        errors=errors,
        bound=upper_bound(errors, accepted, promise.delta),
        coverage=accepted / len(audits) if audits else 0.0,
        labels_missing=missing,
        reason=_reason(found, len(audits), promise),
        data_hash=data_hash(audits),
    )


def _reason(found: Scan, labels: int, promise: Promise) -> str:
    promised = f"at most {promise.target:.3g} wrong with confidence {1 - promise.delta:.4g}"
    if labels < promise.floor:
        return (
            f"nothing is accepted: {promised} needs at least {promise.floor} labels without an error,"
            f" there are {labels}; label {promise.floor - labels} more cases drawn at random"
        )
    if found.passed is None:
        return (
            f"nothing is accepted: {promised} does not hold at the strictest threshold tried{_seen(found.failed)};"
            " label more cases, improve the model, or begin stricter with choose_start on development cases"
        )
    if found.failed is None:
        return f"everything that was tried keeps the promise: {promised}"
    return f"{promised}{_seen(found.passed)}; the next threshold fails{_seen(found.failed)}"


def _seen(trial: Trial | None) -> str:
    if trial is None:
        return ""
    return f" ({trial.counts.errors} wrong of {trial.counts.accepted} at {trial.rung.threshold:.6g} or more)"
