"""How urgent a run is."""

from handrail_orchestrator.errors import Misuse

MOST_URGENT = 100
"""The highest priority; the lowest is as far below 0."""


def check_priority(priority: int) -> None:
    """Check that a number can be a run's priority.

    Raises:
        Misuse: it cannot.
    """
    if type(priority) is not int or abs(priority) > MOST_URGENT:
        raise Misuse(f"priority={priority!r}: give a whole number from -{MOST_URGENT} to {MOST_URGENT}; 0 is usual")
