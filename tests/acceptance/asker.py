"""A process whose runs ask a model on a server, one after the other, or else one that is always there.

``python asker.py STORE FOLDER NAME [ENGINE]``: its runs are ``NAME-0``, ``NAME-1`` and so on. ``FOLDER/up`` is there
while the server is up; while ``FOLDER/hangs`` is, its calls do not come back. Each call is a line of ``FOLDER/calls``,
its NAME; each run that ended is one of ``FOLDER/NAME``.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path
from typing import Literal

from handrail import Orchestrator, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.ai_steps import Answer, Limits, ModelBreaker, ModelRequest, NoAnswer
from handrail.guards import Confidence
from handrail.orchestrator import Settings

STORE, FOLDER, NAME = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
ENGINE = sys.argv[4] if len(sys.argv) > 4 else None


class Small:
    """A model on a server that files stand for."""

    name = "small"
    server = "http://models.example/v1"

    async def answer(self, _: ModelRequest) -> Answer | NoAnswer:
        """Answer while the server is up."""
        file = os.open(FOLDER / "calls", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{NAME}\n".encode())
        os.close(file)
        while (FOLDER / "hangs").exists():  # noqa: ASYNC110 -- a test in another process ends it
            await asyncio.sleep(0.02)
        if not (FOLDER / "up").exists():
            return NoAnswer(result="failed", reason="nobody is there")
        return Answer(value="billing", raw="billing", confidence=Confidence(0.95, "decision"), model="small")


route = classify(
    "route",
    Literal["billing", "cards"],
    "Which team?",
    models=[Small(), ScriptedModel(lambda _: Says("cards", 0.9), name="large")],
    accept=confidence(at_least=0.8),
    breaker=ModelBreaker(failures=3, probe_after_seconds=10_000),
    limits=Limits(seconds=600),
)


@workflow(version=1)
async def sorts(run: Run, text: str) -> str:
    team: str = await run.decide(route, text)
    return team


async def main() -> None:
    # Servers beside it take their share of a busy machine: who is late by a second is not dead.
    settings = Settings(lease_seconds=1.0 if ENGINE is None else 5.0, crash_limit=100)
    async with Orchestrator(STORE, workflows=[sorts], settings=settings, engine=ENGINE) as orchestrator:
        for n in itertools.count():
            await (await orchestrator.start(sorts, f"ticket {n}", id=f"{NAME}-{n}")).result()
            (FOLDER / NAME).write_text("done\n" * (n + 1))
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
