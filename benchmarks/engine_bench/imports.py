"""What importing the engine costs in a new process: something that every machine pays before it opens a store."""

import resource
import statistics
import subprocess
import sys

from engine_bench.child import environment

TIMES = 5
PYDANTIC = "from pydantic import BaseModel, TypeAdapter"
ENGINE = (
    "from handrail import Orchestrator; from handrail_ground.optional import load_later_modules; load_later_modules()"
)
"""With what opening loads, whatever is in the store."""


def import_milliseconds() -> float:
    """Return the processor time of importing the engine, beyond that of a bare interpreter."""
    spent = [spend(ENGINE) - spend("pass") for _ in range(TIMES + 1)]
    return statistics.median(spent[1:])  # the first one compiles


def spend(program: str) -> float:
    """Return the processor time of a new process, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
