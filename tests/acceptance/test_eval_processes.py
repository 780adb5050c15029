"""``handrail eval`` as a process of its own: it ends when its work is over, with a code that means what it says."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

SUITE = """\
import asyncio, subprocess, sys, threading, time
from handrail import Case, Suite, exact
CASES = [Case(f"c{n}", f"t{n}", "a") for n in range(5)]
HOURS = 36_000
def is_odd(text): return text == "t2"

def blocking(text: str) -> str:
    if is_odd(text): time.sleep(HOURS)
    return "a"
async def in_thread(text: str) -> str:
    return await asyncio.to_thread(blocking, text)
async def swallowing(text: str) -> str:
    while is_odd(text):
        try: await asyncio.sleep(HOURS)
        except BaseException: pass
    return "a"
def quick(text: str) -> str:
    return "a"
def judging(answer) -> bool:
    return blocking(answer.input) == "a"
async def judging_too(answer) -> bool:
    return await in_thread(answer.input) == "a"
async def leaving_from_a_task(text: str) -> str:
    async def leave(): sys.exit(0)
    if is_odd(text): await asyncio.create_task(leave())
    return "a"
def printing(text: str) -> str:
    print("printed"); subprocess.run([sys.executable, "-c", "print('by another program')"], check=True)
    return "a"
async def slow(text: str) -> str:
    print("asked", flush=True)
    await asyncio.sleep(HOURS)
    return "a"

import os, io
from concurrent.futures import ThreadPoolExecutor
async def changing_directory(text: str) -> str:
    os.chdir("/"); return "a"
def closing(text: str) -> str:
    sys.stdout.close(); sys.stderr.close(); return "a"
def closing_files(text: str) -> str:
    os.closerange(1, 3); return "a"
def replacing(text: str) -> str:
    sys.stdout, sys.stderr = io.StringIO(), None; return "a"
def detaching(text: str) -> str:
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8"); print("detached"); return "a"
async def leaving_a_thread(text: str) -> str:
    threading.Thread(target=time.sleep, args=(HOURS,)).start(); return "a"
async def leaving_a_pool(text: str) -> str:
    ThreadPoolExecutor().submit(time.sleep, HOURS); return "a"
async def leaving_at_once(text: str) -> str:
    if is_odd(text) and os.path.exists("rude"): os._exit(int(os.environ["CODE"]))
    return "a"
def forking(text: str) -> str:
    child = os.fork()
    if not child: os._exit(0)
    os.waitpid(child, 0); return "a"

def of(target, *scorers): return lambda: Suite("s", target, cases=CASES, scorers=scorers or [exact()])
rude = [changing_directory, closing, closing_files, replacing, detaching, leaving_a_thread, leaving_a_pool,
    leaving_at_once, forking, blocking, in_thread, swallowing]
targets = {each.__name__: of(each) for each in rude}
globals().update({f"suite_{name}": suite for name, suite in targets.items()})
suite_judging, suite_judging_too = of(quick, judging), of(quick, judging_too)
suite_leaving, suite_printing, suite_slow = of(leaving_from_a_task), of(printing), of(slow)
"""


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    (folder / "suites.py").write_text(SUITE)
    command = [sys.executable, "-m", "handrail", "eval", "run", *arguments, "--out", "r.jsonl"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("name", ["blocking", "in_thread", "swallowing", "judging", "judging_too"])
def test_a_command_ends_although_something_it_called_never_does(tmp_path: Path, name: str) -> None:
    process = start(tmp_path, f"suites.py:suite_{name}", "--timeout", "5")
    try:
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()

    assert process.returncode == 2, said
    assert "1 cases crashed, first 'c2' with TimeoutError" in said
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 6


def test_a_program_ended_from_inside_ends_with_2(tmp_path: Path) -> None:
    process = start(tmp_path, "suites.py:suite_leaving")
    _, said = process.communicate(timeout=120)

    assert process.returncode == 2, said


def test_standard_output_is_json_whatever_is_printed_meanwhile(tmp_path: Path) -> None:
    process = start(tmp_path, "suites.py:suite_printing", "--json")
    printed, said = process.communicate(timeout=120)

    assert process.returncode == 0, said
    assert json.loads(printed)
    assert "by another program" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_by_hand_ends_with_130(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, "suites.py:suite_slow")
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()

    assert process.returncode == 130, said


@pytest.mark.parametrize(
    "name",
    [
        "changing_directory",
        "closing",
        "closing_files",
        "replacing",
        "detaching",
        "leaving_a_thread",
        "leaving_a_pool",
        "forking",
    ],
)
def test_a_result_is_whole_and_shown_whatever_a_target_does_to_the_process(tmp_path: Path, name: str) -> None:
    # One case at a time: two threads that detach one stream at once are a crash of their own.
    at_once = ("--concurrency", "1") if name == "detaching" else ()
    process = start(tmp_path, f"suites.py:suite_{name}", "--html", "r.html", "--junit", "r.xml", *at_once)
    try:
        printed, said = process.communicate(timeout=120)
    finally:
        process.kill()

    assert process.returncode == 0, said
    assert "result  r.jsonl" in printed
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 6
    assert {each.name for each in tmp_path.iterdir()} >= {"r.jsonl", "r.html", "r.xml"}
    assert not [each.name for each in tmp_path.iterdir() if each.name.endswith("lock")]


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_process_that_a_target_ends_says_nothing_of_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("CODE", str(code))
    (tmp_path / "rude").touch()

    process = start(tmp_path, "suites.py:suite_leaving_at_once", "--concurrency", "1")
    _, said = process.communicate(timeout=120)
    (tmp_path / "rude").unlink()
    again = start(tmp_path, "suites.py:suite_leaving_at_once")
    _, more = again.communicate(timeout=120)

    assert process.returncode == 2, said
    assert f"os._exit({code})" in said
    assert again.returncode == 0, more
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 6
