"""A process in which schedules and the ends of runs start runs, by a clock that runs a thousand times as fast.

``python ticker.py STORE BEGAN``: BEGAN is when the fast clock of all processes was at its beginning.
"""

import asyncio
import sys
import time
from collections.abc import Callable

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import EndedRun, Occurrence, Settings, every, on
from handrail_orchestrator.clock import SystemClock, Timer

FIRST = 1_774_742_400.0
"""Midnight before clocks go forward in Berlin."""
SPEED = 1_000.0


class FastClock(SystemClock):
    """A clock whose hours are seconds."""

    __slots__ = ("_began",)

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> float:
        """Return the fast time."""
        return FIRST + (time.time() - self._began) * SPEED

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back once it is reached."""
        return asyncio.get_running_loop().call_later(max(0.0, (when - self.now()) / SPEED), callback)


@workflow(version=1)
async def tick(_run: Run, when: Occurrence) -> str:
    return when.at.isoformat()


@workflow(version=1)
async def follow(_run: Run, ended: EndedRun) -> str:
    return ended.id


async def main(store: str, began: float) -> None:
    given = [
        every("*/10 * * * *", tz="Europe/Berlin", workflow=tick, catch_up="all"),
        on(tick, "completed", start=follow),
    ]
    settings = Settings(lease_seconds=2.0, crash_limit=1_000_000)
    clock = FastClock(began)
    async with Orchestrator(
        store, workflows=[tick, follow], settings=settings, triggers=given, clock=clock
    ) as orchestrator:
        print("ticking", flush=True)
        await orchestrator.failed()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
