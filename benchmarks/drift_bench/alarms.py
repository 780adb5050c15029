"""Other ways to raise the label-free alarm, beside the one that is shipped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean

from scipy.stats import ks_2samp

from drift_bench.predictions import Population
from drift_bench.scenario import USUAL_SHARE, Deployed, deploy, draw, seeded
from handrail_evals.decide.drift.seen import Seen
from handrail_evals.decide.drift.shift import Shift

EVIDENCE = 10_000
"""What raises the alarm: 1 false alarm in so many cases at most, for the ways that keep that."""
BEFORE, AFTER = 500, 2_000
"""Cases before a drift, and from its beginning."""
WINDOW, LEVEL = 200, 0.01
"""Cases of a batch that a two-sample test looks at, and its level."""
TARGET = 0.02

Alarm = Callable[[Sequence[Seen], Sequence[Seen]], int | None]
"""From a reference and a stream to the place of the alarm, or None."""


def shipped(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Raise the alarm as ``Watch`` does."""
    return _first(Shift.of(reference), stream, lambda shift: shift.evidence)


def review_rate(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Look at the review rate alone."""
    whole = Shift.of(reference)
    reviewed = replace(
        whole, signals=tuple(each for each in whole.signals if each.kind.name in {"reviewed", "accepted"})
    )
    return _first(reviewed, stream, lambda shift: shift.evidence)


def one_ratio(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Bet at one ratio only."""
    return _first(Shift.of(reference, ratios=(2.0,)), stream, lambda shift: shift.evidence)


def best_bets(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Take the best bet instead of the sum of all (CUSUM)."""
    return _first(
        Shift.of(reference),
        stream,
        lambda shift: fmean(bet.run for signal in shift.signals for bet in signal.bets),
    )


def fixed_reference(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Compare with the reference alone, not with the cases since."""
    shift = start = Shift.of(reference)
    for place, case in enumerate(stream):
        moved = shift.after(case)
        pairs = zip(moved.signals, start.signals, strict=True)
        shift = replace(moved, known=start.known, signals=tuple(replace(new, hits=first.hits) for new, first in pairs))
        if shift.evidence >= EVIDENCE:
            return place
    return None


def batches(reference: Sequence[Seen], stream: Sequence[Seen]) -> int | None:
    """Test every 200 cases against the reference (Kolmogorov and Smirnov, 1% level), as monitoring tools do."""
    known = _scores(reference)
    for end in range(WINDOW, len(stream) + 1, WINDOW):
        if ks_2samp(_scores(stream[end - WINDOW : end]), known).pvalue < LEVEL:
            return end - 1
    return None


def _scores(cases: Sequence[Seen]) -> list[float]:
    return [case.score for case in cases if case.score is not None]


def _first(shift: Shift, stream: Sequence[Seen], evidence: Callable[[Shift], float]) -> int | None:
    for place, case in enumerate(stream):
        shift = shift.after(case)
        if evidence(shift) >= EVIDENCE:
            return place
    return None


ALARMS: dict[str, Alarm] = {
    "shipped": shipped,
    "one ratio": one_ratio,
    "review rate only": review_rate,
    "best bets (CUSUM)": best_bets,
    "reference alone": fixed_reference,
    "batches of 200, KS 1%": batches,
}
"""What is compared, in the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """One way to raise the alarm."""

    name: str
    reference: int
    """Cases of the reference."""
    false_alarms: float
    """False alarms for every 10,000 cases, the stream beginning anew after each."""
    delays: dict[float, float | None]
    """Median cases to the alarm, by the share out of scope after the drift; None: most streams had none."""


def alarm_rows(
    population: Population,
    *,
    references: Sequence[int],
    shares: Sequence[float],
    repetitions: int,
    quiet: int,
    seed: int,
) -> list[AlarmRow]:
    """Return a row for each way and size of the reference; ``quiet`` is the cases without drift in a repetition."""
    rows: list[AlarmRow] = []
    for size in references:
        for name, alarm in ALARMS.items():
            cases = alarms = 0
            places: dict[float, list[int | None]] = {share: [] for share in shares}
            for repetition in range(repetitions):
                chance = seeded(seed, repetition, size)
                deployed = deploy(population, TARGET, chance)
                reference = deployed.reference[:size]
                stream = _stream(population, deployed, [USUAL_SHARE] * quiet, seeded(seed, repetition, size, "quiet"))
                place = alarm(reference, stream)
                alarms += place is not None
                cases += quiet if place is None else place + 1
                for share in shares:
                    shape = [USUAL_SHARE] * BEFORE + [share] * AFTER
                    drifting = _stream(population, deployed, shape, seeded(seed, repetition, size, share))
                    places[share].append(alarm(reference, drifting))
            delays = {share: _median_delay(found) for share, found in places.items()}
            rows.append(AlarmRow(name=name, reference=size, false_alarms=alarms / cases * 10_000, delays=delays))
    return rows


def _stream(population: Population, deployed: Deployed, shares: Sequence[float], chance: Random) -> list[Seen]:
    tickets = (draw(population, share, chance) for share in shares)
    return [Seen(ticket.score, deployed.accepts(ticket)) for ticket in tickets]


def _median_delay(places: Sequence[int | None]) -> float | None:
    """Return the median, over the streams without an alarm before the drift."""
    counted = sorted(AFTER if place is None else place - BEFORE for place in places if place is None or place >= BEFORE)
    if not counted or counted[len(counted) // 2] >= AFTER:
        return None
    return counted[len(counted) // 2]
