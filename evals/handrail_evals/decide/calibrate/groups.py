"""A promise for each group, at each of several looks at growing labels, and what thresholds cost in a day's work."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedCounts, AcceptedTally
from handrail_evals.errors import InvalidLabels, InvalidSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """One group under its own threshold and under the one of all."""

    own: Calibration
    """Under a threshold of its own, which keeps the promise for this group."""
    under_common: AcceptedCounts
    """What the common threshold accepts of this group, and how much of it is wrong: no promise, a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCalibration:
    """The promise kept over all cases, beside the promise kept in each group."""

    common: Calibration
    """One threshold for all: some groups may be worse than the promise, and others better."""
    groups: Mapping[str, GroupView]
    """By group, in alphabetical order."""

    @property
    def coverage(self) -> float:
        """Expected share of all cases that the groups' own thresholds accept, 0 to 1."""
        return sum(view.own.coverage * view.own.cases for view in self.groups.values()) / self.common.cases

    @property
    def coverage_cost(self) -> float:
        """Coverage given up for the promises of the groups, -1 to 1; below 0 they accept more."""
        return self.common.coverage - self.coverage


def calibrate_groups(
    audits: Sequence[Audit],
    *,
    traffic: Mapping[str, Iterable[float]],
    promise: Promise,
    all_at_once: bool = False,
    accept_seen: bool = False,
) -> GroupCalibration:
    """Return a threshold for each group of the audits, beside the common one.

    ``traffic`` are scores of other cases by group. Each group's promise is kept on its own; with ``all_at_once`` all
    of them hold together with chance 1 - delta, at delta / number of groups each, which costs more labels.

    Raises:
        InvalidLabels: there are no audits, or a group has no scores in ``traffic``; or as ``calibrate``.
    """
    by_group: defaultdict[str, list[Audit]] = defaultdict(list)
    for audit in audits:
        by_group[audit.group].append(audit)
    if not by_group:
        raise InvalidLabels("there are no audits, so there are no groups; label cases drawn at random")
    scores = {group: tuple(found) for group, found in traffic.items()}
    absent = sorted(by_group.keys() - scores.keys())
    if absent:
        raise InvalidLabels(f"no scores of other cases for {', '.join(map(repr, absent))}; add them to traffic")
    every = [score for found in scores.values() for score in found]
    common = calibrate(audits, traffic=every, promise=promise, accept_seen=accept_seen)
    each = promise.split(len(by_group)) if all_at_once else promise
    return GroupCalibration(
        common=common,
        groups={
            group: GroupView(
                own=calibrate(members, traffic=scores[group], promise=each, accept_seen=accept_seen),
                under_common=_under(common.threshold, members),
            )
            for group, members in sorted(by_group.items())
        },
    )


def _under(threshold: float | None, members: Sequence[Audit]) -> AcceptedCounts:
    return AcceptedCounts(0, 0) if threshold is None else AcceptedTally.of(members).at_least(threshold)


@dataclass(frozen=True, slots=True)
class Looks:
    """The numbers of labels at which a threshold is set anew, planned before the first of them.

    Each look may break the promise with chance delta / number of looks: together they stay within delta.
    """

    at: tuple[int, ...] = (500, 1000, 2000, 4000)
    """Rising, each more than 0."""

    def __post_init__(self) -> None:
        if not self.at or self.at[0] < 1 or any(first >= second for first, second in pairwise(self.at)):
            raise InvalidSetting(f"looks at {self.at!r}; give rising numbers of labels, such as (500, 1000)")

    def share(self, promise: Promise) -> Promise:
        """Return what one look must keep, so that all of them keep the promise."""
        return promise.split(len(self.at))

    def due(self, labels: int, *, taken: int) -> int | None:
        """Return the number of labels to look at now, or None to wait for more.

        ``taken`` is the number of labels of the last look, 0 before the first. A look that was missed is not made up
        for: the later one sees more.
        """
        return max((at for at in self.at if taken < at <= labels), default=None)


def recalibrate(
    audits: Sequence[Audit],
    *,
    promise: Promise,
    looks: Looks,
    taken: int,
    traffic: Iterable[float] | None = None,
    accept_seen: bool = False,
) -> Calibration | None:
    """Return the threshold of the look that is due, or None when the one in use stays.

    ``audits`` are in the order they arrived in; the look reads exactly the planned number of them, so that nobody can
    wait for a lucky moment; audits of one cluster count once. The caller keeps ``taken``: the ``labels`` of the last
    calibration, 0 before the first.

    Raises:
        InvalidLabels: as ``calibrate``.
    """
    due = looks.due(AcceptedTally.of(audits).labels, taken=taken)
    if due is None:
        return None
    return calibrate(_first(audits, due), traffic=traffic, promise=looks.share(promise), accept_seen=accept_seen)


def _first(audits: Sequence[Audit], labels: int) -> Sequence[Audit]:
    """Return the audits until so many of them count."""
    seen: set[str] = set()
    counted = 0
    for place, audit in enumerate(audits):
        if not audit.cluster or audit.cluster not in seen:
            if counted == labels:
                return audits[:place]
            counted += 1
            seen.add(audit.cluster)
    return audits


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How much work there is, and how long people take for it."""

    cases: int
    """Cases in the time looked at, such as a day; 0 or more."""
    minutes_each: float
    """How long a person takes to decide one case, in minutes; 0 or more."""
    audited: float = 0.0
    """Share of the accepted cases that is audited, 0 to 1."""

    def __post_init__(self) -> None:
        if not (0 <= self.cases < math.inf and 0 <= self.minutes_each < math.inf and 0 <= self.audited <= 1):
            raise InvalidSetting(f"{self} cannot be; cases and minutes are 0 or more, audited is from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostView:
    """What to expect of a threshold."""

    coverage: float
    """Share of the cases that is accepted, 0 to 1."""
    human_minutes: float
    """Minutes people spend on doubtful cases and audits."""
    expected_wrong: float
    """Accepted values that are wrong, going by the errors seen."""
    promised_wrong: float
    """The most of them that the promise allows."""


def cost_view(calibration: Calibration, work: Workload) -> CostView:
    """Return what a calibrated threshold means for an amount of work."""
    accepted = calibration.coverage * work.cases
    seen = calibration.errors / calibration.accepted if calibration.accepted else 0.0
    return CostView(
        coverage=calibration.coverage,
        human_minutes=(work.cases - accepted * (1 - work.audited)) * work.minutes_each,
        expected_wrong=accepted * seen,
        promised_wrong=accepted * calibration.promise.target,
    )
