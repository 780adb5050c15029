"""Keeping promises, and learning, beside the runs: chores of ``handrail work``, ``watch`` and ``serve``."""

from handrail_orchestrator import standing
from handrail_orchestrator.client import Client

EVERY_SECONDS = 15.0
LEARN_EVERY_SECONDS = 60.0
LEARNING = ('"learning:', '"local:')
"""How what is told of a model begins that learns, before its first version and with one."""


class StandingPromises:
    """Keeps the promises of a store, where it has any; what it takes is loaded only then."""

    name = "promises"
    every_seconds = EVERY_SECONDS

    def __init__(self, client: Client) -> None:
        self._client = client

    async def do(self) -> None:
        """Look at every promise once."""
        if not self._client.promise_store.promises():
            return
        from handrail_evals.decide.keeping.keeping import keep_promises  # noqa: PLC0415 -- only a store with promises

        await keep_promises(self._client)


class StandingLearning:
    """Trains the models again that promises speak of, where there are any that learn."""

    name = "learning"
    every_seconds = LEARN_EVERY_SECONDS

    def __init__(self, client: Client) -> None:
        self._client = client

    async def do(self) -> None:
        """Look at every step whose model learns once."""
        if not any(begins in row.told for begins in LEARNING for row in self._client.promise_store.promises()):
            return
        from handrail_evals.decide.learning.learning import learn_again  # noqa: PLC0415 -- as above

        await learn_again(self._client)


standing.add(StandingPromises)
standing.add(StandingLearning)
