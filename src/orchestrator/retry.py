"""When a failed step is tried again, and after how long."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from orchestrator.errors import InvalidWorkflow

if TYPE_CHECKING:
    from tenacity import AsyncRetrying

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again with exponential back-off and full jitter (tenacity's ``wait_random_exponential``).

    Raises:
        InvalidWorkflow: fewer than two attempts, or a delay that is not positive.
    """

    attempts: int
    """Tries in all, the first included; 2 or more."""
    first_seconds: float = 0.5
    """Upper bound of the first delay."""
    max_seconds: float = 30.0
    """Upper bound of any delay."""
    on: tuple[type[Exception], ...] = (Exception,)
    """The exceptions worth another try."""

    def __post_init__(self) -> None:
        least = 2
        if self.attempts < least:
            raise InvalidWorkflow(
                f"Retry(attempts={self.attempts}) never tries again; give 2 or more, or leave retry out"
            )
        if not 0 < self.first_seconds <= self.max_seconds:
            raise InvalidWorkflow("Retry needs 0 < first_seconds <= max_seconds")


def tries(policy: Retry, sleep: Callable[[float], Awaitable[None]]) -> "AsyncRetrying":
    """Return tenacity's loop for the policy, waiting on the given clock's sleep."""
    # tenacity takes 15 ms to import and most steps never retry
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential  # noqa: PLC0415

    return AsyncRetrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait_random_exponential(multiplier=policy.first_seconds, max=policy.max_seconds),
        retry=retry_if_exception_type(policy.on),
        sleep=sleep,
        reraise=True,
    )
