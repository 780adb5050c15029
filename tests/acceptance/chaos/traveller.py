"""A process that executes journeys until all have ended: ``python traveller.py STORE RUNS DRIFT_FILE``.

It is a program as users write it: it knows nothing of signals, and its wall clock is the machine's, plus what the file
says, so that a test may step it.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from handrail import Orchestrator
from handrail.orchestrator import Settings
from handrail_orchestrator.clock import SystemClock, Timer
from handrail_orchestrator.errors import StoreLocked
from tests.acceptance.chaos.journeys import journey, leg

STORE, RUNS, DRIFT = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])


class SteppingClock(SystemClock):
    """The machine's clock, that somebody steps."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        try:
            return super().now() + float(DRIFT.read_text(encoding="ascii") or 0)
        except (FileNotFoundError, ValueError):
            return super().now()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back after the time that is missing by this clock, measured by the monotonic one."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), callback)


async def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    while True:
        try:
            await travel()
        except StoreLocked:  # refused at the start, and started again, as a supervisor would
            continue
        return


async def travel() -> None:
    settings = Settings(concurrency=8, lease_seconds=1.0, grace_seconds=0.5, threads=4)
    async with Orchestrator(STORE, workflows=[journey, leg], settings=settings, clock=SteppingClock()) as orchestrator:
        handles = await orchestrator.start_many(journey, [(f"j{n}", n) for n in range(RUNS)])
        print("started", flush=True)
        for handle in handles:
            await handle.result()
        print("arrived", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
