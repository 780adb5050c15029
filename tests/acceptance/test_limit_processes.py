"""Limits that hold across processes: never more at once, turns evenly spaced, a killed process's places come back."""

from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.processes import finish, kill, spawn
from tests.unit.orchestrator.control.flows import until

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

RUNS = 60


def logged(folder: Path) -> list[tuple[str, int, int, float]]:
    lines = (folder / "log").read_text().splitlines() if (folder / "log").exists() else []
    return [(what, int(pid), int(n), float(at)) for what, pid, n, at in (line.split() for line in lines)]


async def test_a_limit_holds_for_all_processes_and_what_a_killed_one_had_comes_back(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    hanging = spawn("limited.py", store, str(tmp_path), str(RUNS), "hangs")
    await until(lambda: len(logged(tmp_path)) == 4)  # two of each key, and no more
    others = [spawn("limited.py", store, str(tmp_path), "0") for _ in range(2)]
    for each in others:
        assert each.stdout is not None
        assert each.stdout.readline() == "started\n"
    assert len(logged(tmp_path)) == 4
    kill(hanging)
    for each in others:
        finish(each)
    finish(spawn("limited.py", store, str(tmp_path), "0"))  # whatever nobody had when they were idle
    lines = [line for line in logged(tmp_path) if line[1] != hanging.pid]
    inside: Counter[int] = Counter()
    for what, _, n, _ in lines:
        inside[n % 2] += {"+": 1, "-": -1, "m": 0}[what]
        assert inside[n % 2] <= 2
    mails = sorted(at for what, _, _, at in lines if what == "m")
    assert len(mails) == RUNS
    assert mails[-1] - mails[0] >= (RUNS - 1) / 50 - 0.1
