"""Ten thousand cases at once: a process of its own, whose memory at its peak counts, its libraries included.

python many.py URL
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from bench.figure import TIMES, Figure, at_most
from bench.memory import megabytes_of, peak_megabytes
from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.kinds import classify
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_guards.acceptance import confidence
from handrail_guards.outcome import Accepted

ITEMS = 10_000
CONCURRENCY = 100
MOST_TIMES_LIBRARY = 2.75
LIBRARY = "from openai import AsyncOpenAI; AsyncOpenAI(api_key='none')"
TEXT = "I was charged twice for the invoice of March, and nobody answers the telephone. " * 5


def figures(url: str) -> list[Figure]:
    """Measure ``map`` against a server that answers ``billing``."""
    command = [sys.executable, str(Path(__file__)), url]
    path = str(Path(__file__).parents[1])
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": path})
    name = f"map of {ITEMS:,} at concurrency {CONCURRENCY}: memory at its peak ÷ that of the client library"
    if run.returncode:
        return [Figure("many", name, None, TIMES, at_most(MOST_TIMES_LIBRARY), run.stderr[-300:], failed=True)]
    told = json.loads(run.stdout)
    library = megabytes_of(LIBRARY)
    note = f"{told['peak']:.0f} MB for {library:.0f}; {told['cpu'] / ITEMS * 1e3:.2f} ms CPU an item"
    return [Figure("many", name, told["peak"] / library, TIMES, at_most(MOST_TIMES_LIBRARY), note)]


async def _map(url: str) -> None:
    model = OpenAIModel("stub-1", base_url=url, api_key="none", confidence="none", max_concurrent=CONCURRENCY)
    step = classify(
        "route",
        Literal["billing", "access"],
        "Which team?",
        models=model,
        accept=confidence(at_least=0.5),
        limits=Limits(seconds=3600),  # a machine that has other things to do makes it slow, and not large
    )
    began = time.process_time()
    outcomes = await step.map((f"{number}: {TEXT}" for number in range(ITEMS)), concurrency=CONCURRENCY)
    values = [each.value if isinstance(each, Accepted) else getattr(each, "suggestion", each) for each in outcomes]
    if values != ["billing"] * ITEMS:
        raise SystemExit(f"the answers are not there, so their memory says nothing: {outcomes[0]}")
    print(json.dumps({"peak": peak_megabytes(), "cpu": time.process_time() - began}))
    await model.aclose()


if __name__ == "__main__":
    asyncio.run(_map(sys.argv[1]))
