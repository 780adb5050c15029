"""A program that asks in a batch under a key, and prints what it was answered as one line of JSON.

batch_caller.py URL ITEMS
"""

import asyncio
import json
import sys
from typing import Literal

from handrail import OpenAIModel, classify, confidence
from handrail.ai_steps import Batching, Price

KEY = "nightly"
PRICES = {"stub-1": Price(1, 2)}
QUICK = Batching(look_seconds=0.05, last_look_seconds=0.2)


async def asked(url: str, items: int) -> list[tuple[str, float]]:
    """Return the value of each item, all accepted, and what it cost."""
    model = OpenAIModel("stub-1", base_url=url, api_key="k", prices=PRICES, decisions=False)
    route = classify(
        "route",
        Literal["alpha", "beta", "gamma"],
        "Route it.",
        models=model,
        accept=confidence(at_least=0.5),
        batching=QUICK,
    )
    outcomes = await route.batch([f"case {number}" for number in range(items)], key=KEY)
    await model.aclose()
    return [
        (each.value, sum(attempt.money or 0.0 for attempt in each.judgement.attempts))
        for each in outcomes
        if each.kind == "accepted"
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(asked(sys.argv[1], int(sys.argv[2])))), flush=True)
