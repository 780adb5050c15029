"""Workflows whose code does not stop, and one that is long but polite: for commands that are stopped."""

import asyncio
import os
import signal
import time

from handrail import Run, action, rule, workflow
from tests.acceptance.chaos.journeys import KINDS, PLACES, rude


@action
async def nap(seconds: float) -> str:
    if seconds < 0:
        raise ValueError(seconds)
    await asyncio.sleep(seconds)
    return "slept"


@action
async def deaf(n: int) -> int:
    while n:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue
    return n


@action
def endless(n: int) -> int:
    while n:
        time.sleep(0.1)
    return n


@rule
def die(n: int) -> int:
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


@workflow(version=1)
async def napping(run: Run, seconds: float) -> str:
    return await run.step(nap, seconds)


@workflow(version=1)
async def stubborn(run: Run, n: int) -> int:
    return sum(await run.all(run.step(deaf, n), run.step(endless, n)))


@workflow(version=1)
async def deadly(run: Run, n: int) -> int:
    return await run.step(die, n)


@workflow(version=1)
async def rudely(run: Run, n: int) -> str:
    """Be rude in one place, in one way, or polite from a number on."""
    if n >= len(PLACES) * len(KINDS):
        return await run.step(nap, 0.01)
    if await rude(run, PLACES[n % len(PLACES)], KINDS[n // len(PLACES)]) == "failed":
        raise ValueError(n)
    return "passed"
