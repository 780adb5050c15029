"""Lanes that are set up once and lent to one case after another."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from handrail_evals.measure.targets.lane import Lane


class LanePool:
    """Lends lanes; makes one when none is free. A lane takes about 3 ms to set up and 0.2 ms to clear."""

    def __init__(self, make: Callable[[], Lane]) -> None:
        self._make = make
        self._free: list[Lane] = []

    @asynccontextmanager
    async def lane(self, run_id: str) -> AsyncIterator[Lane]:
        """Lend a lane for one run; one that is not as good as new afterwards is closed."""
        lane = self._free.pop() if self._free else await self._make().__aenter__()
        clean = False
        try:
            yield lane
            clean = await lane.clear(run_id)
        finally:
            if clean:
                self._free.append(lane)
            else:
                await lane.__aexit__(None, None, None)

    async def close(self) -> None:
        """Close the lanes; those that are lent are closed by their borrowers."""
        while self._free:
            await self._free.pop().__aexit__(None, None, None)
