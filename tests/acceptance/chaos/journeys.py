"""The workflow that the chaos suite executes: every kind of call, with rude code in between."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NoReturn

from handrail import Accepted, Doubtful, Retry, Run, StepFailed, action, rule, step_context, workflow
from handrail.guards import Confidence, Judgement

OUTBOX = Path(os.environ.get("CHAOS_OUTBOX", os.devnull))
Team = Literal["billing", "bugs"]


class Own(BaseException):
    """A class of the user's that is no ``Exception``."""


def _exit() -> NoReturn:
    sys.exit(3)


def _raise(error: BaseException) -> NoReturn:
    raise error


def _cancel_oneself() -> None:
    task = asyncio.current_task()
    if task is None:
        raise asyncio.CancelledError
    task.cancel()


RUDE: dict[str, Callable[[], Any]] = {
    "SystemExit": _exit,
    "KeyboardInterrupt": lambda: _raise(KeyboardInterrupt()),
    "GeneratorExit": lambda: _raise(GeneratorExit()),
    "CancelledError": lambda: _raise(asyncio.CancelledError()),
    "StopIteration": lambda: next(iter(())),
    "StopAsyncIteration": lambda: _raise(StopAsyncIteration()),
    "Own": lambda: _raise(Own("own")),
    "ValueError": lambda: _raise(ValueError("\ud800")),
}
KINDS = list(RUDE)
PLACES = ["async", "thread", "inline", "judge", "fallback", "branch"]


@action
async def act(n: int) -> int:
    """Note the key and the input, as an action that reaches the world."""
    line = f"{step_context().idempotency_key} {n}\n".encode()
    file = os.open(OUTBOX, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)
    await asyncio.sleep(0.02 * (n % 5))
    return n + 1


@action
def plain(n: int) -> int:
    """Do something in a thread."""
    time.sleep(0.005)
    return n + 1


@rule
def double(n: int) -> int:
    return 2 * n


@action(retry=Retry(attempts=2, first_seconds=0.01, max_seconds=0.02))
async def rude_async(kind: str) -> int:
    RUDE[kind]()
    await asyncio.sleep(1)
    return 0


@action
def rude_thread(kind: str) -> int:
    RUDE[kind]()
    return 0


@rule(inline=True)
def rude_inline(kind: str) -> int:
    RUDE[kind]()
    return 0


@action(fallback=rude_thread.function)
async def rude_fallback(kind: str) -> int:
    raise ConnectionError(kind)


class RudeJudge:
    """A judge that may do the same."""

    name = "rude_judge"
    output_type = Team

    async def __call__(self, kind: str) -> Accepted[Team] | Doubtful[Team]:
        RUDE[kind]()
        return Accepted("bugs", Judgement(confidence=Confidence(0.9, "local"), model="stub"))


rude_judge = RudeJudge()


async def rude(run: Run, place: str, kind: str) -> str:
    """Call rude code in some place; return what was recorded of it."""
    try:
        match place:
            case "async":
                await run.step(rude_async, kind)
            case "thread":
                await run.step(rude_thread, kind)
            case "inline":
                await run.step(rude_inline, kind)
            case "judge":
                await run.decide(rude_judge, kind)
            case "fallback":
                await run.step(rude_fallback, kind)
            case _:
                await run.all(run.step(rude_thread, kind), run.step(double, 1))
    except StepFailed:
        return "failed"
    return "passed"


@workflow(version=1)
async def leg(run: Run, n: int) -> int:
    return await run.step(double, await run.step(act, n))


@workflow(version=1)
async def journey(run: Run, n: int) -> list[str]:
    """Do one thing of every kind; every third run asks a person, every fourth is rude."""
    a = await run.step(act, n)
    b = await run.step(plain, a)
    said = await rude(run, PLACES[n % len(PLACES)], KINDS[n % len(KINDS)]) if n % 4 == 0 else "polite"
    await run.sleep(0.05)
    c = await run.child(leg, b)
    d, e = await run.all(run.step(act, c), run.step(plain, c))
    f = await run.ask("How many?", int) if n % 3 == 0 else 7
    return [said, str(await run.step(act, d + e + f))]


def expected(n: int) -> list[str]:
    """Return what a journey comes to, whatever happened on the way."""
    c = 2 * (n + 3)
    return ["failed" if n % 4 == 0 else "polite", str(2 * (c + 1) + 7 + 1)]


def keys(n: int) -> set[str]:
    """Return the keys of all actions of a journey that reach the world."""
    run = f"j{n}"
    return {f"{run}/act", f"{run}/leg/act", f"{run}/act#2", f"{run}/act#3"}
