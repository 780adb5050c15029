"""The workflows on Handrail's side; ``plain`` has the same by hand."""

import asyncio

from handrail import Escalation, Run, action, workflow

STEPS = 5
SLEEP_SECONDS = 0.2
"""Long enough that it, and not the two processors, is what workers share."""
QUEUE = "desk"


@action
async def add_one(number: int) -> int:
    """Return the next number."""
    return number + 1


@action
async def add_one_slowly(number: int) -> int:
    """Return the next number after a while, in which a processor has nothing to do."""
    await asyncio.sleep(SLEEP_SECONDS)
    return number + 1


@workflow(version=1)
async def trivial(run: Run, number: int) -> int:
    """Take five trivial steps."""
    for _ in range(STEPS):
        number = await run.step(add_one, number)
    return number


@workflow(version=1)
async def patient(run: Run, number: int) -> int:
    """Take five steps that wait for something."""
    for _ in range(STEPS):
        number = await run.step(add_one_slowly, number)
    return number


@workflow(version=1)
async def asking(run: Run, number: int) -> int:
    """Take a step, ask a person, and take another one."""
    number = await run.step(add_one, number)
    agreed = await run.ask("Go on?", bool, name="go", escalate=Escalation(queue=QUEUE))
    return await run.step(add_one, number) if agreed else number


WORKFLOWS = ("trivial", "patient", "asking")
