"""Whether what a file says of a watch can be: one that could never alarm must not be taken for one that did not."""

import math
from collections.abc import Iterator

from handrail_evals.decide.drift.bet import Bet
from handrail_evals.decide.drift.signal import Signal
from handrail_evals.decide.drift.watch import Watch


def fault_of(watch: Watch) -> str:
    """Return the first thing that cannot be, in words; empty when all is sound."""
    return next(_faults(watch), "")


def _faults(watch: Watch) -> Iterator[str]:
    shift = watch.shift
    counts = (watch.routed_cases, watch.undrawn, watch.wrong_at_alarm, watch.audits_at_alarm, shift.known, shift.recent)
    if min(counts) < 0 or not 0 <= watch.wrong <= watch.audits or watch.audits_at_alarm > watch.audits:
        yield "its counts do not fit each other"
    if watch.awaited & watch.aside:
        yield "an audit is awaited twice"
    kinds = {change.kind for change in watch.changes}
    if watch.phase != "usual" and watch.phase not in kinds:
        yield f"it is {watch.phase} and does not say since when"
    if not watch.risk or not watch.shift.signals:
        yield "it bets on nothing"
    if watch.risk_once and len(watch.risk_once) != len(watch.risk):
        yield "it does not bet on clusters as it does on audits"
    for bet in (*watch.risk, *watch.risk_once):
        yield from _faults_of_bet(bet)
    for signal in watch.shift.signals:
        yield from _faults_of_signal(signal, watch)


def _faults_of_signal(signal: Signal, watch: Watch) -> Iterator[str]:
    if not (0 <= signal.hits <= watch.shift.known and 0 <= signal.recent <= watch.shift.recent):
        yield f"more cases were {signal.kind} than there were cases"
    if not (0 <= signal.kind.share <= 1 and math.isfinite(signal.kind.edge)):
        yield f"the kind {signal.kind.name} has no edge"
    if not signal.bets:
        yield f"it does not bet on cases {signal.kind}"
    for bet in signal.bets:
        yield from _faults_of_bet(bet)


def _faults_of_bet(bet: Bet) -> Iterator[str]:
    sound = bet.ratio > 1 and 0 <= bet.least < 1 and bet.evidence >= 0 and bet.run > 0 and 0 <= bet.hits <= bet.cases
    if not sound or not all(map(math.isfinite, bet)):
        yield f"the bet {tuple(bet)!r} cannot stand so"
