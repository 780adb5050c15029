"""Several processes on one store in PostgreSQL: killed, frozen, cut off, skewed; and the server killed under them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from handrail import Client
from handrail.orchestrator import ReviewQuery
from tests.acceptance.processes import HERE
from tests.servers.postgres import Cluster
from tests.servers.proxy import CuttingProxy

pytestmark = pytest.mark.slow

WITHIN_SECONDS = 300
SECRET = "the secret of a store on a server"


class Machines:
    """Workers on one store, each with a folder for locks and bells of its own, as on a machine of its own."""

    def __init__(self, folder: Path, store: str) -> None:
        self.store = store
        self.outbox = folder / "outbox"
        self.outbox.touch()
        self._folder = folder
        self._workers: list[subprocess.Popen[str]] = []

    def worker(self, *, lease: float = 1.0, skew: float = 0.0, store: str = "") -> "subprocess.Popen[str]":
        """Start one and wait until it takes runs."""
        own = self._folder / f"machine-{len(self._workers)}"
        own.mkdir()
        command = [sys.executable, str(HERE / "postgres_worker.py"), store or self.store, str(self.outbox)]
        errors = (own / "errors").open("w", encoding="utf-8")
        process = subprocess.Popen(
            [*command, str(lease), str(skew)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "TMPDIR": str(own)},
        )
        errors.close()
        self._workers.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n", (own / "errors").read_text(encoding="utf-8")[-3000:]
        return process

    def noted(self) -> list[tuple[str, str]]:
        """Return which bodies were executed: (key, what they noted)."""
        lines = self.outbox.read_text(encoding="utf-8").splitlines()
        return [(key, said) for key, said in (line.split(" ", 1) for line in lines)]

    def begun(self, many: int = 1) -> None:
        """Wait until so many bodies were executed."""
        self.until(lambda: len(self.noted()) >= many)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + WITHIN_SECONDS
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.05)

    def close(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            with suppress(OSError):
                worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.communicate()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", SECRET)


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> Iterator[Machines]:
    made = Machines(tmp_path, postgres_url)
    yield made
    made.close()


def through(proxy: CuttingProxy, url: str) -> str:
    """Return the address of a store behind a proxy."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{proxy.port}"))


async def ended(client: Client, many: int, status_of_all: str = "completed") -> None:
    """Wait until so many runs are completed, or wait."""
    async with asyncio.timeout(2 * WITHIN_SECONDS):
        while True:
            counts = client.counts()
            if sum(count for (_, _, status), count in counts.items() if status == status_of_all) >= many:
                return
            await asyncio.sleep(0.1)


async def start_fives(client: Client, many: int) -> None:
    for n in range(many):
        await client.start("five", n, id=f"r{n}")


def check_each_once(client: Client, many: int) -> None:
    """Check that each run ended well, with each step recorded once and right."""
    for n in range(many):
        row = client.run(f"r{n}")
        assert (row.status, row.output) == ("completed", n + 5)
        assert [step.output for step in client.steps(f"r{n}")] == [n + at for at in range(1, 6)]


async def test_runs_of_a_killed_worker_are_taken_over_by_beats(machines: Machines) -> None:
    first = machines.worker()
    async with Client(machines.store) as client:
        await start_fives(client, 40)
        machines.begun()
        machines.worker()
        first.send_signal(signal.SIGKILL)
        await ended(client, 40)
        check_each_once(client, 40)


async def test_a_frozen_worker_that_wakes_up_after_the_take_over_writes_nothing(machines: Machines) -> None:
    frozen = machines.worker()
    async with Client(machines.store) as client:
        await start_fives(client, 40)
        machines.begun(20)
        frozen.send_signal(signal.SIGSTOP)
        machines.worker()
        await ended(client, 40)
        before = [client.steps(f"r{n}") for n in range(40)]
        frozen.send_signal(signal.SIGCONT)
        await client.start("five", 100, id="after")
        await ended(client, 41)
        assert [client.steps(f"r{n}") for n in range(40)] == before
        check_each_once(client, 40)


async def test_a_server_that_is_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    cluster = Cluster(fsync=True)
    machines: Machines | None = None
    try:
        cluster.start()
        machines = Machines(tmp_path, cluster.url(cluster.make_schema()))
        for _ in range(2):
            machines.worker(lease=2.0)
        async with Client(machines.store) as client:
            await start_fives(client, 60)
            machines.begun(60)
            for _ in range(2):
                cluster.kill()
                await asyncio.sleep(0.5)
                cluster.start()
                await asyncio.sleep(0.5)
            await ended(client, 60)
            check_each_once(client, 60)
    finally:
        if machines is not None:
            machines.close()
        cluster.remove()


@pytest.mark.parametrize("seconds", [0.5, 6.0])
async def test_a_worker_that_is_cut_off_from_the_server_comes_back(machines: Machines, seconds: float) -> None:
    """For less than its lease, or for so long that others have taken over its runs."""
    port = urlsplit(machines.store).port
    assert port is not None
    with CuttingProxy(port) as proxy:
        machines.worker(lease=1.5, store=through(proxy, machines.store))
        async with Client(machines.store) as client:
            await start_fives(client, 40)
            machines.begun()
            machines.worker(lease=1.5)
            proxy.cut()
            await asyncio.sleep(seconds)
            proxy.mend()
            await ended(client, 40)
            check_each_once(client, 40)


async def test_clocks_that_differ_by_ten_minutes_end_no_wait_too_early_or_late(machines: Machines) -> None:
    machines.worker(skew=600.0)
    machines.worker(skew=-600.0)
    async with Client(machines.store) as client:
        begun = time.monotonic()
        for n in range(10):
            await client.start("napping", 2.0, id=f"r{n}")
        await ended(client, 10)
        took = time.monotonic() - begun
        for n in range(10):
            assert 1.5 <= client.run(f"r{n}").output <= took + 1.0


async def test_a_person_whose_clock_is_wrong_answers_by_the_servers(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.worker()
    real = time.time
    async with Client(machines.store) as client:
        await client.start("asking", 1, id="r1")
        await ended(client, 1, "waiting")
    monkeypatch.setattr(time, "time", lambda: real() - 600.0)
    async with Client(machines.store) as client:
        (item,) = client.reviews()
        moved = await client.decide(item.id, True, by="ann")
        assert moved.decided is not None
        assert moved.decided >= item.created


async def test_a_parent_hears_of_a_child_that_ends_as_it_begins_to_wait(machines: Machines) -> None:
    for _ in range(3):
        machines.worker()
    async with Client(machines.store) as client:
        await asyncio.gather(*(client.start("parent", n, id=f"p{n}") for n in range(10)))
        await ended(client, 20)
        assert [client.run(f"p{n}").output for n in range(10)] == [n + 5 for n in range(10)]


async def test_a_shared_limit_holds_for_all_processes(machines: Machines) -> None:
    for _ in range(3):
        machines.worker()
    async with Client(machines.store) as client:
        await asyncio.gather(*(client.start("limited", n, id=f"r{n}") for n in range(30)))
        await ended(client, 30)
    assert [said for _, said in machines.noted()] == ["enter", "leave"] * 30


async def test_a_thousand_answers_at_once_each_let_their_run_go_on_once(machines: Machines) -> None:
    many = 1_000
    for _ in range(2):
        machines.worker(lease=10.0)
    async with Client(machines.store) as client:
        for first in range(0, many, 500):
            await asyncio.gather(*(client.start("asking", n, id=f"r{n}") for n in range(first, first + 500)))
        await ended(client, many, "waiting")
        items = client.reviews(ReviewQuery(limit=many))
        await asyncio.gather(*(client.decide(item.id, True, by="ann") for item in items))
        await ended(client, many)
        assert client.run(f"r{many - 1}").output == many - 1
