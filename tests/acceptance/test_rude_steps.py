"""Steps that change what they are executed in (the event loop, the working directory): runs and commands live on."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ENDING = """
import asyncio
from pathlib import Path
from handrail import Run, action, workflow

@action
async def end(how: str) -> str:
    if not Path("ended").exists():
        Path("ended").touch()
        if how == "stop":
            asyncio.get_running_loop().stop()
        else:
            for task in asyncio.all_tasks():
                task.cancel()
        await asyncio.sleep(0)
    return how

@workflow(version=1)
async def ends(run: Run, how: str) -> str:
    return await run.step(end, how)
"""


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_a_step_that_ends_the_loop_is_told_with_2_and_the_same_command_goes_on(tmp_path: Path, how: str) -> None:
    (tmp_path / "ending.py").write_text(ENDING, encoding="utf-8")
    (tmp_path / "hows.jsonl").write_text(f'"{how}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "handrail", "run", "ending.py:ends", "hows.jsonl"]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert first.returncode == 2, first.stderr
    assert "the code that was executed" in first.stderr
    assert "Traceback" not in first.stderr
    assert "fault of Handrail" not in first.stderr
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode in {0, 1}, again.stderr
    assert "runs" in again.stdout


MOVING = """
import asyncio
import os
from handrail import Run, action, workflow

@action
async def move(folder: str) -> str:
    os.chdir(folder)
    return folder

@action
async def look(n: int) -> int:
    await asyncio.sleep(0.1)
    return n

@workflow(version=1)
async def moves(run: Run, folder: str) -> int:
    await run.step(move, folder)
    for n in range(40):  # many looks of the worker after its store
        await run.step(look, n)
    return 40
"""


def test_a_step_that_changes_the_working_directory_stops_no_worker(tmp_path: Path) -> None:
    (tmp_path / "moving.py").write_text(MOVING, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "folders.jsonl").write_text('"elsewhere"\n', encoding="utf-8")
    command = [sys.executable, "-m", "handrail", "run", "moving.py:moves", "folders.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []
