"""Where the keeper of one promise stands: what it believes, what it has seen lately, and the watch for drift."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Self

from pydantic_core import from_json, to_json

from handrail_evals.decide.drift.shift import mean_evidence
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import watch_from_json, watch_to_json
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.drift import REFERENCE, armed, watch_settings
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import STARTS, KeeperLadder, ladder_told
from handrail_evals.decide.keeping.missed import MissedKeeper
from handrail_evals.decide.keeping.running_watch import RunningWatch
from handrail_evals.errors import InvalidLabels
from handrail_ground.shares import in_digits
from handrail_orchestrator.store.promises import PromiseRow

BAND = 0.1
"""Of the cases: so much just below the threshold is asked blind altogether, as the next threshold is found there."""
LADDER_REACH = 1 - STARTS[0]
"""Of the cases: what a ladder covers from its first threshold to its last."""
SHADOW_SHARE = 1.0
"""The share of accepted cases that is asked blind while another version of the model is in shadow. A bet wins as much
an answer with any share, so that a trial takes as many answers, and with all of them it takes the fewest cases."""
SHARE_STEP = 0.9
"""A share in force moves when it may fall to so much of itself, or rise to itself over that, and not for less."""


@dataclass(slots=True)
class KeeperState:
    """The keeper of a promise between two looks at its ledger: a function of the ledger and of its stops."""

    keeper: PromiseKeeper
    scores: list[float] = field(default_factory=list)
    """Of the last cases."""
    watch: Watch | None = None
    stopped: str = ""
    """Why nothing that was counted before counts any more; empty: all of it does."""
    is_shadowed: bool = False
    """Whether another version of the model is in shadow just now, which is no part of the checkpoint."""

    def read(self, cases: Iterable[tuple[DrawnCase, float]]) -> int:
        """Read cases with when each was judged, up to the first that is open, or to a stop; return how many."""
        given, place = list(cases), self.keeper.in_force
        places = self.keeper.follow([case for case, _ in given])
        running = None if self.watch is None else RunningWatch(self.watch)
        calm = len(places) - self.keeper.is_alarmed
        for now, group in groupby(range(calm), key=places.__getitem__):
            first, *others = group
            has_moved, place = now != place and given[first][0].score >= 0, now
            if has_moved:
                running = None  # where a threshold moves, a watch begins anew
            # a case with a score below 0 could never be missed, so that no threshold speaks of it
            scored = [each for each in (first, *others) if given[each][0].score >= 0]
            while place >= 0 and scored and running is None:
                running = self._armed(given[scored.pop(0)], self.keeper.ladder.thresholds[place])
            taken = self._watched(running, [given[each] for each in scored], place)
            if running is not None and running.phase == "stopped":
                self._stop(running.watch.changes[-1], given[scored[taken - 1]][0])
                return scored[taken - 1] + 1
        if calm < len(places):
            self._stop("more is missed than promised", given[calm][0])
            return len(places)
        self.watch = None if running is None else running.watch
        del self.scores[:-REFERENCE]
        return len(places)

    def _armed(self, case: tuple[DrawnCase, float], threshold: float) -> RunningWatch | None:
        """Return a watch that begins behind a case; None: too few scores are known to compare with."""
        self.scores.append(case[0].score)
        settings = watch_settings(self.keeper.settings.target, self.keeper.settings.least_share)
        watch = armed(settings, self.scores, threshold, case[1])
        return None if watch is None else RunningWatch(watch)

    def _watched(self, running: RunningWatch | None, cases: Sequence[tuple[DrawnCase, float]], place: int) -> int:
        """Go on with cases that were judged while one threshold was in force; returns how many were taken."""
        self.scores += [case.score for case, _ in cases]
        if running is None or place < 0:
            return len(cases)
        seen = [_watchable(case, is_missed=self.keeper.settings.is_missed) for case, _ in cases]
        return running.take(seen, self.keeper.ladder.thresholds[place], [at for _, at in cases])

    def look_ahead(self, cases: Iterable[DrawnCase]) -> bool:
        """Stop where the answers behind an open case say that too much is wrong; return whether it did.

        One item that nobody answers would hide from the watch, for days, what everybody else sees. Its bets on wrong
        answers are tried on what people said of accepted cases; unless they stop it, all of it is read in its order
        later. What was looked at when it stops counts for nothing that begins anew.
        """
        threshold = self.keeper.threshold
        if threshold is None or self.watch is None or self.keeper.settings.is_missed:
            return False
        settings, bets, answers, wrong = self.watch.settings, self.watch.risk, 0, 0
        for case in cases:
            if not case.drawn or case.score < threshold or case.verdict not in {"right", "wrong"}:
                continue
            answers, wrong = answers + 1, wrong + (case.verdict == "wrong")
            hit = case.verdict == "wrong"
            bets = tuple([bet.after(hit=hit, chance=settings.target, weight=case.weight) for bet in bets])
            if mean_evidence(bets) >= settings.audits_per_false_stop:
                counted = f"{wrong:,} of {answers:,} answers behind one that is still open were wrong"
                self._stop(f"{counted}, {in_digits(settings.target)} expected", case)
                return True
        return False

    def _stop(self, change: object, case: DrawnCase) -> None:
        """Believe nothing from a case on: what comes now is another traffic, and a promise about it begins anew."""
        self.stopped = f"drift: {change}"
        self.keeper = type(self.keeper)(self.keeper.ladder, self.keeper.settings)
        self.keeper.last = case.number
        self.watch, self.scores = None, []

    @property
    def accepted_share(self) -> float:
        """Return the share of accepted cases to ask blind next: more while something is suspected or tried."""
        share = max(self.keeper.share(), SHADOW_SHARE) if self.is_shadowed else self.keeper.share()
        return share if self.watch is None else max(share, self.watch.audit_rate)

    @property
    def band_from(self) -> float | None:
        """Return the threshold down to which all cases below the one in force are asked blind."""
        keeper, thresholds = self.keeper, self.keeper.ladder.thresholds
        if keeper.in_force < 0 or keeper.settings.is_missed:  # a label's cases may be anywhere
            return None
        rungs = max(1, round(len(thresholds) * BAND / LADDER_REACH))
        return thresholds[min(len(thresholds) - 1, keeper.in_force + rungs)]

    def as_text(self) -> str:
        """Return it as the text of a checkpoint."""
        watch = None if self.watch is None else watch_to_json(self.watch)
        told = {"keeper": self.keeper.as_json(), "scores": self.scores, "watch": watch}
        # a thousand numbers at each look: ten times as fast as the standard library, and as exact
        return to_json({**told, "counted": self.keeper.settings.counted}, inf_nan_mode="constants").decode()

    @classmethod
    def of_text(cls, text: str | None, ladder: KeeperLadder, settings: KeeperSettings) -> Self:
        """Return it from a checkpoint, or at its beginning; there too where another share of wrong values counts now.

        Raises:
            InvalidLabels: the text is none, or none of this ladder.
            UnreadableWatch: its watch is none of this release.
        """
        kind = MissedKeeper if settings.is_missed else PromiseKeeper
        if text is None:
            return cls(kind(ladder, settings))
        try:
            data: Any = from_json(text)
        except ValueError as error:
            raise InvalidLabels(f"this is no checkpoint of a keeper: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("scores"), Sequence):
            raise InvalidLabels("this is no checkpoint of a keeper: begin again from the ledger")
        if data.get("counted", 1.0) != settings.counted:
            return cls(kind(ladder, settings))
        keeper = kind.of_json(data.get("keeper"), ladder, settings)
        watch = data.get("watch")
        return cls(keeper, [float(each) for each in data["scores"]], None if watch is None else watch_from_json(watch))


def _watchable(case: DrawnCase, *, is_missed: bool) -> DrawnCase:
    """Return a case as a watch takes it: that it is of the label which may be missed says nothing of what is wrong."""
    return replace(case, verdict="right") if is_missed and case.drawn else case


def state_of(row: PromiseRow) -> KeeperState:
    """Return where the keeper of a promise stands that has its thresholds.

    Raises:
        InvalidLabels: they, or the checkpoint, are none of this release.
    """
    ladder = ladder_told(row.ladder or "null")
    settings = KeeperSettings(target=row.target, delta=row.delta, stops_at=row.stops_at, answers=row.answers)
    return KeeperState.of_text(row.checkpoint, ladder, settings)
