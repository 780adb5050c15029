"""A watch that goes on over many cases at once: it comes to what the watch itself would, at a tenth of the work."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

from handrail_evals.decide.drift.shift import Bet, Kind, Parts, Shift, Signal, stepped
from handrail_evals.decide.drift.watch import Phase, Watch
from handrail_evals.decide.keeping.bets import np
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.drift import watched

EVIDENCE = 2
"""The place of the evidence among the parts of a bet."""
NEARLY = 0.99
"""From this share of the evidence that changes the phase on, the watch itself decides: it adds up in another order."""
AT_ONCE = 500
"""Cases that are reckoned together."""


class RunningWatch:
    """A watch between two looks at the ledger.

    While nothing is suspected, which is nearly always, all of its bets go on together, a row of numbers a case. A case
    with which its phase might change, and all while it is another, are told to the watch itself.
    """

    def __init__(self, watch: Watch) -> None:
        self._begin(watch)

    def _begin(self, watch: Watch) -> None:
        self._watch = watch
        self._has_moved = False
        plain = not watch.risk_once and not watch.awaited and not watch.aside
        self._goes_on = watch.phase == "usual" and watch.accepting and plain
        if not self._goes_on:
            return
        settings, signals = watch.settings, watch.shift.signals
        self._target = settings.target
        fewest = min(len(signal.bets) for signal in signals)
        self._alarm = NEARLY * settings.cases_per_false_alarm * fewest * len(signals)
        self._stop = NEARLY * settings.audits_per_false_stop * len(watch.risk)
        self._longest_undrawn = settings.longest_undrawn
        self._kinds: list[Kind] = [signal.kind for signal in signals]
        self._signal_of = np.repeat(np.arange(len(signals)), [len(signal.bets) for signal in signals])
        self._hits = np.asarray([signal.hits for signal in signals])
        self._bets = [
            np.asarray(each) for each in zip(*(bet for signal in signals for bet in signal.bets), strict=True)
        ]
        self._risk: list[Parts] = [*watch.risk]
        self._known, self._routed, self._undrawn = watch.shift.known, watch.routed_cases, watch.undrawn
        self._audits, self._wrong = watch.audits, watch.wrong

    @property
    def phase(self) -> Phase:
        """Return the watch's phase."""
        return self._watch.phase

    @property
    def watch(self) -> Watch:
        """Return the watch as it is now."""
        if self._has_moved:
            shift, bets = self._watch.shift, [Bet._make(each) for each in zip(*map(_plain, self._bets), strict=True)]
            signals = tuple(
                Signal(
                    kind, hits, tuple(bet for bet, of in zip(bets, self._signal_of, strict=True) if of == place), recent
                )
                for place, (kind, hits, recent) in enumerate(
                    zip(self._kinds, _plain(self._hits), (each.recent for each in shift.signals), strict=True)
                )
            )
            self._watch = replace(
                self._watch,
                shift=Shift(signals, self._known, shift.recent),
                risk=tuple(map(Bet._make, self._risk)),
                routed_cases=self._routed,
                undrawn=self._undrawn,
                audits=self._audits,
                wrong=self._wrong,
            )
            self._has_moved = False
        return self._watch

    def take(self, cases: Sequence[DrawnCase], threshold: float, at: Sequence[float]) -> int:
        """Go on with cases of the ledger, each with when it was judged, and their answers; returns how many were taken.

        Behind one with which it stops none is.
        """
        taken = 0
        while taken < len(cases) and self.phase != "stopped":
            if self._goes_on:
                taken += self._took(cases[taken : taken + AT_ONCE], threshold)
                if taken == len(cases) or (taken and taken % AT_ONCE == 0 and self._goes_on):
                    continue
            self._begin(watched(self.watch, cases[taken], threshold, at[taken]))
            taken += 1
        return taken

    def _took(self, cases: Sequence[DrawnCase], threshold: float) -> int:
        """Go on in place; returns how many were taken, up to one with which the phase may change."""
        scores = np.asarray([case.score for case in cases])
        accepted = scores >= threshold
        held = np.stack([_holds(kind, scores, accepted) for kind in self._kinds], axis=1)
        hits = self._hits + np.cumsum(held, axis=0)
        ratio, least, evidence, run, count, seen = self._bets
        factors = _factors(ratio, least, held, hits, self._known, self._signal_of)
        worths, runs = _worths(factors, evidence, run)
        alarmed = worths.sum(axis=1) >= self._alarm
        end = self._answered(cases[: int(alarmed.argmax()) if alarmed.any() else len(cases)], accepted)
        if not end:
            return 0
        hits, begun = hits[:end], np.concatenate([run[None], runs[: end - 1]]) <= 1.0
        since = np.where(begun.any(axis=0), end - 1 - begun[::-1].argmax(axis=0), -1)
        columns = self._signal_of
        before = np.where(since > 0, hits[np.maximum(since - 1, 0), columns], self._hits[columns])
        again = hits[-1, columns] - before
        self._bets = [
            ratio, least, worths[end - 1], runs[end - 1],
            np.where(since >= 0, again, count + again), np.where(since >= 0, end - since, seen + end),
        ]  # fmt: skip
        self._hits = hits[-1]
        self._known, self._routed, self._has_moved = self._known + end, self._routed + end, True
        return end

    def _answered(self, cases: Sequence[DrawnCase], accepted: Any) -> int:
        """Go on with the bets on answers; returns how many cases were taken, up to one with which it may stop."""
        for place, (case, is_accepted) in enumerate(zip(cases, accepted.tolist(), strict=False)):
            if case.drawn and is_accepted:
                wrong = case.verdict != "right"
                risk = stepped(self._risk, hit=wrong, chance=self._target, weight=case.weight)
                if sum([bet[EVIDENCE] for bet in risk]) >= self._stop:
                    return place
                self._risk, self._audits, self._wrong = risk, self._audits + 1, self._wrong + wrong
            self._undrawn = 0 if case.drawn else self._undrawn + 1
            if self._undrawn >= self._longest_undrawn:
                self._goes_on = False
                return place + 1
        return len(cases)


def _plain(numbers: Any) -> list[Any]:
    found: list[Any] = numbers.tolist()
    return found


def _holds(kind: Kind, scores: Any, accepted: Any) -> Any:
    """Return of which cases a kind is; all of them have a score."""
    match kind.name:
        case "lowest":
            return scores < kind.edge
        case "highest":
            return scores > kind.edge
        case "reviewed":
            return ~accepted
        case "accepted":
            return accepted
        case "unscored":
            return np.zeros(len(scores), dtype=bool)
        case _ as unknown:
            assert_never(unknown)


def _factors(ratio: Any, least: Any, held: Any, hits: Any, known: int, signal_of: Any) -> Any:
    """Return what each bet makes with each case, as ``stepped`` does it."""
    chance = (hits - held + 0.5) / (known + np.arange(len(held))[:, None] + 1)
    chance, held = chance[:, signal_of], held[:, signal_of]
    expected = np.minimum(np.maximum(ratio * chance, least), (1 + chance) / 2)
    return np.where(held, expected / chance, (1 - expected) / (1 - chance))


def _worths(factors: Any, worth: Any, run: Any) -> tuple[Any, Any]:
    """Return what all bets laid so far, and the best of them, are worth after each case."""
    worths, runs = np.empty_like(factors), np.empty_like(factors)
    for place, factor in enumerate(factors):
        worths[place] = worth = (worth + 1.0) * factor
        runs[place] = run = np.maximum(run, 1.0) * factor
    return worths, runs
