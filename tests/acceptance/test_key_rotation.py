"""Another key takes over while a worker goes on, and whoever rotates is killed on the way: nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.keys import new_key, read_keys
from handrail_orchestrator.sealing.rotation import held
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import StartMany
from handrail_orchestrator.store.postgres import PostgresStore
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun
from tests.stores import FILE, on_a_server, store_in

PATIENCE_SECONDS = 180.0
RUNS = 2_000
SECRET = "the patient is Ada Lovelace"
BUSY = """
import asyncio
import sys
from handrail import Orchestrator, Run, action, workflow

@action
async def add(number: int) -> int:
    return number + 1

@workflow(version=1)
async def count(run: Run, number: int) -> int:
    for _ in range(3):
        number = await run.step(add, number)
    return number

async def main() -> None:
    async with Orchestrator(sys.argv[2], workflows=[count]) as orchestrator:
        number = 0
        while True:
            number += 1
            name = f"{sys.argv[1]}-{number}"
            assert await (await orchestrator.start(count, number, id=name)).result() == number + 3
            print(name, flush=True)

asyncio.run(main())
"""
"""A process that writes without end; each of its runs is recorded whole before the next begins."""

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]


@contextmanager
def busy(folder: Path, name: str, keys: str) -> Iterator[subprocess.Popen[str]]:
    """Let a worker write until the block ends; it has ended its first run when the block begins."""
    (folder / "busy.py").write_text(BUSY)
    process = subprocess.Popen(
        [sys.executable, "busy.py", name, store_in(folder)], cwd=folder, env={**os.environ, "HANDRAIL_KEYS": keys},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(name)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def rotating(folder: Path, keys: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "handrail", "keys", "rotate", "--store", store_in(folder), "--json"],
        cwd=folder, env={**os.environ, "HANDRAIL_KEYS": keys},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def opened(folder: Path, keys: str) -> Store:
    url = on_a_server(folder)
    return sealing(
        SqliteStore(str(folder / FILE)) if url is None else PostgresStore(url), AesGcm(read_keys(keys, "here"))
    )


def test_a_rotation_that_is_killed_goes_on_and_no_run_is_lost(either_store: Path) -> None:
    spring, summer = new_key("spring"), new_key("summer")
    old_first, new_first = f"{spring},{summer}", f"{summer},{spring}"
    store = opened(either_store, old_first)
    for batch in range(0, RUNS, 500):
        starts = [
            StartRun(f"kept-{number}", "other", 1, json.dumps([SECRET, number]), "code", 1.0)
            for number in range(batch, batch + 500)
        ]
        store.apply([StartMany(starts)])

    with busy(either_store, "old", old_first):
        killed = rotating(either_store, new_first)
        until = time.monotonic() + PATIENCE_SECONDS
        while not held(store)["summer"] and killed.poll() is None:
            assert time.monotonic() < until
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        mixed = held(store)
        assert mixed["summer"]
        assert inputs(store) == [[SECRET, number] for number in range(RUNS)]

    with busy(either_store, "new", new_first) as worker:
        done = rotating(either_store, new_first)
        told, complaint = done.communicate(timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, complaint
        said = json.loads(told)
        assert (said["is_finished"], said["dropped"]) == (True, ["spring"])
        assert worker.poll() is None  # it went on all the time
    store.close()

    alone = opened(either_store, summer)
    assert set(held(alone)) == {"summer"}
    assert inputs(alone) == [[SECRET, number] for number in range(RUNS)]
    ended = [run for run in alone.runs(workflow="count", limit=100_000) if run.ended is not None]
    assert ended
    assert all(json.loads(run.output or "") == json.loads(run.input) + 3 for run in ended)
    alone.close()


def inputs(store: Store) -> list[object]:
    runs = store.runs(workflow="other", limit=RUNS + 1)
    return [json.loads(run.input) for run in runs]
