"""Workflows that the contract suites execute; at module level so that annotations resolve."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from handrail import (
    Accepted,
    Default,
    Doubtful,
    Escalation,
    File,
    Retry,
    Run,
    StepFailed,
    Workflow,
    action,
    rule,
    step_context,
    workflow,
)
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import WaitExpired

Team = Literal["billing", "bugs"]

calls: list[str] = []
"""Idempotency keys of the bodies that were executed, in order; cleared before each test."""


@action
async def bump(n: int) -> int:
    calls.append(step_context().idempotency_key)
    return n + 1


@rule
def double(n: int) -> int:
    calls.append(step_context().idempotency_key)
    return 2 * n


@action
async def explode(message: str) -> int:
    calls.append(step_context().idempotency_key)
    raise ValueError(message)


class Route:
    """A judge with a fixed confidence."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        calls.append(step_context().idempotency_key)
        judgement = Judgement(confidence=Confidence(0.9 if "sure" in text else 0.4, "local"), model="stub")
        if "sure" in text:
            return Accepted("billing", judgement)
        return Doubtful("bugs", "low_confidence", "confidence 0.40 < 0.8", judgement, Escalation(queue="triage"))


route = Route()


@workflow(version=1)
async def add(run: Run, n: int) -> int:
    for _ in range(3):
        n = await run.step(bump, n)
    return await run.step(double, n)


@workflow(version=1, keep=timedelta(minutes=1))
async def kept(run: Run, n: int) -> int:
    return await run.step(double, n)


@workflow(version=1)
async def judge(run: Run, text: str) -> str:
    team = await run.decide(route, text)
    return f"{team}!"


@workflow(version=1)
async def approve(run: Run, amount: int) -> str:
    await run.step(bump, amount)
    ok = await run.ask("Approve?", bool, context={"amount": amount}, escalate=Escalation(queue="money"))
    return "paid" if ok else "refused"


@workflow(version=1)
async def approve_in_time(run: Run, amount: int) -> str:
    try:
        late = Escalation(due_hours=2, when_late="fail")
        return str(await run.ask("Approve?", bool, context=amount, escalate=late))
    except WaitExpired:
        return "nobody came"


@workflow(version=1)
async def approve_urgently(run: Run, amount: int) -> bool:
    return await run.ask("Approve?", bool, context=amount, escalate=Escalation(due_hours=2, when_late="raise_priority"))


@workflow(version=1)
async def two_questions(run: Run, n: int) -> list[int]:
    first, second, third = await run.all(run.ask("First?", int), run.step(bump, n), run.ask("Second?", int))
    return [first, second, third]


@workflow(version=1)
async def paid(run: Run, amount: int) -> list[int]:
    return [await run.event("payment", int) for _ in range(amount)]


@workflow(version=1)
async def paid_soon(run: Run) -> str:
    try:
        return str(await run.event("payment", int, within=timedelta(days=30)))
    except WaitExpired as expired:
        return f"late: {expired.step}"


@workflow(version=1)
async def nap(run: Run, seconds: float) -> list[datetime]:
    before = await run.now()
    await run.sleep(seconds)
    return [before, await run.now()]


@workflow(version=1)
async def until_then(run: Run, when: datetime) -> datetime:
    await run.sleep_until(when)
    return await run.now()


@workflow(version=1)
async def chance(run: Run, n: int) -> list[float]:
    drawn = [await run.random() for _ in range(n)]
    await run.ask("Go on?", bool)
    return [*drawn, await run.random()]


@workflow(version=1)
async def parent(run: Run, n: int) -> int:
    return 100 * await run.child(add, n)


@workflow(version=1)
async def doomed_parent(run: Run, n: int) -> str:
    try:
        return str(await run.child(fail, n))
    except StepFailed as failed:
        return f"child failed: {failed.error_type}"


@workflow(version=1)
async def patient_parent(run: Run, n: int) -> str:
    return await run.child(approve, n)


@workflow(version=1)
async def fail(run: Run, n: int) -> int:
    n = await run.step(bump, n)
    return await run.step(explode, f"boom {n}")


@workflow(version=1)
async def survive(run: Run, n: int) -> str:
    try:
        return str(await run.step(explode, "boom"))
    except StepFailed as failed:
        again = await run.ask(f"{failed.error_type}: {failed.message}. What now?", str)
        return f"{again} {await run.step(bump, n)}"


flaky_failures = 0


@action(retry=Retry(attempts=3, first_seconds=0.01, max_seconds=0.02))
async def flaky(n: int) -> int:
    global flaky_failures  # noqa: PLW0603 -- counts over attempts
    if flaky_failures:
        flaky_failures -= 1
        raise ConnectionError("not yet")
    return n


async def other_way(n: int) -> int:
    return -n


@action(fallback=other_way)
async def with_fallback(n: int) -> int:
    raise ConnectionError(str(n))


@action(on_failure=Default(7))
async def with_default(n: int) -> int:
    raise ConnectionError(str(n))


@action(on_failure="review")
async def with_review(n: int) -> int:
    raise ConnectionError(str(n))


@action(timeout_seconds=0.05)
async def too_slow(n: int) -> int:
    await asyncio.sleep(5)
    return n


@workflow(version=1)
async def policies(run: Run, which: str) -> int:
    steps = {
        "retry": flaky, "fallback": with_fallback, "default": with_default, "review": with_review, "timeout": too_slow,
    }  # fmt: skip
    return await run.step(steps[which], 3)


begun: list[str] = []
stopped: list[str] = []


@action
async def endless(n: int) -> int:
    begun.append("endless")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        stopped.append("endless")
        raise
    return n


@workflow(version=1)
async def long(run: Run, n: int) -> int:
    return await run.step(endless, n)


@workflow(version=1, deadline_seconds=60)
async def hurried(run: Run, n: int) -> int:
    return await run.step(endless, n)


@workflow(version=1, deadline_seconds=3600)
async def waits_too_long(run: Run, n: int) -> int:
    return await run.ask("How many?", int) + n


@dataclass(frozen=True)
class Claim:
    """A file deep in an input."""

    papers: dict[str, list[File]]
    number: int


@action
def read_in_thread(file: File) -> str:
    return step_context().read_file(file).decode()


@action
async def read_in_loop(file: File) -> str:
    return step_context().read_file(file).decode()


@workflow(version=1)
async def claims(run: Run, claim: Claim) -> list[str]:
    read: list[str] = []
    for papers in claim.papers.values():
        for paper in papers:
            read += [await run.step(read_in_thread, paper), await run.step(read_in_loop, paper)]
            read.append(await run.child(reads, paper))
    return read


@workflow(version=1)
async def reads(run: Run, file: File) -> str:
    return await run.step(read_in_thread, file)


ALL: list[Workflow[Any, Any]] = [
    add, kept, judge, approve, approve_in_time, approve_urgently, two_questions, paid, paid_soon, nap, until_then,
    chance, parent, doomed_parent, patient_parent, fail, survive, policies, long, hurried, waits_too_long,
    claims, reads,
]  # fmt: skip
