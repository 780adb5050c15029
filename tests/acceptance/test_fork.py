"""Copies of the process that a body makes with ``os.fork``: they record nothing, whatever they do, and they end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.acceptance

FORKING = """
import os
import sys

from handrail import Case, Suite, exact
from handrail import Client, Run, action, workflow
from handrail_orchestrator.errors import StoreError


def divided(n: int, how: str) -> int:
    copy = os.fork()
    if copy:
        _, status = os.waitpid(copy, 0)
        return 10 * n + os.waitstatus_to_exitcode(status)
    if how == "exit":
        sys.exit(n)
    if how == "raise":
        raise ValueError(n)
    return -1


@action
async def in_loop(n: int, how: str) -> int:
    return divided(n, how)


@action
def in_thread(n: int, how: str) -> int:
    return divided(n, how)


@workflow(version=1)
async def both(run: Run, how: str) -> list[int]:
    here = divided(1, how) if how != "return" else 11  # the copy would go on in here
    return [here, await run.step(in_loop, 2, how), await run.step(in_thread, 3, how)]


async def target(how: str) -> int:
    return divided(4, how)


def plain_target(how: str) -> int:
    return divided(5, how)


async def asked(how: str) -> str:
    return how


def scorer(answer: object) -> bool:
    return divided(6, answer.output) == {"exit": 66}.get(answer.output, 61)


if os.environ.get("DIVIDES"):
    os.fork()
hows = {"exit": 4, "raise": 1, "return": 1}
suite = Suite("async", target, cases=[Case(how, how, 40 + code) for how, code in hows.items()], scorers=[exact()])
plain = Suite("plain", plain_target, cases=[Case("raise", "raise", 51)], scorers=[exact()])
scored = Suite("scored", asked, cases=[Case(how, how) for how in hows], scorers=[scorer])
"""


def handrail(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handrail", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "forking.py").write_text(FORKING, encoding="utf-8")
    (tmp_path / "hows.jsonl").write_text('"exit"\n"raise"\n"return"\n', encoding="utf-8")
    return tmp_path


def test_copies_of_a_worker_end_with_their_code_and_record_nothing(folder: Path) -> None:
    done = handrail(folder, "run", "forking.py:both", "hows.jsonl")
    assert done.returncode == 0, done.stderr
    assert "fault of Handrail" not in done.stderr
    assert "ValueError: 2" in done.stderr
    assert "end it with os._exit" in done.stderr
    store = SqliteStore(str(folder / "handrail.db"))
    try:
        outputs = [row.output for row in sorted(store.runs())]
    finally:
        store.close()
    assert outputs == ["[11,22,33]", "[11,21,31]", "[11,21,31]"]


@pytest.mark.parametrize(("suite", "divides"), [("suite", ""), ("plain", ""), ("scored", ""), ("scored", "on import")])
def test_copies_of_a_measured_process_end_and_write_no_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch, suite: str, divides: str
) -> None:
    monkeypatch.setenv("DIVIDES", divides)
    done = handrail(folder, "eval", "run", f"forking.py:{suite}", "--out", "result.jsonl", "--concurrency", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("result.jsonl") == 1
    cases = [json.loads(line) for line in (folder / "result.jsonl").read_text(encoding="utf-8").splitlines()[1:]]
    assert len(cases) == (1 if suite == "plain" else 3)
    assert {score for case in cases for score in case["scores"].values()} == {1.0}


def test_a_store_that_was_written_before_a_fork_is_not_written_by_the_copy(tmp_path: Path) -> None:
    script = tmp_path / "shares.py"
    script.write_text(
        """
import os
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.changes import Remember

store = SqliteStore("s.db")
store.apply([Remember("a", "a.py:a")])
copy = os.fork()
if not copy:
    try:
        store.apply([Remember("b", "b.py:b")])
    except StoreError as error:
        print(error, flush=True)
        os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]))
""",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "open it in this process" in done.stdout
    assert done.stdout.splitlines()[-1] == "7"
