"""``handrail run`` as people use it: on a whole file, killed half-way, started again, answered by people."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "clinc_triage.py"
STORE = "sqlite:///runs.db"
INPUTS = 300

WORKFLOW = """
import os
import time
from handrail import Run, action, step_context, workflow

def note(line):
    file = os.open("done", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\\n".encode())
    os.close(file)

@action
def look_up(n: int) -> int:
    time.sleep(0.02)
    note(step_context().idempotency_key)
    return n * n

@action
def deliver(n: int) -> str:
    time.sleep(0.02)
    note(f"{step_context().idempotency_key} {n}")
    return f"delivered {n}"

@workflow(version=1)
async def square(run: Run, item: dict[str, int]) -> str:
    return await run.step(deliver, await run.step(look_up, item["n"]))
"""


def handrail(folder: Path, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "handrail", *arguments],
        cwd=folder,
        input=typed,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def completed(store: Path) -> int:
    """Return how many runs are completed, as another process sees it."""
    if not store.exists():
        return 0
    opened = SqliteStore(str(store))
    try:
        return sum(count for (_, _, status), count in opened.counts().items() if status == "completed")
    finally:
        opened.close()


def kill_after(folder: Path, arguments: list[str], runs: int) -> None:
    """Start a command and kill it with -9 once so many runs are completed."""
    process = subprocess.Popen([sys.executable, "-m", "handrail", *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        while completed(folder / "runs.db") < runs:
            assert process.poll() is None, "the command ended before it could be killed"
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def test_a_command_killed_half_way_and_given_again_does_every_input_once(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(WORKFLOW, encoding="utf-8")
    lines = "".join(f'{{"id": {n}, "n": {n}}}\n' for n in range(INPUTS))
    (tmp_path / "inputs.jsonl").write_text(lines, encoding="utf-8")
    command = [
        "run",
        "flow:square",
        "inputs.jsonl",
        "--store",
        STORE,
        "--id-field",
        "id",
        "--concurrency",
        "20",
        "--json",
    ]

    kill_after(tmp_path, command, INPUTS // 4)
    half = completed(tmp_path / "runs.db")
    assert 0 < half < INPUTS
    kill_after(tmp_path, command, half + INPUTS // 4)
    last = handrail(tmp_path, *command)

    assert last.returncode == 0, last.stderr
    summary: dict[str, Any] = json.loads(last.stdout)
    assert (summary["runs"], summary["by_rule"]) == (INPUTS, INPUTS)
    store = SqliteStore(str(tmp_path / "runs.db"))
    rows = store.runs(limit=INPUTS + 1)
    assert {row.id: row.output for row in rows} == {str(n): f'"delivered {n * n}"' for n in range(INPUTS)}
    assert all([step.name for step in store.history(row.key).steps] == ["look_up", "deliver"] for row in rows)
    store.close()
    seen = Counter((tmp_path / "done").read_text(encoding="utf-8").splitlines())
    assert set(seen) == {f"{n}/look_up" for n in range(INPUTS)} | {f"{n}/deliver {n * n}" for n in range(INPUTS)}
    again = [line for line, times in seen.items() if times > 1]
    assert len(again) <= 2 * 20, "only what was in flight in a crash may have been executed twice"


INTERRUPTED = 200
"""Inputs of a command that is stopped after the first ten: enough that even a busy machine stops it in time."""


def test_a_command_that_is_interrupted_says_so_and_can_be_given_again(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(WORKFLOW, encoding="utf-8")
    (tmp_path / "inputs.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(INTERRUPTED)), encoding="utf-8")
    command = ["run", "flow:square", "inputs.jsonl", "--store", STORE, "--concurrency", "5"]
    process = subprocess.Popen(
        [sys.executable, "-m", "handrail", *command],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what it puts into the background deaf to Ctrl-C, and all that is started from there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- one thread, and no lock
    )
    while completed(tmp_path / "runs.db") < 10:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 130
    *about_threads, last = errors.splitlines()
    assert last == "handrail: stopped; everything recorded is kept, the same command goes on"
    assert all("goes on in its thread" in line for line in about_threads), errors

    assert handrail(tmp_path, *command).returncode == 0
    assert completed(tmp_path / "runs.db") == INTERRUPTED
    seen = Counter((tmp_path / "done").read_text(encoding="utf-8").splitlines())
    again = [line for line, times in seen.items() if times > 1]
    assert len(again) <= 5, "steps in flight may finish, as far as the grace reaches on a busy machine"


def every(number: int, source: Path, folder: Path) -> Path:
    """Return a file with one line of so many of another, all labels among them."""
    chosen = source.read_text(encoding="utf-8").splitlines(keepends=True)[::number]
    (folder / source.name).write_text("".join(chosen), encoding="utf-8")
    return folder / source.name


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_requests_of_a_real_file_are_decided_or_wait_and_people_finish_some(
    tmp_path: Path, shared_data: Path
) -> None:
    # A fifth of them: the training takes most of the time, and more of it would prove no more.
    train, requests = (
        every(5, shared_data / "tickets" / f"clinc150.{part}.jsonl", tmp_path) for part in ("train", "val")
    )
    truth = {case["id"]: case["label"] for case in map(json.loads, requests.read_text(encoding="utf-8").splitlines())}
    command = ("run", f"{EXAMPLE}:triage", str(requests), "--store", STORE, "--id-field", "id", "--json")

    first = handrail(tmp_path, *command, REQUESTS=str(train))

    assert first.returncode == 0, first.stderr
    summary: dict[str, Any] = json.loads(first.stdout)
    assert summary["runs"] == len(truth) == 640
    assert summary["by_model"] + summary["waiting_for_person"] == 640
    store = SqliteStore(str(tmp_path / "runs.db"))
    accepted = store.runs(status="completed", limit=4000)
    right = sum(json.loads(row.output or "") == truth[row.id] for row in accepted)
    store.close()
    assert len(accepted) == summary["by_model"] > 300
    assert right / len(accepted) > 0.9

    reviewed = handrail(tmp_path, "review", "next", "--as", "ann", "--store", STORE, typed="\n2\ntranslate\nq\n")

    assert reviewed.returncode == 0, reviewed.stderr
    assert f"3 decided, {summary['waiting_for_person'] - 3} left" in reviewed.stdout
    again = json.loads(handrail(tmp_path, *command).stdout)
    assert (again["by_person"], again["by_model"]) == (3, summary["by_model"])
    assert again["waiting_for_person"] == summary["waiting_for_person"] - 3
