"""A workflow whose judgements are audited, and a process that executes it until it is killed.

``python -m tests.contract.audited STORE RUNS`` prints ``started`` once the runs are recorded and ``idle`` at the end.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Literal

from handrail import Accepted, Auditing, Doubtful, Escalation, Orchestrator, Run, action, workflow
from handrail.guards import Alternative, AuditRule, Confidence, Judgement
from handrail.orchestrator import Settings

Team = Literal["billing", "bugs"]

HALF = Auditing(0.5, queue="audits", priority=40, due_hours=24)


@dataclass(frozen=True, eq=False)
class Route:
    """A judge that is sure of what says so, audited as it is told."""

    audit: AuditRule | None = None
    name: str = "route"
    instructions: str = "Which team owns this ticket?"
    output_type: object = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        sure = 0.9 if "sure" in text else 0.4
        judgement = Judgement(
            confidence=Confidence(sure, "local"),
            task="route",
            model="stub",
            alternatives=(Alternative(value="billing", confidence=0.3),),
            source=text,
        )
        if "sure" in text:
            return Accepted("billing", judgement)
        return Doubtful("bugs", "low_confidence", "confidence 0.40 < 0.8", judgement, Escalation(queue="triage"))


all_audited = Route(Auditing(1.0, due_hours=24))
half_audited = Route(HALF)


@action
async def send(text: str) -> str:
    await asyncio.sleep(0.001)
    return text


@action
async def refuse(text: str) -> str:
    raise ValueError(text)


@workflow(version=1)
async def audited(run: Run, text: str) -> str:
    return await run.step(send, await run.decide(all_audited, text))


@workflow(version=1)
async def sampled(run: Run, text: str) -> str:
    return await run.step(send, await run.decide(half_audited, text))


@workflow(version=1)
async def failing(run: Run, text: str) -> str:
    await run.decide(all_audited, text)
    return await run.step(refuse, text)


@workflow(version=1)
async def asking(run: Run, text: str) -> str:
    team = await run.decide(all_audited, text)
    return team if await run.ask("Really?", bool) else "nobody"


@workflow(version=1)
async def repeated(run: Run, text: str) -> list[str]:
    teams = [await run.decide(half_audited, text) for _ in range(20)]
    return [*teams]


@workflow(version=1)
async def unaudited(run: Run, text: str) -> str:
    return await run.decide(Route(), text)


ALL = [unaudited, audited, sampled, failing, asking, repeated]


async def main(store: str, runs: int) -> None:
    settings = Settings(concurrency=50, lease_seconds=2, crash_limit=100)
    async with Orchestrator(store, workflows=ALL, settings=settings) as orchestrator:
        await orchestrator.start_many(sampled, [(f"r{n}", "sure" if n % 2 else "hm") for n in range(runs)])
        print("started", flush=True)
        await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
