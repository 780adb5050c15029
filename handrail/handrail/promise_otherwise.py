"""What the answers of a promise would allow at another target, for commands and pages."""

from typing import TYPE_CHECKING

from handrail_orchestrator.client import Client

if TYPE_CHECKING:
    from handrail_evals.decide.keeping.another_target import AnotherTarget


def otherwise(client: Client, number: int, wrong_at_most: float) -> "AnotherTarget":
    """Return what a promise would accept from now on, had this been promised from its first case on.

    Raises:
        HandrailError: it is no target, there are no thresholds to try yet, reviewers' errors are taken out, a library
            is not installed, or the store cannot be read.
    """
    from handrail_evals.decide.keeping.another_target import at_another_target  # noqa: PLC0415 -- the extra evals

    row = next(each for each in client.promise_store.promises() if each.id == number)
    return at_another_target(client.promise_store, row, wrong_at_most)
