"""Workflows whose telemetry is looked at; at module level so that annotations resolve."""

import asyncio
import threading
from datetime import timedelta

from opentelemetry.trace import NoOpTracer, Tracer

from handrail import (
    Escalation,
    Run,
    Says,
    ScriptedModel,
    action,
    classify,
    confidence,
    draft,
    no_secrets,
    rule,
    step_context,
    workflow,
)
from handrail.orchestrator import Step

failures: list[str] = []
"""Idempotency keys at which ``flaky`` has failed; cleared by tests that use it."""

tracer: Tracer = NoOpTracer()
"""A library's, whose spans are looked for."""


@rule
def double(n: int) -> int:
    return 2 * n


@action
async def bump(n: int) -> int:
    return n + 1


@action
async def flaky(n: int) -> int:
    key = step_context().idempotency_key
    if key not in failures:
        failures.append(key)
        raise ValueError("the password is hunter2hunter2")
    return n


route = classify(
    "route",
    bool,
    "Is this urgent?",
    models=ScriptedModel(lambda _: Says("true", confidence=0.4)),
    accept=confidence(at_least=0.8),
    escalate=Escalation(queue="desk", due_hours=1),
)
sure = classify(
    "sure",
    bool,
    "Is this urgent?",
    models=ScriptedModel(lambda _: Says("true", confidence=0.95)),
    accept=confidence(at_least=0.8),
)
reply = draft(
    "reply",
    str,
    "Answer in one sentence.",
    models=ScriptedModel(lambda _: Says("Mail ann@example.com, the key is sk-proj-abcdefghijklmnopqrstuvwx0123")),
    guards=[no_secrets()],
    escalate=Escalation(queue="desk"),
)


@workflow(version=1)
async def plain(run: Run, n: int) -> int:
    return await run.step(bump, await run.step(double, n))


@workflow(version=2)
async def long(run: Run, n: int) -> int:
    await run.sleep(timedelta(days=3))
    urgent = await run.decide(route, "my card was stolen")
    return n if urgent else -n


@workflow(version=1)
async def quick(run: Run, text: str) -> bool:
    return await run.decide(sure, text)


@workflow(version=1)
async def writes(run: Run, text: str) -> str:
    return await run.decide(reply, text)


@workflow(version=1)
async def parent(run: Run, n: int) -> int:
    return await run.child(plain, n)


@workflow(version=1)
async def waits(run: Run, n: int) -> int:
    return n + await run.event("go", int)


@workflow(version=1)
async def breaks(run: Run, n: int) -> int:
    return await run.step(flaky, n)


@action
async def in_the_loop(n: int) -> int:
    with tracer.start_as_current_span("GET in the loop"):
        return n


@action
def in_a_thread(n: int) -> int:
    with tracer.start_as_current_span("GET in a thread"):
        return n


@workflow(version=1)
async def calls(run: Run, n: int) -> int:
    return await run.step(in_a_thread, await run.step(in_the_loop, n))


asleep = threading.Event()
"""Set once ``nap`` is being executed."""


@action
async def nap(n: int) -> int:
    asleep.set()
    await asyncio.sleep(3600)
    return n


@workflow(version=1)
async def sleeps(run: Run, n: int) -> int:
    return await run.step(nap, n)


@action
async def unbump(n: int) -> int:
    return n


@workflow(version=1)
async def undone(run: Run, n: int) -> int:
    await run.step(bump, n)
    await run.compensate(unbump, n)
    raise ValueError("not possible")


@workflow(version=1)
async def firsts(run: Run, n: int) -> int:
    which, _ = await run.first(run.event("go", int), run.sleep(timedelta(days=1)), name="either")
    return which * n


def many(name: str) -> Step[[int], int]:
    return double.named(name)


@workflow(version=1)
async def many_names(run: Run, n: int) -> int:
    for each in range(n):
        await run.step(many(f"double-{each}"), each)
    return n
