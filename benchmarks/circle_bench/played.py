"""What happened in a round, counted."""

from dataclasses import dataclass

from circle_bench.world import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of one arm."""

    number: int
    """From 1."""
    requests: int
    accepted: int
    wrong: int
    """How many of the accepted were wrong."""
    decisions: int
    """Doubtful values that people decided."""
    audits: int
    """Accepted values that people decided blind; a doubtful value that was drawn counts as a decision."""
    threshold: float | None
    """The confidence from which on answers were accepted; None: nothing was."""
    learned: int
    """How many examples the model has learned from."""
    truth: Truth
    """What the model and threshold truly come to."""

    @property
    def coverage(self) -> float:
        """Return the share of the requests that was accepted, 0 to 1."""
        return self.accepted / self.requests

    @property
    def answers(self) -> int:
        """Return how many answers people gave."""
        return self.decisions + self.audits


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A threshold that was set after a round, whether or not it was put to use."""

    after: int
    """The round's number."""
    audits: int
    """How many audits it was set on."""
    truth: Truth


@dataclass(frozen=True, slots=True)
class Story:
    """What one arm came to with one seed."""

    arm: str
    seed: int
    rounds: tuple[Round, ...]
    calibrated: tuple[Calibrated, ...] = ()
    """Of the arms that calibrate."""

    def broken(self, target: float) -> int:
        """Return in how many rounds more than the target was truly wrong among the accepted."""
        return sum(each.truth.risk > target for each in self.rounds)

    def calibrations_broken(self, target: float) -> int:
        """Return how many thresholds were set of which the same is true."""
        return sum(each.truth.risk > target for each in self.calibrated)
