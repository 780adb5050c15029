"""A command ends as its work did, whatever the code that it called leaves behind or does to its event loop."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from handrail_orchestrator.cli import leftovers, stopping
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.errors import Misuse
from tests.unit.orchestrator.commands import handrail, working_in

STORE = "sqlite:///s.db"
over = threading.Event()
"""Set when what never ends may end after all."""


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give what is left little time, and forget what was left behind."""
    monkeypatch.setattr(stopping, "LEFTOVER_SECONDS", 0.2)
    monkeypatch.setattr(stopping, "leave_after", lambda *_: threading.Timer(0, print))
    over.clear()
    yield
    over.set()
    leftovers.LEFT_BEHIND.clear()


async def for_ever() -> None:
    while not over.is_set():
        with suppress(BaseException):
            await asyncio.sleep(60)


CLOSES_NEVER = """
import asyncio, sys, threading
from handrail_orchestrator.cli import stopping

stopping.CLOSED_SECONDS = 0.2

async def work():
    try:
        print("up", flush=True)
        await asyncio.sleep(60)
    finally:
        threading.Event().wait()  # as a store does whose server has stopped in the middle of an answer

stopping.run_until_stopped(work())
"""


@pytest.mark.dear
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_asked_to_end_does_though_closing_never_ends(number: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", CLOSES_NEVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    assert process.wait(60) == 130
    process.stdout.close()


@pytest.mark.dear
def test_a_task_that_ignores_its_cancel_is_left_behind_and_the_work_keeps_its_result() -> None:
    kept: list[asyncio.Task[None]] = []

    async def work() -> int:
        kept.append(asyncio.create_task(for_ever()))
        await asyncio.sleep(0)
        return 7

    assert run_until_stopped(work()) == 7
    assert kept == leftovers.LEFT_BEHIND


@pytest.mark.dear
def test_a_thread_of_the_loop_that_goes_on_is_not_waited_for() -> None:
    async def work() -> int:
        asyncio.get_running_loop().run_in_executor(None, over.wait)
        return 7

    assert run_until_stopped(work()) == 7
    assert leftovers.LEFT_BEHIND


@pytest.mark.dear
def test_a_generator_that_does_not_close_is_not_waited_for() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 7
        finally:
            await for_ever()

    kept = numbers()

    async def work() -> int:
        return await anext(kept)

    assert run_until_stopped(work()) == 7
    assert leftovers.LEFT_BEHIND


@pytest.mark.parametrize("code", [0, 1, None])
def test_what_a_callback_ends_has_not_ended_well(code: int | None) -> None:
    async def work() -> None:
        asyncio.get_running_loop().call_soon(sys.exit, code)
        await asyncio.sleep(60)

    with pytest.raises(Misuse, match=rf"sys.exit\({code}\)"):
        run_until_stopped(work())


def test_an_interrupt_that_a_task_raises_is_not_called_ctrl_c() -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    async def work() -> None:
        task = asyncio.create_task(interrupted())
        await asyncio.sleep(60)
        await task

    with pytest.raises(Misuse, match="not Ctrl-C"):
        run_until_stopped(work())


FLOWS = """\
import asyncio, sqlite3, sys
from handrail import Run, action, workflow

@action
async def rude(how: str) -> str:
    if how == "leaves":
        asyncio.get_running_loop().call_soon(sys.exit, 0)
        await asyncio.sleep(0.1)
    if how == "deletes":
        with sqlite3.connect("s.db") as store:
            store.execute("pragma foreign_keys=off")
            store.execute("delete from runs")
        store.close()
    return how

@workflow(version=1)
async def flow(run: Run, how: str) -> str:
    return await run.step(rude, how)
"""


@pytest.mark.parametrize(
    ("how", "says"),
    [("leaves", "ended this command with sys.exit(0)"), ("deletes", "2 of 2 runs are not in the store")],
)
def test_runs_that_are_not_accounted_for_are_not_called_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, says: str
) -> None:
    with working_in(tmp_path, monkeypatch):
        Path("flows.py").write_text(FLOWS)
        Path("how.jsonl").write_text(f'"{how}"\n"{how}"\n')
        ended = handrail("run", "flows.py:flow", "how.jsonl", "--store", STORE, "--concurrency", "1")

    assert ended.exit_code == 2
    assert says in ended.stderr
