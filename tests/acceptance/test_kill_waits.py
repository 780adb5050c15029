"""kill -9 at random moments of runs that wait for the first of several, go on anew, and undo what they did."""

import asyncio
import random
from pathlib import Path

import pytest

from handrail import Client
from tests.acceptance.processes import finish, kill, spawn

pytestmark = pytest.mark.acceptance

RUNS = 40
STEPS = 3


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
async def test_a_killed_process_loses_no_round_and_no_undo_action(tmp_path: Path, seed: int) -> None:
    store, outbox = tmp_path / "runs.db", tmp_path / "outbox"
    arguments = (f"sqlite:///{store}", str(outbox), str(RUNS))
    chance = random.Random(seed)
    for _ in range(chance.randint(2, 4)):
        victim = spawn("undoer.py", *arguments)
        assert victim.stdout is not None
        victim.stdout.readline()
        await asyncio.sleep(chance.random() * 0.6)
        kill(victim)
    assert "idle" in finish(spawn("undoer.py", *arguments))

    lines = outbox.read_text(encoding="utf-8").splitlines()
    async with Client(f"sqlite:///{store}") as client:
        for number in range(RUNS):
            run = client.run(f"r{number}")
            fails = number % 3 == 0
            assert (run.status, run.undoing) == (("failed", "failed") if fails else ("completed", None))
            assert run.round == 2
            names = [step.name for step in client.some_steps(run.id, limit=200)]
            assert len(names) == len(set(names))
            assert [name for name in names if "first" in name] == ["[1]/first", "first"]
            undone = [line.split()[0] for line in lines if line.startswith(f"{run.id}/") and line.endswith(" undid")]
            order = list(dict.fromkeys(undone))  # one that was cut short is executed again, with its key
            wanted = ["undo:undo#3", "undo:undo#2", "undo:undo"] if fails else []
            assert order == [f"{run.id}/[2]/{name}" for name in wanted]
            assert sorted(undone, key=order.index) == undone
