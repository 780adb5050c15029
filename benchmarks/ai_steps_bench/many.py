"""Ten thousand cases at once: a process of its own, whose memory at its peak counts, its libraries included.

python many.py URL
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from bench.figure import Figure, at_most
from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.kinds import classify
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_guards.acceptance import confidence
from handrail_guards.outcome import Accepted

ITEMS = 10_000
CONCURRENCY = 100
MOST_MB = 200
TEXT = "I was charged twice for the invoice of March, and nobody answers the telephone. " * 5


def figures(url: str) -> list[Figure]:
    """Measure ``map`` against a server that answers ``billing``."""
    command = [sys.executable, str(Path(__file__)), url]
    path = str(Path(__file__).parents[1])
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": path})
    name = f"map of {ITEMS:,} at concurrency {CONCURRENCY}: memory of the process at its peak"
    if run.returncode:
        return [Figure("many", name, None, "MB", at_most(MOST_MB), run.stderr[-300:], failed=True)]
    told = json.loads(run.stdout)
    note = f"{told['cpu'] / ITEMS * 1e3:.2f} ms CPU an item, {told['before']:.0f} MB before the first call"
    return [Figure("many", name, told["peak"], "MB", at_most(MOST_MB), note)]


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
    before, began = _peak(), time.process_time()
    outcomes = await step.map((f"{number}: {TEXT}" for number in range(ITEMS)), concurrency=CONCURRENCY)
    values = [each.value if isinstance(each, Accepted) else getattr(each, "suggestion", each) for each in outcomes]
    if values != ["billing"] * ITEMS:
        raise SystemExit(f"the answers are not there, so their memory says nothing: {outcomes[0]}")
    print(json.dumps({"peak": _peak(), "before": before, "cpu": time.process_time() - began}))
    await model.aclose()


def _peak() -> float:
    """Return the megabytes of this program at its peak; what ``getrusage`` says begins with those of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    asyncio.run(_map(sys.argv[1]))
