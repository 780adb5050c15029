"""``handrail run`` whose steps do things to its process: what it says is said, and its exit code is its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.acceptance

FLOWS = """\
import io, os, sys
from typing import Annotated
from pydantic import AfterValidator
from handrail import Run, rule, workflow

@rule
def rude(item: dict[str, int]) -> int:
    match os.environ.get("HOW"):
        case "directory": os.chdir("/")
        case "closed": sys.stdout.close(); sys.stderr.close()
        case "files": os.closerange(1, 3)
        case "replaced": sys.stdout, sys.stderr = io.StringIO(), None
        case "printed": print("printed by a step")
        case "left" if item["n"] == 2: os._exit(0)
        case "left with 1" if item["n"] == 2: os._exit(1)
        case "left with 7" if item["n"] == 2: os._exit(7)
    return item["n"]

def known(item: dict[str, int]) -> dict[str, int]:
    if os.environ.get("HOW") == "left in a check":
        os._exit(0)
    return item

@workflow(version=1)
async def count(run: Run, item: Annotated[dict[str, int], AfterValidator(known)]) -> int:
    return await run.step(rude, item)
"""


def run(folder: Path, how: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "flows.py").write_text(FLOWS)
    (folder / "items.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(4)))
    command = [sys.executable, "-m", "handrail", "run", "flows.py:count", "items.jsonl", "--store", "sqlite:///s.db"]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env={**os.environ, "HOW": how},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def completed(folder: Path) -> int:
    store = SqliteStore(str(folder / "s.db"))
    try:
        return store.counts().get(("count", 1, "completed"), 0)
    finally:
        store.close()


@pytest.mark.parametrize("how", ["directory", "closed", "files", "replaced", "printed"])
def test_a_summary_is_shown_whatever_a_step_does_to_the_process(tmp_path: Path, how: str) -> None:
    done = run(tmp_path, how, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["runs"] == 4
    assert completed(tmp_path) == 4


@pytest.mark.parametrize(("how", "code"), [("left", 2), ("left with 1", 2), ("left with 7", 7), ("left in a check", 2)])
def test_a_step_that_ends_the_process_does_not_say_that_the_runs_are_done(tmp_path: Path, how: str, code: int) -> None:
    ended = run(tmp_path, how)
    again = run(tmp_path, "")

    assert ended.returncode == code
    assert ("os._exit" in ended.stderr) == (code == 2)
    assert again.returncode == 0, again.stderr
    assert completed(tmp_path) == 4
