"""Keeping promises beside the runs: the chore of ``handrail work``, ``watch`` and ``serve``."""

from handrail_orchestrator import standing
from handrail_orchestrator.client import Client

EVERY_SECONDS = 15.0


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


standing.add(StandingPromises)
