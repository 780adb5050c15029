"""A hold that one process says holds in all others from the next judgement on, and what was promoted survives them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance
GENEROUS_SECONDS = 60.0

FLOW = """
import asyncio
import sys
from typing import Literal

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.guards import share

route = classify(
    "route", Literal["cards", "loans"], "Which team?", models=[ScriptedModel(lambda _: Says("cards", 0.95))],
    accept=confidence(at_least=0.8), rollout=share(1.0),
)


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    await run.event("go", str)
    return await run.decide(route, text)


async def start(ids: list[str]) -> None:
    async with Orchestrator("sqlite:///runs.db", workflows=[triage]) as orchestrator:
        await orchestrator.start_many(triage, [(each, "my card is gone") for each in ids])


async def go(ids: list[str]) -> None:
    async with Client("sqlite:///runs.db") as client:
        for each in ids:
            await client.send(each, "go", "now")


if __name__ == "__main__":
    asyncio.run({"start": start, "go": go}[sys.argv[1]](sys.argv[2:]))
"""


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}


def status(folder: Path, run_id: str) -> str:
    rows = run(folder, "handrail", "runs", "list", "--store", "sqlite:///runs.db", "--json").splitlines()
    return next(str(row["status"]) for row in map(json.loads, rows) if row["id"] == run_id)


def awaited(folder: Path, run_id: str, wanted: str) -> None:
    until = time.monotonic() + GENEROUS_SECONDS
    while (found := status(folder, run_id)) != wanted:
        assert time.monotonic() < until, f"{run_id} is {found}, not {wanted}"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hold_is_known_to_a_worker_that_is_at_work_and_outlives_a_kill(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    told = ("--store", "sqlite:///runs.db", "--as", "ann", "--why", "odd answers")
    run(tmp_path, sys.executable, "flow.py", "start", "before", "after", "resumed")
    command = ["handrail", "work", "flow.py:triage", "--store", "sqlite:///runs.db"]
    worker = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
    try:
        run(tmp_path, sys.executable, "flow.py", "go", "before")
        awaited(tmp_path, "before", "completed")
        run(tmp_path, "handrail", "rollout", "hold", "triage/route", *told)
        run(tmp_path, sys.executable, "flow.py", "go", "after")
        until = time.monotonic() + GENEROUS_SECONDS
        while "after" not in run(tmp_path, "handrail", "review", "list", "--store", "sqlite:///runs.db", "--json"):
            assert time.monotonic() < until
        assert status(tmp_path, "after") == "waiting"
    finally:
        worker.kill()
        worker.wait()
    shown = run(tmp_path, "handrail", "rollout", "status", "--store", "sqlite:///runs.db")
    assert "triage/route  HELD, nothing is let loose" in shown
    run(tmp_path, "handrail", "rollout", "resume", "triage/route", *told)
    run(tmp_path, sys.executable, "flow.py", "go", "resumed")
    run(tmp_path, *command, "--until-idle")
    assert [status(tmp_path, each) for each in ("after", "resumed")] == ["waiting", "completed"]
