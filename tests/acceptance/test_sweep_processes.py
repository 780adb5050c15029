"""A sweep whose process is killed goes on where it was, and pays for nothing twice; two at once are refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.acceptance

SUITE = """
import asyncio, json
from pathlib import Path
from typing import Literal
from handrail import Case, Suite, classify, confidence, exact
from handrail.ai_steps import Answer
from handrail.guards import Attempt, Confidence

class Paid:
    def __init__(self, name):
        self.name = name
    async def answer(self, request):
        await asyncio.sleep(0.01)
        with Path("asked.log").open("a") as log:
            log.write(json.dumps([self.name, request.prompt_version, request.text]) + "\\n")
        attempt = Attempt(model=self.name, result="answered", input_tokens=1, output_tokens=1, money=0.01)
        return Answer(value="a", raw="a", confidence=Confidence(0.9, "stated", "told"), model=self.name,
                      attempts=(attempt,))

small, large = Paid("small"), Paid("large")
step = classify("route", Literal["a", "b"], "Which?", models=small, accept=confidence(at_least=0.5))
CASES = [Case(f"c{n}", f"text {n} {chr(97 + n % 26) * 9}", "a") for n in range(120)]
suite = Suite("route", step, cases=CASES, scorers=[exact()])
"""
COMMAND = ("sweep", "sweeps.py:suite", "--vary", "model=own,sweeps.py:large", "--vary", "prompt=own,brief.txt")
CONCURRENCY = 4
ALL = 2 * 2 * 120


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "handrail", "eval", *COMMAND, "--json", "--concurrency", str(CONCURRENCY)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def asked(folder: Path) -> list[str]:
    log = folder / "asked.log"
    return log.read_text().splitlines() if log.exists() else []


def wait_for(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while len(asked(folder)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_killed_sweep_goes_on_and_only_what_was_under_way_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "sweeps.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "brief.txt").write_text("Which of the two?", encoding="utf-8")
    for count in (30, 150, 310):
        process = start(tmp_path)
        wait_for(tmp_path, count, process)
        if count == 150:  # a second one is refused, and harms nothing
            os.kill(process.pid, signal.SIGSTOP)  # it must not end meanwhile
            other = start(tmp_path)
            _, said = other.communicate(timeout=120)
            assert other.returncode == 2, said
            assert f"process {process.pid} is writing it" in said
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    last = start(tmp_path)
    told, said = last.communicate(timeout=120)
    assert last.returncode == 0, said
    done: dict[str, Any] = json.loads(told)
    assert [each["answers"] for each in done["cells"]] == [120] * 4
    questions = asked(tmp_path)
    assert len(set(questions)) == ALL
    assert len(questions) <= ALL + 3 * CONCURRENCY
    paid = done["paid"]["money"]
    assert (ALL - 3 * CONCURRENCY) * 0.01 - 1e-6 <= paid <= len(questions) * 0.01 + 1e-6
