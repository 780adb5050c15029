"""The workflow that every side runs: five steps, each adding one to a number; of actions, or of rules."""

import asyncio

from engine_bench.rows import STEPS
from engine_bench.sleeps import STEP_SECONDS
from handrail import Run, action, rule, workflow


@action
async def bump(number: int) -> int:
    """Return the next number."""
    return number + 1


@rule
def bump_by_rule(number: int) -> int:
    """Return the next number, as a plain function does it."""
    return number + 1


@action
async def slow_bump(number: int, place: int) -> int:
    """Return the next number after 5 to 50 ms."""
    await asyncio.sleep(STEP_SECONDS[place % len(STEP_SECONDS)])
    return number + 1


@workflow(version=1)
async def five(run: Run, number: int) -> int:
    """Take five trivial steps."""
    for _ in range(STEPS):
        number = await run.step(bump, number)
    return number


@workflow(version=1)
async def five_rules(run: Run, number: int) -> int:
    """Take five trivial steps that are rules."""
    for _ in range(STEPS):
        number = await run.step(bump_by_rule, number)
    return number


@workflow(version=1)
async def five_sleeping(run: Run, number: int) -> int:
    """Take five steps of 5 to 50 ms."""
    first = number * STEPS
    for place in range(first, first + STEPS):
        number = await run.step(slow_bump, number, place)
    return number
