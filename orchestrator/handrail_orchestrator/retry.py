"""When a failed step is tried again, and after how long."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.given_time import is_above_zero

MOST_ATTEMPTS = 1_000_000_000
"""More is a slip."""
MOST_DOUBLINGS = 60
"""More would leave the numbers; every maximum is reached long before."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again with exponential back-off and full jitter: a random delay, up to a bound that doubles every time.

    Failures are counted across crashes and waits. A long delay is a row in the store, so that the run holds no place.

    Raises:
        InvalidWorkflow: fewer than two attempts, or a delay that is not positive.
    """

    attempts: int
    """Tries that may fail, the first included; 2 or more. One that a crash cut short has not failed: it is repeated."""
    first_seconds: float = 0.5
    """Upper bound of the first delay."""
    max_seconds: float = 30.0
    """Upper bound of any delay."""
    on: tuple[type[Exception], ...] = (Exception,)
    """The exceptions worth another try."""

    def __post_init__(self) -> None:
        least = 2
        if not is_count(self.attempts, least=-MOST_ATTEMPTS) or self.attempts > MOST_ATTEMPTS:
            raise InvalidWorkflow(f"Retry(attempts={self.attempts!r}): give a whole number of 2 or more")
        if self.attempts < least:
            raise InvalidWorkflow(
                f"Retry(attempts={self.attempts}) never tries again; give 2 or more, or leave retry out"
            )
        for name in ("first_seconds", "max_seconds"):
            if not is_above_zero(getattr(self, name)):
                raise InvalidWorkflow(f"Retry({name}={getattr(self, name)!r}): give a number of seconds above 0")
        if self.first_seconds > self.max_seconds:
            raise InvalidWorkflow("Retry needs 0 < first_seconds <= max_seconds")


LONGEST_ASKED_SECONDS = 3600.0
"""Longer than this nobody is left alone, whatever they ask for."""


@runtime_checkable
class AsksToWait(Protocol):
    """An error that says how long the other side asks to be left alone."""

    @property
    def wait_seconds(self) -> float | None:
        """Return how long; None: it did not say."""
        ...


def asked_seconds(error: Exception) -> float:
    """Return how long to wait at least before another try."""
    asked = error.wait_seconds if isinstance(error, AsksToWait) else None
    return 0.0 if asked is None else min(max(0.0, asked), LONGEST_ASKED_SECONDS)


def delay_seconds(policy: Retry, failed: int, chance: float) -> float:
    """Return how long to wait after so many failures; ``chance`` is from 0 to 1, for the jitter."""
    return chance * min(policy.max_seconds, policy.first_seconds * 2.0 ** min(failed - 1, MOST_DOUBLINGS))
