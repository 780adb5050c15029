"""The loop that is closed by audits: a pure state machine that says how much to audit and whether to accept."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime
from typing import Literal, Self, TypeAlias

from handrail_evals.decide.drift.seen import Audited, Change, ChangeKind, Routed, Seen, require_zone
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.shift import Bet, Shift, mean_evidence, strongest
from handrail_evals.errors import DataError, UnknownCase
from handrail_ground.shares import in_percent

Phase: TypeAlias = Literal["usual", "raised", "stopped"]
"""Nothing suspected; the label-free alarm raised the audits; the audits stopped acceptance."""

RISK_RATIOS = (1.5, 3.0, 6.0)
"""How many times the target the risk has become: the bets on wrong audits."""
MOST_CHANGES = 20
"""Changes that are kept, the latest."""
MOST_CLUSTERS = 2000
"""Clusters that are kept, the latest audited: some weeks of audits."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known about drift, and what follows from it.

    It is given every case that was routed and every audit that was answered, and returns the watch after it. Only a new
    reference, after a new calibration, ends a stop.
    """

    settings: WatchSettings
    _: KW_ONLY
    phase: Phase
    shift: Shift
    """The label-free alarm."""
    risk: tuple[Bet, ...]
    """The bets that the risk has come to exceed the target, on every audit."""
    risk_once: tuple[Bet, ...] = ()
    """The same bets with each cluster counted once; empty: no cluster was audited twice, and they stand alike."""
    clusters: tuple[str, ...] = ()
    """Marks of the clusters that were audited, the latest last; the last 2,000."""
    routed_cases: int = 0
    """Cases since the watch was armed."""
    undrawn: int = 0
    """How many of the latest cases in a row were not drawn for an audit."""
    audits: int = 0
    """Answered audits of cases that were accepted since the watch was armed; those of one cluster count once."""
    wrong: int = 0
    """How many of them were wrong."""
    audits_at_alarm: int = 0
    """How many audits there were when the label-free alarm was last raised."""
    wrong_at_alarm: int = 0
    """How many of those were wrong."""
    awaited: frozenset[str] = frozenset()
    """Accepted cases that were drawn and not answered yet."""
    aside: frozenset[str] = frozenset()
    """Cases drawn and not answered yet whose audits say nothing about the risk: in doubt, or of an earlier round."""
    told: tuple[float, str] | None = None
    """The latest case that ``feed`` told it of: when it was judged, in seconds since the epoch, and its name."""
    changes: tuple[Change, ...] = ()
    """What happened so far, the latest last; the last 20."""

    @classmethod
    def armed(cls, settings: WatchSettings, reference: Iterable[Seen], *, at: datetime) -> Self:
        """Return a watch that compares with a reference, such as the traffic that the threshold was calibrated with.

        Raises:
            TooFewCases: the reference has fewer than 200 cases.
            InvalidSetting: the time has no time zone.
        """
        return cls.comparing(Shift.of(reference), settings, at=at)

    @classmethod
    def comparing(cls, shift: Shift, settings: WatchSettings, *, at: datetime) -> Self:
        """Return the same with what is compared with a reference.

        Raises:
            InvalidSetting: the time has no time zone.
        """
        armed = Change(kind="armed", at=at, case=0, what="reference cases", hits=0, cases=shift.known, chance=0.0)
        bets = tuple(Bet(ratio) for ratio in RISK_RATIOS)
        return cls(settings, phase="usual", shift=shift, risk=bets, changes=(armed,))

    @property
    def accepting(self) -> bool:
        """Return whether values may be accepted without a person."""
        return self.phase != "stopped" and not self.overdue and not self.unaudited

    @property
    def overdue(self) -> bool:
        """Return whether more audits wait than allowed, so that nobody would notice if values went wrong."""
        return len(self.awaited) > self.settings.most_awaited

    @property
    def unaudited(self) -> bool:
        """Return whether so many cases in a row were not drawn that nobody can be drawing them."""
        return self.undrawn >= self.settings.longest_undrawn

    @property
    def evidence(self) -> float:
        """Return the evidence that the risk has come to exceed the target.

        Copies of right values would hide what goes wrong elsewhere, and a frequent input that goes wrong is more than
        one: so it is the mean of the evidence with every audit counted, and with each cluster counted once.
        """
        every = mean_evidence(self.risk)
        return (every + mean_evidence(self.risk_once)) / 2 if self.risk_once else every

    @property
    def audit_rate(self) -> float:
        """Return the share of the cases to audit, above 0 to 1.

        It stays raised during a stop: the new calibration needs cases that were drawn at random, and people look at all
        of them anyway.
        """
        return self.settings.audit_rate if self.phase == "usual" else self.settings.raised_rate

    @property
    def why(self) -> str:
        """Return what the watch asks for, since when, on what evidence, and what to do about it."""
        if self.phase == "stopped":
            return (
                f"{self._latest('stopped')}; everything is reviewed until a new threshold is set"
                " (`handrail eval calibrate`) and the watch is armed with its reference"
            )
        if self.overdue:
            return (
                f"{len(self.awaited):,} audits of accepted values have no answer, {self.settings.most_awaited:,} may"
                " wait: everything is reviewed until enough of them are answered"
            )
        if self.unaudited:
            return (
                f"none of the latest {self.undrawn:,} cases was drawn for an audit, at least"
                f" {in_percent(self.settings.audit_rate)} should be: everything is reviewed until one is; give the step"
                " audit=WatchedAuditing(...), and tell the watch what it drew"
            )
        rate = in_percent(self.audit_rate)
        if self.phase == "raised":
            left = max(0, self.settings.settled_after - (self.audits - self.audits_at_alarm))
            return f"{self._latest('raised')} to {rate}, for {left:,} more audits if they find little"
        return f"nothing has moved: {rate} is audited, {self.wrong:,} of {self.audits:,} audits were wrong"

    def routed(self, case: Routed, *, at: datetime) -> "Watch":
        """Return the watch after a case was routed; a case whose audit is still awaited was counted before.

        While nothing is accepted, cases say nothing about the review rate, and are only counted.

        Raises:
            InvalidSetting: the time has no time zone.
        """
        require_zone(at)
        if case.case in self.awaited or case.case in self.aside:
            return self
        counted = _counted(self, case)
        if not self.accepting:
            return counted
        if self.phase == "raised":
            return replace(counted, shift=self.shift.collecting(case))
        moved = replace(counted, shift=self.shift.after(case))
        return _raised(moved, at) if moved.shift.evidence >= self.settings.cases_per_false_alarm else moved

    def audited(self, audit: Audited, *, at: datetime) -> "Watch":
        """Return the watch after an audit was answered; audits may come in any order, each once.

        Raises:
            UnknownCase: the case awaits no audit.
            InvalidSetting: the time has no time zone.
        """
        require_zone(at)
        if audit.case in self.aside:
            return replace(self, aside=self.aside - {audit.case})
        if audit.case not in self.awaited:
            raise UnknownCase(case=audit.case)
        answered = replace(self, awaited=self.awaited - {audit.case})
        if audit.right is None:
            return answered
        wrong = not audit.right
        copy = bool(audit.cluster) and audit.mark in self.clusters
        if not copy:
            answered = replace(answered, audits=self.audits + 1, wrong=self.wrong + wrong)
            if audit.cluster:
                answered = replace(answered, clusters=(*self.clusters, audit.mark)[-MOST_CLUSTERS:])
        if self.phase == "stopped":
            return answered
        answered = _bet(answered, audit, copy=copy)
        if answered.evidence >= self.settings.audits_per_false_stop:
            return _stopped(answered, at)
        return _settled(answered, at) if _can_settle(answered) else answered

    def rearmed(self, reference: Iterable[Seen], *, at: datetime, settings: WatchSettings | None = None) -> "Watch":
        """Return the watch after a new calibration: it starts anew with another reference, and accepts again.

        Audits that are still awaited speak of the threshold before: they may come, and count for nothing.

        Raises:
            TooFewCases: the reference has fewer than 200 cases.
            InvalidSetting: the time has no time zone.
        """
        fresh = Watch.armed(settings or self.settings, reference, at=at)
        told = self.told
        if told is not None and told[0] > at.timestamp():  # the clock was ahead: what comes now is not told yet
            told = (at.timestamp(), "")
        carried = replace(fresh, aside=self.aside | self.awaited, told=told, changes=self.changes)
        return _noted(carried, fresh.changes[-1])

    def _latest(self, kind: str) -> Change:
        found = next((change for change in reversed(self.changes) if change.kind == kind), None)
        if found is None:
            raise DataError(f"the watch is {kind} and does not say since when; arm it anew")
        return found


def _bet(watch: Watch, audit: Audited, *, copy: bool) -> Watch:
    """Return the watch with its bets after an audit; ``copy``: another of its cluster was audited before."""

    def after(bets: tuple[Bet, ...]) -> tuple[Bet, ...]:
        chance = watch.settings.target
        return tuple([bet.after(hit=not audit.right, chance=chance, weight=audit.weight) for bet in bets])

    once = watch.risk_once or (watch.risk if copy else ())
    return replace(watch, risk=after(watch.risk), risk_once=once if copy else after(once))


def _counted(watch: Watch, case: Routed) -> Watch:
    number = watch.routed_cases + 1
    if not case.drawn:
        return replace(watch, routed_cases=number, undrawn=watch.undrawn + 1)
    if case.accepted and watch.phase != "stopped":
        return replace(watch, routed_cases=number, undrawn=0, awaited=watch.awaited | {case.case})
    return replace(watch, routed_cases=number, undrawn=0, aside=watch.aside | {case.case})


def _raised(watch: Watch, at: datetime) -> Watch:
    signal, bet = watch.shift.leading()
    counts = (bet.hits, bet.cases, signal.chance_before(bet, watch.shift.known))
    change = _change(watch, "raised", at, what=f"cases were {signal.kind}", counts=counts)
    raised = replace(watch, phase="raised", audits_at_alarm=watch.audits, wrong_at_alarm=watch.wrong)
    return _noted(raised, change)


def _can_settle(watch: Watch) -> bool:
    enough = watch.audits - watch.audits_at_alarm >= watch.settings.settled_after
    # While a bet on wrong audits is winning, the next audits decide between a stop and an all-clear.
    quiet = all(bet.run <= 1 for bet in (*watch.risk, *watch.risk_once))
    return watch.phase == "raised" and enough and quiet and watch.shift.can_settle


def _settled(watch: Watch, at: datetime) -> Watch:
    counts = (watch.wrong - watch.wrong_at_alarm, watch.audits - watch.audits_at_alarm, watch.settings.target)
    change = _change(watch, "settled", at, what="audits since the alarm were wrong", counts=counts)
    return _noted(replace(watch, phase="usual", shift=watch.shift.settled()), change)


def _stopped(watch: Watch, at: datetime) -> Watch:
    bet = strongest((*watch.risk, *watch.risk_once))
    counts = (bet.hits, bet.cases, watch.settings.target)
    return _noted(
        replace(watch, phase="stopped"), _change(watch, "stopped", at, what="audits were wrong", counts=counts)
    )


def _change(watch: Watch, kind: ChangeKind, at: datetime, *, what: str, counts: tuple[int, int, float]) -> Change:
    hits, cases, chance = counts
    return Change(kind=kind, at=at, case=watch.routed_cases, what=what, hits=hits, cases=cases, chance=chance)


def _noted(watch: Watch, change: Change) -> Watch:
    return replace(watch, changes=(*watch.changes, change)[-MOST_CHANGES:])
