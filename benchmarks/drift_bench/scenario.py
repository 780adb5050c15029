"""How traffic changes, and the threshold it meets."""

import random
from dataclasses import dataclass

from drift_bench.predictions import Population, Ticket
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.drift.seen import Seen

USUAL_SHARE = 1 / 16
"""Tickets out of scope before the drift, as in the validation file."""
LABELS = 2000
"""Audits that a threshold is calibrated on, and cases of a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Traffic that is as it was for a while, and then brings more and more tickets of kinds that nobody taught."""

    target: float
    """Promised risk, 0 to 1."""
    share: float
    """Tickets out of scope in the end, 0 to 1."""
    ramp: int = 0
    """Cases over which the share rises in a straight line; 0: from one case to the next."""
    before: int = 1000
    """Cases before the drift."""
    after: int = 4000
    """Cases from its beginning."""
    delay: int = 0
    """Cases that are routed until an audit is answered."""

    def __str__(self) -> str:
        """Return the scenario in a few words."""
        how = f"over {self.ramp:,}" if self.ramp else "at once"
        late = f", audits {self.delay} later" if self.delay else ""
        return f"{self.target:.0%}: to {self.share:.0%} {how}{late}"

    def share_at(self, place: int) -> float:
        """Return the share of tickets out of scope at a place, the drift beginning at ``before``."""
        since = place - self.before
        if since < 0:
            return USUAL_SHARE
        return USUAL_SHARE + (self.share - USUAL_SHARE) * (min(1.0, since / self.ramp) if self.ramp else 1.0)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A threshold as it goes into use."""

    threshold: float
    reference: tuple[Seen, ...]
    """The traffic that it was calibrated with, as it would have routed it."""

    def accepts(self, ticket: Ticket) -> bool:
        """Return whether a ticket is accepted without a person."""
        return ticket.score >= self.threshold


def draw(population: Population, share: float, chance: random.Random) -> Ticket:
    """Return a ticket, out of scope with a chance of ``share``."""
    return chance.choice(population.new if chance.random() < share else population.known)


def deploy(population: Population, target: float, chance: random.Random) -> Deployed:
    """Calibrate on usual traffic; a draw of labels that vouches for no threshold is drawn again."""
    while True:
        traffic = [draw(population, USUAL_SHARE, chance) for _ in range(LABELS)]
        labelled = [draw(population, USUAL_SHARE, chance) for _ in range(LABELS)]
        found = calibrate(
            [Audit(each.score, each.right) for each in labelled],
            traffic=[each.score for each in traffic],
            promise=Promise(target),
        )
        if found.threshold is not None:
            threshold = found.threshold
            return Deployed(threshold, tuple(Seen(each.score, each.score >= threshold) for each in traffic))


def seeded(*parts: object) -> random.Random:
    """Return chance that is the same in every run with these parts."""
    return random.Random(" ".join(map(str, parts)))
