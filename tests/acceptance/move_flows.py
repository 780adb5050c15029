"""What the tests of moving a store run: a step that does something outside, a question, an event, a long step."""

import asyncio
import os
from pathlib import Path

from handrail import Run, action, workflow

FOLDER = Path(os.environ.get("MOVE_FOLDER", "."))


@action
async def pay(amount: int) -> str:
    with (FOLDER / "did").open("a", encoding="utf-8") as file:
        file.write(f"{amount}\n")
    return f"paid {amount}"


@action
async def slow(amount: int) -> int:
    (FOLDER / f"slow-{amount}").touch()
    while not (FOLDER / "go").exists():  # noqa: ASYNC110 -- another process makes it
        await asyncio.sleep(0.01)
    return amount


@workflow(version=1)
async def payment(run: Run, amount: int) -> str:
    await run.step(pay, amount)
    return "more" if await run.ask(f"Pay {amount}?", bool) else "no more"


@workflow(version=1)
async def event(run: Run, amount: int) -> str:
    return f"{amount} {await run.event('go', str)}"


@workflow(version=1)
async def dawdling(run: Run, amount: int) -> str:
    number = await run.step(slow, amount)
    return await run.step(pay, number)
