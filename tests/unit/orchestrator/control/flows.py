"""Workflows whose steps a test lets go on, for tests of what holds runs back."""

import asyncio
from collections.abc import Callable

from handrail import Run, action, workflow

entered: list[str] = []
"""Which bodies began, by their run's input and their name."""
gate = asyncio.Event()
"""Opened by a test to let bodies end."""


@action
async def first(name: str) -> str:
    entered.append(f"{name}/first")
    await gate.wait()
    return name


@action
async def second(name: str) -> str:
    entered.append(f"{name}/second")
    return name


@workflow(version=1)
async def two_steps(run: Run, name: str) -> str:
    return await run.step(second, await run.step(first, name))


@workflow(version=1)
async def asks(run: Run, name: str) -> bool:
    return await run.ask(f"Is {name} right?", bool)


def anew() -> None:
    """Forget what earlier tests did; an event belongs to the loop of its test."""
    global gate  # noqa: PLW0603 -- one for each loop
    entered.clear()
    gate = asyncio.Event()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that others see to."""
    async with asyncio.timeout(120):
        while not holds():  # noqa: ASYNC110 -- what happens in other threads and processes sets no event here
            await asyncio.sleep(0.005)
