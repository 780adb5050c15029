"""A watch that goes on in place over many cases: it comes to what the watch itself would, at a fifth of the work."""

from dataclasses import replace

from handrail_evals.decide.drift.shift import Bet, Kind, Parts, Shift, Signal, chance_of, stepped
from handrail_evals.decide.drift.watch import Phase, Watch
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.drift import watched

EVIDENCE = Bet._fields.index("evidence")
"""The place of the evidence among the parts of a bet."""
NEARLY = 0.99
"""From this share of the evidence that changes the phase on, the watch itself decides: it adds up in another order."""


class RunningWatch:
    """A watch between two looks at the ledger.

    While nothing is suspected, which is nearly always, its numbers are kept in place. A case with which its phase might
    change, and all while it is another, are told to the watch itself.
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
        settings = watch.settings
        self._target = settings.target
        fewest = min(len(signal.bets) for signal in watch.shift.signals)
        self._alarm = NEARLY * settings.cases_per_false_alarm * fewest * len(watch.shift.signals)
        self._stop = NEARLY * settings.audits_per_false_stop * len(watch.risk)
        self._longest_undrawn = settings.longest_undrawn
        self._kinds: list[Kind] = [signal.kind for signal in watch.shift.signals]
        self._hits = [signal.hits for signal in watch.shift.signals]
        self._bets: list[list[Parts]] = [[*signal.bets] for signal in watch.shift.signals]
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
            shift = self._watch.shift
            signals = tuple(
                Signal(kind, hits, tuple(map(Bet._make, bets)), signal.recent)
                for kind, hits, bets, signal in zip(self._kinds, self._hits, self._bets, shift.signals, strict=True)
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

    def take(self, case: DrawnCase, threshold: float, at: float) -> None:
        """Go on with a case of the ledger, and its answer if it was drawn."""
        if not self._goes_on or not self._took(case, threshold):
            self._begin(watched(self.watch, case, threshold, at))

    def _took(self, case: DrawnCase, threshold: float) -> bool:
        """Go on in place; False: nothing was changed, as the phase changes with this case."""
        score, known = case.score, self._known
        accepted = score >= threshold
        hits, bets, evidence = [], [], 0.0
        for kind, before, laid in zip(self._kinds, self._hits, self._bets, strict=True):
            hit = kind.holds(score, accepted=accepted)
            after = stepped(laid, hit=hit, chance=chance_of(before, known))
            evidence += sum([bet[EVIDENCE] for bet in after])
            hits.append(before + hit)
            bets.append(after)
        if evidence >= self._alarm:
            return False
        if case.drawn and accepted:
            wrong = case.verdict != "right"
            risk = stepped(self._risk, hit=wrong, chance=self._target)
            if sum([bet[EVIDENCE] for bet in risk]) >= self._stop:
                return False
            self._risk, self._audits, self._wrong = risk, self._audits + 1, self._wrong + wrong
        self._hits, self._bets, self._known = hits, bets, known + 1
        self._routed += 1
        self._undrawn = 0 if case.drawn else self._undrawn + 1
        self._goes_on = self._undrawn < self._longest_undrawn
        self._has_moved = True
        return True
