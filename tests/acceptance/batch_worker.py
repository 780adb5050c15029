"""A worker whose runs ask in a batch: executes what is due until SIGTERM.

    batch_worker.py STORE URL RUNS [GATHER [LEASE]]

It starts RUNS runs, if they are not there yet.
"""

import sys
from typing import Literal

from handrail import OpenAIModel, Orchestrator, Run, classify, confidence, workflow
from handrail.ai_steps import Batching, Price
from handrail.orchestrator import Settings
from handrail_orchestrator.cli.stopping import run_service

STORE, URL, RUNS = sys.argv[1:4]
GATHER = float(sys.argv[4]) if len(sys.argv) > 4 else 0.2
LEASE = float(sys.argv[5]) if len(sys.argv) > 5 else 1.0

route = classify(
    "route",
    Literal["alpha", "beta", "gamma"],
    "Route it.",
    models=OpenAIModel("stub-1", base_url=URL, api_key="k", prices={"stub-1": Price(1, 2)}, decisions=False),
    accept=confidence(at_least=0.5),
    batching=Batching(gather_seconds=GATHER, look_seconds=0.05, last_look_seconds=0.2),
)


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    return await run.decide(route, text, batch=True)


async def main() -> None:
    async with Orchestrator(STORE, workflows=[triage], settings=Settings(lease_seconds=LEASE)) as orchestrator:
        await orchestrator.start_many(triage, [(f"r{n}", f"case {n}") for n in range(int(RUNS))])
        print("up", flush=True)
        await orchestrator.failed()


run_service(main())
