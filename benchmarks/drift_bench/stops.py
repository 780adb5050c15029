"""Other ways to stop acceptance on audits, beside the one that is shipped."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from drift_bench.scenario import seeded
from handrail_evals.decide.calibrate.promise import at_most
from handrail_evals.decide.drift.shift import Bet, mean_evidence
from handrail_evals.decide.drift.watch import RISK_RATIOS

EVIDENCE = 1_000
"""What stops acceptance: 1 false stop in so many audits at most, for the ways that keep that."""
LEVEL = 0.05
CALIBRATED = 0.7
"""The risk of a calibrated threshold, as a share of its target: about what ``benchmarks/guarantee.py`` leaves."""
QUIET = 2_000
"""Audits in which a stop is false."""
BEFORE, AFTER = 1_000, 5_000
"""Audits before the risk rises, and from then on."""

Stop = Callable[[Iterable[bool], float], int | None]
"""From audits (wrong or not) and the target to the number of the audit that stops, or None."""


def _betting(ratios: tuple[float, ...], worth: Callable[[tuple[Bet, ...]], float]) -> Stop:
    def stop(audits: Iterable[bool], target: float) -> int | None:
        bets = tuple(Bet(ratio) for ratio in ratios)
        for number, wrong in enumerate(audits, 1):
            bets = tuple(bet.after(hit=wrong, chance=target) for bet in bets)
            if worth(bets) >= EVIDENCE:
                return number
        return None

    return stop


def _exact_test_each_time(audits: Iterable[bool], target: float) -> int | None:
    """Test after every audit whether there are too many wrong ones, as if it were the only test."""
    errors = 0
    for number, wrong in enumerate(audits, 1):
        errors += wrong
        if wrong and 1 - at_most(errors - 1, number, target) < LEVEL:
            return number
    return None


STOPS: dict[str, Stop] = {
    "shipped": _betting(RISK_RATIOS, mean_evidence),
    "one ratio": _betting((3.0,), mean_evidence),
    "best bets (CUSUM)": _betting(RISK_RATIOS, lambda bets: fmean(bet.run for bet in bets)),
    "exact test at 5% each time": _exact_test_each_time,
}
"""What is compared, in the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """One way to stop."""

    name: str
    target: float
    at_target: float
    """Share of streams that 2,000 audits stop falsely while the risk is exactly at the target."""
    below: float
    """The same where calibrated thresholds lie: at 0.7 times the target."""
    delays: dict[int, float]
    """Mean audits to the stop, by how many times the target the risk becomes after 1,000 quiet audits."""


def stop_rows(*, targets: Iterable[float], times: Iterable[int], repetitions: int, seed: int) -> list[StopRow]:
    """Return a row for each way and target."""
    rows: list[StopRow] = []
    for target in targets:
        for name, stop in STOPS.items():
            tries = _Tries(stop, target, repetitions, seed)
            rows.append(
                StopRow(
                    name=name,
                    target=target,
                    at_target=tries.false_stops(1.0),
                    below=tries.false_stops(CALIBRATED),
                    delays={each: tries.delay(each) for each in times},
                )
            )
    return rows


@dataclass(frozen=True, slots=True)
class _Tries:
    stop: Stop
    target: float
    repetitions: int
    seed: int

    def false_stops(self, times: float) -> float:
        """Return the share of the streams that are stopped while the risk is so many times the target."""
        found = [self._stop(each, [times * self.target] * QUIET) for each in range(self.repetitions)]
        return fmean(place is not None for place in found)

    def delay(self, times: float) -> float:
        """Return the mean audits to the stop when the risk rises to so many times the target after a quiet time."""
        risks = [CALIBRATED * self.target] * BEFORE + [times * self.target] * AFTER
        found = [self._stop(each, risks) for each in range(self.repetitions)]
        places = [BEFORE + AFTER if place is None else place for place in found]
        return fmean(place - BEFORE for place in places if place > BEFORE)

    def _stop(self, repetition: int, risks: Sequence[float]) -> int | None:
        chance = seeded(self.seed, repetition, risks[-1])
        return self.stop((chance.random() < risk for risk in risks), self.target)
