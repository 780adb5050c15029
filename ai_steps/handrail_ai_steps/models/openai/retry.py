"""The one owner of retries: the SDK and instructor retry nothing by themselves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from handrail_ai_steps.models.openai.failure import Transient

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

TRIES = 4
"""Requests for one answer, the first included."""
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 8.0


def retrying(seconds_left: Callable[[], float]) -> "AsyncRetrying":
    """Return the policy: failures that may pass, with growing waits and ``Retry-After``, never past the deadline."""
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt  # noqa: PLC0415 -- lazily
    from tenacity.wait import wait_exponential, wait_random  # noqa: PLC0415

    jitter = wait_random(0, FIRST_WAIT_SECONDS)
    growing = wait_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS) + jitter
    enough = stop_after_attempt(TRIES)

    def wait(state: "RetryCallState") -> float:
        asked = asked_wait(state)
        return growing(state) if asked is None else asked

    def stop(state: "RetryCallState") -> bool:
        return enough(state) or state.upcoming_sleep >= seconds_left()

    return AsyncRetrying(retry=retry_if_exception_type(Transient), wait=wait, stop=stop, reraise=True)


def asked_wait(state: "RetryCallState") -> float | None:
    """Return the seconds the server asked to wait, or None."""
    error = state.outcome.exception() if state.outcome is not None else None
    return error.failure.wait_seconds if isinstance(error, Transient) else None
