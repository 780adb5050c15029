"""Questions that will be late, and those that are: what they cost whoever looks for work, and what firing one costs."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure
from engine_bench.bench import Bench
from engine_bench.errors import WrongResult
from engine_bench.handrail_side import store_url
from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.guards import Late
from handrail.orchestrator import ReviewQuery
from handrail.testing import FakeClock
from handrail_orchestrator.store import Store, open_store
from handrail_orchestrator.store.claiming import Claim, Register

CLAIM_BAR = at_most(1.5, 1.2)
"""The processor time of a claim on a store with questions that will be late, by that on one whose questions wait."""
LOOKS = 2_000
"""Claims in a round."""
DUE_HOURS = 1.0
REMINDED = Escalation(due_hours=DUE_HOURS, when_late=["remind", Late("fail", 24)])


@workflow(version=1)
async def asks_in_time(run: Run, n: int) -> bool:
    """Ask a question that will be late."""
    return await run.ask("Well?", bool, context=n, escalate=REMINDED)


@workflow(version=1)
async def asks_for_ever(run: Run, n: int) -> bool:
    """Ask a question that never is."""
    return await run.ask("Well?", bool, context=n)


def lateness(bench: Bench) -> list[Figure]:
    """Measure what questions with a due time cost."""
    questions = bench.scale.ended_runs
    part = f"{questions:,} questions"
    bench.say(f"{part} that will be late, and as many that never are")
    late, never = (bench.directory / f"{name}.db" for name in ("late", "never"))
    clock = FakeClock()
    asyncio.run(_ask(late, never, questions, clock))
    claims = _claims(late, never, bench.scale.repetitions, clock.now())
    fired = asyncio.run(_fire(late, questions, clock))
    return [
        median_figure(part, "CPU of a claim beside those that will be late", [each[0] for each in claims], "ms"),
        median_figure(part, "CPU of a claim beside those that never are", [each[1] for each in claims], "ms"),
        median_figure(part, "CPU of a claim: late ÷ never", [a / b for a, b in claims], TIMES, bar=CLAIM_BAR),
        median_figure(part, "CPU of a reminder that is due, of all at once", [fired], "ms"),
    ]


async def _ask(late: Path, never: Path, questions: int, clock: FakeClock) -> None:
    for file, asks in ((late, asks_in_time), (never, asks_for_ever)):
        async with Orchestrator(store_url(file), workflows=[asks], clock=clock, concurrency=500) as orchestrator:
            await orchestrator.start_many(asks, [(f"run-{number}", number) for number in range(questions)])
            await orchestrator.idle()
            _require(orchestrator.review_count(), questions)


def _claims(late: Path, never: Path, rounds: int, now: float) -> list[tuple[float, float]]:
    """Return the processor time of a claim on each store, in milliseconds, round by round."""
    stores = open_store(store_url(late)), open_store(store_url(never))
    workers = [int(store.apply([Register(os.getpid(), "bench", "", "", now)])[0]) for store in stores]
    found: list[tuple[float, float]] = []
    for _ in range(rounds):
        spent = [_spent(store, worker, now) for store, worker in zip(stores, workers, strict=True)]
        found.append((spent[0], spent[1]))
    for store in stores:
        store.close()
    return found


def _spent(store: Store, worker: int, now: float) -> float:
    claim = Claim([("asks_in_time", 1), ("asks_for_ever", 1)], now, 10, suspects=True)
    began = time.process_time()
    for _ in range(LOOKS):
        store.apply([claim], worker=worker)
    return (time.process_time() - began) * 1000 / LOOKS


async def _fire(file: Path, questions: int, clock: FakeClock) -> float:
    """Return the processor time of a reminder, in milliseconds, when all are due at once."""
    clock.move_to(clock.now() + timedelta(hours=DUE_HOURS).total_seconds())
    async with Client(store_url(file), clock=clock) as client:
        began = time.process_time()
        _require(await client.fire_timers(), questions)
        spent = time.process_time() - began
        _require({item.late_step for item in client.reviews(ReviewQuery(limit=questions))}, {1})
    return spent * 1000 / questions


def _require(found: object, expected: object) -> None:
    if found != expected:
        raise WrongResult(f"{found!r} instead of {expected!r}")
