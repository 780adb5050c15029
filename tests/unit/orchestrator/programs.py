"""A workflow that does whatever its input says, and what it must come to; for tests that try everything."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from handrail import Run, StepFailed, action, rule, step_context, workflow

Operation = Literal["bump", "double", "ask", "event", "sleep", "both", "chance", "child", "break", "catch"]

NAP_SECONDS = 3600.0
TURNS = 4
"""How often the event loop turns while a body is executed: long enough for the world to come in between."""


class Program(BaseModel):
    """What a run does, one after the other, to a number."""

    start: int
    operations: list[Operation]


executed: list[tuple[str, int]] = []
"""Idempotency key and input of every body that was executed, in order."""
mended: set[str] = set()
"""Keys of the breaking steps that break no more."""


def begin() -> None:
    """Forget what was executed and mended."""
    executed.clear()
    mended.clear()


async def _execute(n: int) -> str:
    key = step_context().idempotency_key
    executed.append((key, n))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    return key


@action
async def bump(n: int) -> int:
    await _execute(n)
    return n + 1


@rule(inline=True)
def double(n: int) -> int:
    executed.append((step_context().idempotency_key, n))
    return 2 * n


@action(name="break")
async def break_(n: int) -> int:
    key = await _execute(n)
    if key not in mended:
        raise ValueError(f"{key} is broken")
    return n


@workflow(version=1)
async def inner(run: Run, n: int) -> int:
    return await run.step(bump, await run.step(bump, n))


@workflow(version=1)
async def execute(run: Run, program: Program) -> int:  # noqa: C901 -- one case for each operation
    n = program.start
    for operation in program.operations:
        match operation:
            case "bump":
                n = await run.step(bump, n)
            case "double":
                n = await run.step(double, n)
            case "ask":
                n += await run.ask("How many more?", int)
            case "event":
                n += await run.event("more", int)
            case "sleep":
                await run.sleep(NAP_SECONDS)
            case "both":
                bumped, answer = await run.all(run.step(bump, n), run.ask("How many beside?", int))
                n = bumped + answer
            case "chance":
                n += 1 if await run.random() < 2 else 0
            case "child":
                n = await run.child(inner, n)
            case "break":
                n = await run.step(break_, n)
            case "catch":
                try:
                    n = await run.step(break_, n)
                except StepFailed:
                    n -= 1
    return n


@dataclass
class Told:
    """What people and the world told a run."""

    answers: dict[str, int] = field(default_factory=dict)
    """By the step's name."""
    events: list[int] = field(default_factory=list)


def result_of(program: Program, told: Told, failed: Collection[str]) -> int:  # noqa: C901 -- as above
    """Return what a program comes to, worked out without an engine; ``failed`` names the steps that did."""
    n, events, asked, broken = program.start, iter(told.events), 0, 0
    for operation in program.operations:
        match operation:
            case "bump" | "chance":
                n += 1
            case "double":
                n *= 2
            case "ask":
                asked += 1
                n += told.answers[_name("ask", asked)]
            case "event":
                n += next(events)
            case "both":
                asked += 1
                n += 1 + told.answers[_name("ask", asked)]
            case "child":
                n += 2
            case "break":
                broken += 1
            case "catch":
                broken += 1
                n -= 1 if _name("break", broken) in failed else 0
            case "sleep":
                pass
    return n


def _name(base: str, count: int) -> str:
    """Return the name of the nth call of a base name."""
    return base if count == 1 else f"{base}#{count}"


def inputs_by_key(keys_and_inputs: Sequence[tuple[str, int]]) -> Mapping[str, set[int]]:
    """Return with which inputs each key was executed."""
    found: dict[str, set[int]] = {}
    for key, n in keys_and_inputs:
        found.setdefault(key, set()).add(n)
    return found
