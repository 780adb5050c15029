"""Begin every customer of a file, once, and work on them, with the breakers of the systems that they need.

    python -m examples.onboarding.work onboarding.db                 # until Ctrl-C
    python -m examples.onboarding.work onboarding.db --until-idle    # until all wait or have ended

It is a script of its own, since breakers are given in code.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from examples.onboarding.pipeline import SYSTEMS, Customer, onboarding
from handrail import Orchestrator

CUSTOMERS: Final = Path(__file__).parent / "customers.jsonl"


async def main(store: str, *, until_idle: bool) -> list[str]:
    """Work, and return how far each customer is."""
    flow = onboarding()
    customers = [Customer.model_validate_json(line) for line in CUSTOMERS.read_text(encoding="utf-8").splitlines()]
    async with Orchestrator(f"sqlite:///{store}", workflows=[flow], systems=SYSTEMS) as orchestrator:
        await orchestrator.start_many(flow, [(customer.id, customer) for customer in customers])
        await orchestrator.idle()
        runs = sorted(orchestrator.runs(), key=lambda run: run.id)
        told = [f"{run.id}  {run.status}: {run.progress}" for run in runs]
        if not until_idle:
            print("\n".join(told), flush=True)
            await asyncio.Event().wait()
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="the file of the store")
    parser.add_argument("--until-idle", action="store_true", help="end when all wait or have ended")
    given = parser.parse_args()
    print("\n".join(asyncio.run(main(given.store, until_idle=given.until_idle))))
