"""kill -9, freezing and doubling of what sends batches: every run ends, and no question is paid for twice."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handrail_orchestrator.store import Store, open_store
from tests.acceptance.processes import kill, spawn
from tests.servers.batch_stub import BatchStub

if TYPE_CHECKING:
    from subprocess import Popen

RUNS = 20
HALF = 0.00006
WITHIN_SECONDS = 240


@pytest.fixture(scope="module")
def running() -> Iterator[BatchStub]:
    with BatchStub() as stub:
        yield stub


@pytest.fixture
def stub(running: BatchStub) -> BatchStub:
    running.reset()
    return running


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    return str(request.getfixturevalue("postgres_url"))


class BatchWorkers:
    """The processes of one test."""

    def __init__(self, address: str, stub: BatchStub) -> None:
        self.given = (address, stub.url, str(RUNS))
        self.started: list[Popen[str]] = []

    def start(self, *more: str) -> "Popen[str]":
        process = spawn("batch_worker.py", *self.given, *more)
        self.started.append(process)
        assert process.stdout is not None
        if process.stdout.readline() != "up\n":
            pytest.fail(process.communicate()[1][-3000:])
        return process

    def end(self) -> None:
        for each in self.started:
            with suppress(OSError):
                each.send_signal(signal.SIGCONT)
            kill(each)


@pytest.fixture
def workers(address: str, stub: BatchStub) -> Iterator[BatchWorkers]:
    made = BatchWorkers(address, stub)
    yield made
    made.end()


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    made = open_store(address)
    yield made
    made.close()


def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def completed(store: Store) -> int:
    return sum(
        count for (name, _, status), count in store.counts().items() if (name, status) == ("triage", "completed")
    )


def check_paid_once(store: Store, stub: BatchStub) -> None:
    """Check that each run has its answer, from a batch, and that each question was answered once at the provider."""
    seen = stub.seen()
    assert seen["single"] == []
    assert sum(each["questions"] for each in seen["batches"] if each["status"] == "completed") == RUNS
    for number in range(RUNS):
        row = store.run(f"r{number}")
        assert row is not None
        assert row.output == f'"{("alpha", "beta", "gamma")[number % 3]}"'
        [judged] = [each for each in store.history(row.key).steps if each.kind == "ai"]
        assert judged.money == pytest.approx(HALF)


MOMENTS: dict[str, tuple[dict[str, Any], Callable[[BatchStub], bool]]] = {
    "while it is uploaded": ({"hold_upload": 1.0}, lambda stub: bool(stub.seen()["uploads"])),
    "between making and recording it": ({"hold_create": 2.0}, lambda stub: bool(stub.seen()["batches"])),
    "while it is looked at": ({"looks": 30}, lambda stub: stub.seen()["looks"] > 1),
    "while it is fetched": ({"hold_fetch": 1.0}, lambda stub: bool(stub.seen()["fetched"])),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_process_pays_for_nothing_twice(
    workers: BatchWorkers, store: Store, stub: BatchStub, moment: str
) -> None:
    faults, reached = MOMENTS[moment]
    stub.misbehave(**faults)
    first = workers.start()
    until(lambda: reached(stub))
    kill(first)
    stub.misbehave(**dict.fromkeys(faults, 0))
    workers.start()
    until(lambda: completed(store) == RUNS)
    check_paid_once(store, stub)


def test_a_frozen_process_sends_nothing_when_it_wakes(workers: BatchWorkers, store: Store, stub: BatchStub) -> None:
    """It is frozen in the middle of its upload, and another one takes over: it may not make a second batch."""
    stub.misbehave(hold_upload=1.0)
    first = workers.start()
    until(lambda: stub.seen()["uploads"])
    os.kill(first.pid, signal.SIGSTOP)
    stub.misbehave(hold_upload=0.0)
    workers.start()
    until(lambda: completed(store) == RUNS)
    os.kill(first.pid, signal.SIGCONT)
    time.sleep(2)  # for what it may do wrong
    check_paid_once(store, stub)
    assert len(stub.seen()["batches"]) == 1


def test_two_processes_share_a_batch(workers: BatchWorkers, store: Store, stub: BatchStub) -> None:
    workers.start("1.0")
    workers.start("1.0")
    until(lambda: completed(store) == RUNS)
    check_paid_once(store, stub)
