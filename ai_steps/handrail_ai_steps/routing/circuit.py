"""What outages and answers make of one model: up, down until a moment, or tried by one caller for all."""

from dataclasses import dataclass, replace

from handrail_guards.model_circuits import CircuitRule, Said, Way

PROBE_SPANS = 10
"""How long a probe may take, in times of ``probe_after_seconds``, before another caller tries: it may have died."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """One model, as those who ask it know it; moments are seconds of a clock that only goes forward."""

    failures: int = 0
    """Outages in a row."""
    look_at: float | None = None
    """When somebody is to try again; None: it is up."""
    probed: bool = False
    """Whether somebody tries just now; then ``look_at`` is until when that may take."""
    reason: str = ""
    """The last outage, in words."""

    @property
    def is_down(self) -> bool:
        """Whether it is passed over."""
        return self.look_at is not None

    def enter(self, rule: CircuitRule, now: float) -> tuple[Way, "Circuit"]:
        """Return what a caller may do, and the circuit after it: of those who come together one tries."""
        if self.look_at is None:
            return "go", self
        if now < self.look_at:
            return "pass_over", self
        return "probe", replace(self, probed=True, look_at=now + PROBE_SPANS * rule.probe_after_seconds)

    def left(self, said: Said, reason: str, rule: CircuitRule, now: float, *, is_probe: bool) -> "Circuit":
        """Return the circuit after a call; of one that is down only the probe's word counts."""
        if self.is_down and not is_probe:
            return self
        match said:
            case "reached":
                return Circuit()
            case "outage":
                failures = self.failures + 1
                is_over = self.is_down or failures >= rule.failures
                look_at = now + rule.probe_after_seconds if is_over else None
                return Circuit(failures, look_at, reason=reason)
            case "nothing":  # somebody else may try at once
                return replace(self, probed=False, look_at=now) if self.is_down else self
