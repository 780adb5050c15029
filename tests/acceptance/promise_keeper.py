"""A process that keeps the promises of a store once, and is killed or frozen at one moment of it.

    promise_keeper.py STORE [KILL|FREEZE CHANGE [SKEW [MODELS]]]

KILL ends it with -9 right after the first change of that kind (such as ``SettleCases``) is in the store, FREEZE stops
it right before. SKEW is by how many seconds its clock is ahead, so that the lease of a dead one is over. With
MODELS, the folder of models that learn, it keeps, trains and keeps again.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from handrail import Client
from handrail.calibration import keep_promises, learn_again

STORE = sys.argv[1]
DEED, CHANGE = (sys.argv[2], sys.argv[3]) if len(sys.argv) > 3 else ("", "")
SKEW = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0


class Mortal(Client):
    """A client whose process ends, or stops, at one of its changes."""

    done = False

    def now(self) -> float:
        return time.time() + SKEW

    async def change_promises(self, change: Any) -> Any:
        return await self._changed(change, super().change_promises)

    async def change_learned(self, change: Any) -> Any:
        return await self._changed(change, super().change_learned)

    async def _changed(self, change: Any, make: Callable[[Any], Awaitable[Any]]) -> Any:
        is_it = type(change).__name__ == CHANGE and not self.done
        if is_it and DEED == "FREEZE":
            type(self).done = True
            print("frozen", flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        reply = await make(change)
        if is_it and DEED == "KILL":
            os.kill(os.getpid(), signal.SIGKILL)
        return reply


async def main() -> None:
    """Keep all promises once, and print what was read of each."""
    async with Mortal(STORE) as client:
        for each in await keep_promises(client):
            print(f"read {each.read}", flush=True)
        if len(sys.argv) > 5:
            for learnt in await learn_again(client, models=Path(sys.argv[5])):
                print(learnt.note, flush=True)
            await keep_promises(client)


asyncio.run(main())
