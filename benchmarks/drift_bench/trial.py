"""One stream of cases through a watch."""

import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from drift_bench.predictions import Population
from drift_bench.scenario import USUAL_SHARE, Deployed, Scenario, draw
from handrail_evals.decide.drift.seen import Audited, Routed
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_guards.auditing import draw_of

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a stream from the drift on."""

    alarm: int | None
    """Cases to the label-free alarm; None: there was none."""
    stop: int | None
    """Cases to the stop; None: there was none."""
    accepted: int
    """Cases accepted."""
    wrong: int
    """Accepted cases that were wrong, those an audit found included."""
    found: int
    """Those an audit found."""
    audits: int
    """Audits of accepted cases."""


@dataclass(slots=True)
class Tally:
    """Counts while cases are routed."""

    accepted: int = 0
    wrong: int = 0
    found: int = 0
    audits: int = 0


class Stream:
    """Cases on their way through a watch; people answer audits after a while, and are right."""

    def __init__(self, population: Population, deployed: Deployed, settings: WatchSettings, seed: str) -> None:
        self.watch = Watch.armed(settings, deployed.reference, at=START)
        self.tally = Tally()
        self._population = population
        self._deployed = deployed
        self._seed = seed
        self._chance = random.Random(seed)
        self._waiting: deque[tuple[int, Audited]] = deque()

    def route(self, place: int, share: float, *, delay: int = 0) -> None:
        """Route a case, out of scope with a chance of ``share``; its audit is answered ``delay`` cases later."""
        ticket = draw(self._population, share, self._chance)
        name = f"{self._seed}/{place}"
        accepted = self.watch.accepting and self._deployed.accepts(ticket)
        drawn = draw_of(name) < self.watch.audit_rate
        at = START + place * MINUTE
        self.watch = self.watch.routed(Routed(ticket.score, accepted, case=name, drawn=drawn), at=at)
        tally = self.tally
        tally.accepted += accepted
        tally.wrong += accepted and not ticket.right
        tally.audits += accepted and drawn
        tally.found += accepted and drawn and not ticket.right
        if drawn:
            self._waiting.append((place + delay, Audited(name, ticket.right)))
        while self._waiting and self._waiting[0][0] <= place:
            self.watch = self.watch.audited(self._waiting.popleft()[1], at=at)

    def rearm(self) -> None:
        """Arm the watch with the same reference again."""
        self.watch = self.watch.rearmed(self._deployed.reference, at=START)


def try_out(
    population: Population, scenario: Scenario, settings: WatchSettings, deployed: Deployed, seed: str
) -> Trial:
    """Return what became of one stream; the same seed brings the same cases, whatever the settings."""
    stream = Stream(population, deployed, settings, seed)
    for place in range(scenario.before):
        stream.route(place, scenario.share_at(place), delay=scenario.delay)
    if stream.watch.phase != "usual":  # the drift is measured from an undisturbed beginning
        stream.rearm()
    stream.tally = Tally()
    already, begun = len(stream.watch.changes), stream.watch.routed_cases
    for place in range(scenario.before, scenario.before + scenario.after):
        stream.route(place, scenario.share_at(place), delay=scenario.delay)
    changes = stream.watch.changes[already:]
    first = {change.kind: change.case - begun for change in reversed(changes)}
    tally = stream.tally
    return Trial(
        alarm=first.get("raised"),
        stop=first.get("stopped"),
        accepted=tally.accepted,
        wrong=tally.wrong,
        found=tally.found,
        audits=tally.audits,
    )


def let_be(population: Population, scenario: Scenario, deployed: Deployed, seed: str) -> Trial:
    """Return what becomes of the same stream when nobody watches."""
    chance = random.Random(seed)
    accepted = wrong = 0
    for place in range(scenario.before + scenario.after):
        ticket = draw(population, scenario.share_at(place), chance)
        if place >= scenario.before and deployed.accepts(ticket):
            accepted += 1
            wrong += not ticket.right
    return Trial(alarm=None, stop=None, accepted=accepted, wrong=wrong, found=0, audits=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What a watch did while nothing changed."""

    cases: int
    alarms: int
    """Label-free alarms, all of them false."""
    stops: int
    audits: int
    """Audits of accepted cases."""


def stay_quiet(population: Population, settings: WatchSettings, deployed: Deployed, *, cases: int, seed: str) -> Quiet:
    """Return what a watch did on traffic that never changed; after a stop it is armed again."""
    stream = Stream(population, deployed, settings, seed)
    alarms = stops = 0
    for place in range(cases):
        phase = stream.watch.phase
        stream.route(place, USUAL_SHARE)
        if stream.watch.phase != phase:
            alarms += stream.watch.phase == "raised"
            stops += stream.watch.phase == "stopped"
            if stream.watch.phase == "stopped":
                stream.rearm()
    return Quiet(cases=cases, alarms=alarms, stops=stops, audits=stream.tally.audits)
