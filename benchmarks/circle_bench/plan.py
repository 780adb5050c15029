"""What is played: how many requests, how many of them audited, and what is promised."""

from dataclasses import dataclass

from handrail_evals.decide.calibrate.promise import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The numbers of one circle, fixed before the first request."""

    taught: int = 10
    """Labelled requests of each intent that the first model starts with."""
    rounds: int = 4
    requests: int = 2000
    """How many arrive in a round."""
    out_of_scope: float = 0.015
    """Share of the requests that no intent fits, 0 to 1."""
    audited: float = 0.35
    """Share of the requests that is drawn for a blind audit, 0 to 1."""
    watched: float = 0.05
    """The same in the last round: no calibration follows it, so audits only watch for drift."""
    set_aside: float = 0.1
    """Share of the other requests that no model ever learns from: their scores are the thresholds to try, 0 to 1."""
    minutes: float = 2.0
    """What one answer of a person takes."""
    promise: Promise
    """Of all thresholds together: the chance that any of them is worse than the target is at most delta."""

    @property
    def calibrations(self) -> int:
        """How many thresholds are set: one after each round but the last."""
        return self.rounds - 1

    @property
    def each_promise(self) -> Promise:
        """What each threshold keeps, so that all of them together keep the promise."""
        return self.promise.split(self.calibrations)

    def audit_rate(self, round_number: int) -> float:
        """Return the share of a round's requests that is audited; rounds are counted from 1."""
        return self.watched if round_number == self.rounds else self.audited
