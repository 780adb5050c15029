"""A promise for each group, and what it costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.tally import Counts, Tally
from handrail_evals.errors import InvalidLabels


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """One group under its own threshold and under the one of all."""

    own: Calibration
    """Under a threshold of its own, which keeps the promise for this group."""
    under_common: Counts
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


def _under(threshold: float | None, members: Sequence[Audit]) -> Counts:
    return Counts(0, 0) if threshold is None else Tally.of(members).at_least(threshold)
