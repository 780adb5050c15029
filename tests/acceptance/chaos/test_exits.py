"""How commands and programs end when something happens to them: the exit code, what is recorded, and that they end."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance.chaos.harm import GENEROUS, ROOT
from tests.acceptance.chaos.journeys import KINDS, PLACES

STUBBORN = "tests.acceptance.chaos.stubborn"
PROGRAM = f"""
import asyncio, sys
from handrail import Orchestrator
from handrail.orchestrator import Settings
from {STUBBORN} import napping

async def main():
    settings = Settings(grace_seconds=0.1)
    async with Orchestrator(sys.argv[1], workflows=[napping], settings=settings) as orchestrator:
        await orchestrator.start_many(napping, [(f"r{{n}}", float(sys.argv[2])) for n in range(30)])
        await orchestrator.idle()

asyncio.run(main())
"""


def begin(*command: str, hangups: signal.Handlers = signal.SIG_DFL) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, hangups),  # noqa: PLW1509
    )  # fmt: skip


def handrail(*arguments: str) -> "subprocess.Popen[str]":
    return begin("-m", "handrail", *arguments)


def inputs(path: Path, *values: float) -> str:
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values), encoding="utf-8")
    return str(path)


def statuses(store: Path) -> Counter[str]:
    database = sqlite3.connect(store)
    try:
        return Counter(row[0] for row in database.execute("SELECT status FROM runs"))
    finally:
        database.close()


def wait_until_running(store: Path, count: int) -> None:
    """Wait until so many runs are being executed."""
    deadline = time.monotonic() + GENEROUS
    while True:
        try:
            if statuses(store)["running"] >= count:
                return
        except sqlite3.OperationalError:  # not made yet
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    try:
        output, errors = process.communicate(timeout=GENEROUS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"it hangs: {process.communicate()}")
    return process.returncode, output, errors


def test_what_asks_a_program_to_end_has_runs_handed_back_and_ends_it_as_it_would_have(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    for number in (signal.SIGTERM, signal.SIGHUP) * 2:
        process = begin("-c", PROGRAM, f"sqlite:///{store}", "600")
        wait_until_running(store, 30)
        process.send_signal(number)
        code, _, errors = ended(process)
        assert code == -number, errors
        assert statuses(store) == {"pending": 30}
    opened = SqliteStore(str(store))
    assert {row.crashes for row in opened.runs()} == {0}
    assert opened.workers() == []
    opened.close()


def test_a_command_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    file = inputs(tmp_path / "in.jsonl", 2, 2, 2)
    command = ("-m", "handrail", "run", f"{STUBBORN}:napping", file, "--store", f"sqlite:///{store}")
    process = begin(*command, hangups=signal.SIG_IGN)
    wait_until_running(store, 3)
    process.send_signal(signal.SIGHUP)  # as under nohup
    code, _, errors = ended(process)
    assert (code, statuses(store)) == (0, {"completed": 3}), errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_whose_code_does_not_stop_is_stopped_all_the_same(tmp_path: Path, number: signal.Signals) -> None:
    store = tmp_path / "runs.db"
    file = inputs(tmp_path / "in.jsonl", 1, 2, 3)
    process = handrail("run", f"{STUBBORN}:stubborn", file, "--store", f"sqlite:///{store}")
    wait_until_running(store, 3)
    time.sleep(0.5)
    process.send_signal(number)
    code, _, errors = ended(process)
    assert (code, "same command goes on" in errors) == (130, True), errors
    assert statuses(store) == {"pending": 3}


def test_rude_code_of_every_kind_in_every_place_fails_its_own_run_only(tmp_path: Path) -> None:
    store, rude = tmp_path / "runs.db", len(PLACES) * len(KINDS)
    file = inputs(tmp_path / "in.jsonl", *range(rude + 20))
    process = handrail("run", f"{STUBBORN}:rudely", file, "--store", f"sqlite:///{store}", "--json")
    code, output, errors = ended(process)
    assert code == 1, errors
    summary = json.loads(output)
    assert (summary["runs"], summary["failed"], summary["by_rule"]) == (rude + 20, rude, 20)
    assert statuses(store) == {"failed": rude, "completed": 20}


def test_a_run_that_was_set_aside_is_no_success(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    file = inputs(tmp_path / "in.jsonl", 2, 3)
    command = ("run", f"{STUBBORN}:deadly", file, "--store", f"sqlite:///{store}")
    code, output, errors = ended(handrail(*command))
    while code == -signal.SIGKILL:
        code, output, errors = ended(handrail(*command))
    assert code == 1, errors
    assert "set aside" in output
    assert "runs list --status set_aside" in output
    assert statuses(store) == {"completed": 1, "set_aside": 1}


@pytest.mark.parametrize(("seconds", "code"), [(0.5, 0), (-1.0, 1)])
def test_a_command_waits_for_its_runs_while_another_worker_executes_them(
    tmp_path: Path, seconds: float, code: int
) -> None:
    store = tmp_path / "runs.db"
    address = f"sqlite:///{store}"
    other = begin("-c", PROGRAM, address, "600")
    wait_until_running(store, 30)
    file = inputs(tmp_path / "in.jsonl", 0.01, seconds)
    worker = handrail("work", f"{STUBBORN}:napping", "--store", address)
    try:
        found, _, errors = ended(handrail("run", f"{STUBBORN}:napping", file, "--store", address))
        assert found == code, errors
        assert statuses(store)["running"] == 30, "those of the others are none of its business"
        assert statuses(store)["pending"] == 0
    finally:
        for process in (other, worker):
            process.terminate()
            ended(process)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Make a file system of four megabytes, where that is allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "getuid") or os.getuid() != 0:
        pytest.skip("only root may mount a small file system")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


FLOW = """
import asyncio
from handrail import Run, action, workflow

@action
async def blob(n: int) -> str:
    await asyncio.sleep(0.01)
    return chr(97 + n % 26) * 20_000

@workflow(version=1)
async def flow(run: Run, n: int) -> int:
    return sum([len(await run.step(blob, n)) for _ in range(5)])
"""


@pytest.mark.parametrize("free", [1_500_000, 600_000, 200_000])
def test_a_full_disk_is_said_and_the_same_command_goes_on_once_there_is_space(
    tmp_path: Path, small_disk: Path, free: int
) -> None:
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    store = small_disk / "runs.db"
    file = inputs(tmp_path / "in.jsonl", *range(40))
    command = ["run", f"{tmp_path / 'flow.py'}:flow", file, "--store", f"sqlite:///{store}", "--concurrency", "10"]
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 * 1024 * 1024 - free - 64 * 1024))
    for _ in range(2):
        code, output, errors = ended(handrail(*command))
        assert code == 2, f"{output}\n{errors}"
        assert "the disk is full" in errors
        assert "runs  " not in output, "no summary that looks like an end"
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    code, output, errors = ended(handrail(*command))
    assert code == 0, errors
    assert statuses(store) == {"completed": 40}
    opened = SqliteStore(str(store))
    assert {row.crashes for row in opened.runs()} == {0}, "a full disk blames nobody"
    opened.close()
