"""The README's program may be run twice and killed anywhere: that is what the README says."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.docs.block import CONSOLE, PYTHON, blocks_of
from tests.docs.page_run import ROOT

ENDS = ("T-1/assign -> access", "T-2/assign -> billing")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (block,) = [each for each in blocks_of(ROOT / "README.md") if each.language in PYTHON and not each.title]
    path = tmp_path / "page.py"
    path.write_text(block.text, encoding="utf-8")
    return path


def said_by(program: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, program.name], cwd=program.parent, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_program_says_what_the_readme_says_and_may_be_run_again(program: Path) -> None:
    first, again = said_by(program), said_by(program)
    assert [line for line in first if "->" in line] == list(ENDS)
    assert "Which team owns this ticket? access confidence 0.60 < 0.85" in first
    assert again == list(ENDS)  # every step is recorded: nothing is asked a second time


@pytest.mark.parametrize("seed", range(3))
def test_the_program_goes_on_wherever_it_was_killed(program: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, program.name], cwd=program.parent, stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 1.2))  # anywhere: before it has begun, in the middle, after its end
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert [line for line in said_by(program) if "->" in line] == list(ENDS)


def test_what_the_readme_shows_of_its_commands_is_what_they_say(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    blocks = blocks_of(ROOT / "README.md")
    for block in blocks:
        if block.title is not None:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    (shown,) = [block for block in blocks if block.language in CONSOLE]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shown.script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )

    said = {without_times(line) for line in done.stdout.splitlines()}
    told = [without_times(line) for line in shown.text.splitlines() if not line.startswith("$ ")]

    assert len(told) > 5
    assert [line for line in told if line not in said] == []


def without_times(line: str) -> str:
    """Return a line as it is however long things took, and however sure a model is in the last digit."""
    return re.sub(r"\s+", " ", re.sub(r"\d+ s\b|0\.\d\d\b", "N", line)).strip()
