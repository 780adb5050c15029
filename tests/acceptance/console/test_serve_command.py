"""``handrail serve`` as a process: what it cannot serve it says in one message; stopped, it loses nothing."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from handrail import Client
from tests.acceptance.console import flows
from tests.acceptance.console.desk import PATIENCE_SECONDS, eventually, served

SLOW_FLOW = """
import asyncio
from handrail import Run, action, workflow


@action
async def slow(text: str) -> str:
    await asyncio.sleep(600)
    return text


@workflow(version=1)
async def slowly(run: Run, text: str) -> str:
    return await run.step(slow, text)
"""


def refused(folder: Path, *arguments: str) -> str:
    """Return what a command says that must end with 2."""
    command = [sys.executable, "-m", "handrail", "serve", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("handrail: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--store", "sqlite:///nowhere.db"), "there is no such file"),
        (("--store", "mysql://x/y"), "sqlite:///"),
        (("--store", "sqlite:///runs.db", "--workflows", "no_such_module:flow"), "no_such_module"),
        (("--store", "sqlite:///runs.db", "--workflows", "os:path"), "os:path"),
        (("--store", "sqlite:///runs.db", "--root-path", "review"), "--root-path"),
        (("--store", "sqlite:///runs.db", "--root-path", "/a b"), "--root-path"),
        (("--store", "sqlite:///runs.db", "--host", "0.0.0.0"), "handrail people add"),  # noqa: S104 -- it is refused
        (("--store", "sqlite:///runs.db", "--host", "no.such.host.invalid"), "cannot listen"),
        (("--store", "sqlite:///runs.db", "--host", "no..host"), "cannot listen"),
        (("--store", "sqlite:///text.db"), "not a Handrail store"),
        (("--store", "sqlite:///new.db"), "upgrade Handrail"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_message(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    with served(tmp_path, (flows.tickets, "T-1", "one")):
        pass
    (tmp_path / "text.db").write_text("no store at all, and longer than a header of a database is: " * 9)
    (tmp_path / "new.db").write_bytes((tmp_path / "runs.db").read_bytes())
    with sqlite3.connect(tmp_path / "new.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    assert said in refused(tmp_path, "--port", "0", *arguments)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with served(tmp_path, (flows.tickets, "T-1", "one")), socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"127.0.0.1:{port}" in refused(tmp_path, "--store", "sqlite:///runs.db", "--port", port)


def test_what_it_needs_is_told_where_the_extra_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "starlette").mkdir()
    (tmp_path / "starlette" / "__init__.py").write_text("raise ModuleNotFoundError(name='starlette')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 2
    assert 'pip install "handrail[console]"' in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_it_hands_runs_back_and_says_that_nothing_is_lost(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "slow_flow.py").write_text(SLOW_FLOW)
    with served(tmp_path, (flows.tickets, "T-1", "one"), options=("--workflows", "slow_flow.py:slowly")) as desk:
        assert desk.process is not None
        started = httpx2.post(
            f"{desk.address}/api/v1/workflows/slowly/runs",
            json={"input": "x"},
            headers={"idempotency-key": "S-1"},
            timeout=PATIENCE_SECONDS,
        )
        assert started.status_code in {200, 201, 202}, started.text

        async def is_executed(client: Client) -> bool:
            return client.run("S-1").owner is not None

        eventually(lambda: desk.move(is_executed))
        desk.process.send_signal(number)
        _, errors = desk.process.communicate(timeout=PATIENCE_SECONDS)
        assert desk.process.returncode == 130, errors
        assert "everything recorded is kept" in errors
        assert not desk.move(is_executed)
