"""What came of a calibration, in plain words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import Scan, Trial
from handrail_guards.guarantee import told_seen

FEW_VALUES = 100
"""So few different scores among more labels are steps and no scale: votes, stated and rounded confidences."""
COPIED = 0.6
"""Share of the scores that differ, below which cases look like copies of each other."""
LARGE_TIE = 0.1
"""Share of the labels with one score from which on no threshold can be fine there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
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


def reason_of(found: Found) -> str:
    """Return the outcome, and what to do where nothing is accepted."""
    return "; ".join([_outcome(found), *_advice(found), *_notes(found)])


def _outcome(found: Found) -> str:
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


def _advice(found: Found) -> Iterator[str]:
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


def _notes(found: Found) -> Iterator[str]:
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
        what = f"{most / cases:.0%} of your scores are {score:.6g}"
    else:
        return
    yield f"{what}, and no threshold can part equal ones: a score of more digits may let more pass"


def _seen(trial: Trial | None) -> str:
    if trial is None:
        return ""
    return f" ({trial.counts.errors} wrong of {trial.counts.accepted} at {trial.rung.threshold:.6g} or more)"
