"""What tells the keeper that the traffic is another: a watch, fed from the ledger in its order."""

from collections.abc import Sequence
from datetime import UTC, datetime

from handrail_evals.decide.drift.seen import Audited, Routed
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.shift import Shift
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.keeping.draws import DrawnCase

REFERENCE = 200
"""Cases that a watch compares with: the last ones before the threshold was set."""
RAISED_SHARE = 0.5
"""The share of accepted cases that is asked blind once the scores have moved."""


def watch_settings(target: float, least_share: float) -> WatchSettings:
    """Return how a promise is watched."""
    return WatchSettings(
        target=target,
        audit_rate=least_share,
        raised_rate=max(RAISED_SHARE, least_share),
        cases_per_false_alarm=20_000,
        audits_per_false_stop=10_000,
        settled_after=60,
        most_awaited=1_000_000,  # a case that nobody answers holds up the reading, and is given up in the end
    )


def armed(settings: WatchSettings, scores: Sequence[float], threshold: float, at: float) -> Watch | None:
    """Return a watch that compares with the last scores, as a threshold accepts them; None: there are too few."""
    if len(scores) < REFERENCE:
        return None
    shift = Shift.of_scores(scores[-REFERENCE:], threshold)
    return Watch.comparing(shift, settings, at=datetime.fromtimestamp(at, UTC))


def watched(watch: Watch, case: DrawnCase, threshold: float, at: float) -> Watch:
    """Return a watch after a case of the ledger, and its answer if it was drawn.

    Whether it counts as accepted is told by the threshold in force now: what was judged by the rule before it says as
    much of what is accepted from now on.
    """
    name, moment = str(case.number), datetime.fromtimestamp(at, UTC)
    after = watch.routed(Routed(case.score, case.score >= threshold, case=name, drawn=case.drawn), at=moment)
    if case.drawn and name in after.awaited | after.aside:
        return after.audited(Audited(name, case.verdict == "right", weight=case.weight), at=moment)
    return after
