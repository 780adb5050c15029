"""Runs on several processes that Temporal chooses among: killed, frozen, cut off, stopped and skewed; real servers."""

import asyncio
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from handrail import Client
from tests.acceptance.processes import kill, spawn
from tests.servers.temporal import DevServer, TemporalAt

if TYPE_CHECKING:
    from subprocess import Popen

WITHIN_SECONDS = 240
pytestmark = pytest.mark.timeout(600)
"""Servers and workers on a busy machine take their time."""
Inspect = Callable[[Client], bool]


class Machines:
    """Workers on one store, as if each were on a machine of its own."""

    def __init__(self, folder: Path, server: str, store: str) -> None:
        self.store = store
        self.outbox = folder / "outbox"
        self.outbox.touch()
        self.engine = f"{server}?prefix={uuid4().hex[:8]}"
        self.workers: list[Popen[str]] = []

    def worker(
        self, *, version: int = 1, queue: str = "-", skew: float = 0.0, engine: str | None = None
    ) -> "Popen[str]":
        """Start one and wait until it takes runs."""
        arguments = (self.store, engine or self.engine, str(self.outbox), str(version), queue, str(skew))
        process = spawn("temporal_worker.py", *arguments)
        self.workers.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n", process.communicate()[1][-3000:]
        return process

    def executed(self) -> list[tuple[int, str, str]]:
        """Return which process executed which body: (process, key, what it said)."""
        lines = self.outbox.read_text(encoding="utf-8").splitlines()
        return [(int(pid), key, said) for pid, key, said in (line.split(" ", 2) for line in lines)]

    def executes(self, process: "Popen[str]") -> None:
        """Wait until a process has executed something."""
        self.until(lambda: any(pid == process.pid for pid, *_ in self.executed()))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + WITHIN_SECONDS
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.02)

    def close(self) -> None:
        """End what still runs."""
        for worker in self.workers:
            with suppress(OSError):
                worker.send_signal(signal.SIGCONT)
            kill(worker)


@pytest.fixture
def machines(tmp_path: Path, temporal: TemporalAt, postgres_url: str) -> Iterator[Machines]:
    made = Machines(tmp_path, temporal.url, postgres_url)
    yield made
    made.close()


async def until(client: Client, holds: Inspect) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds(client):  # noqa: ASYNC110 -- what happens elsewhere has no event here
            await asyncio.sleep(0.05)


def all_are(status: str, many: int) -> Inspect:
    return lambda client: sum(row.status == status for row in client.runs(limit=1000)) == many


def check_each_once(client: Client, many: int, result: Callable[[int], int], steps: int) -> None:
    rows = client.runs(limit=1000)
    assert len(rows) == many
    for row in rows:
        assert (row.status, row.output) == ("completed", result(int(row.id[1:])))
        assert [step.status for step in client.steps(row.id)] == ["done"] * steps


async def test_a_killed_worker_loses_nothing(machines: Machines) -> None:
    first, _second = machines.worker(), machines.worker()
    async with Client(machines.store) as client:
        for n in range(40):
            await client.start("twice", n, id=f"r{n}")
        machines.executes(first)
        kill(first)
        await until(client, all_are("completed", 40))
        check_each_once(client, 40, lambda n: n + 2, 2)
    assert {key for _, key, _ in machines.executed()} == {f"r{n}/work{at}" for n in range(40) for at in ("", "#2")}


async def test_a_worker_that_was_frozen_and_wakes_up_writes_nothing_more(machines: Machines) -> None:
    first, second = machines.worker(), machines.worker()
    async with Client(machines.store) as client:
        for n in range(40):
            await client.start("twice", n, id=f"r{n}")
        machines.executes(first)
        first.send_signal(signal.SIGSTOP)
        await until(client, all_are("completed", 40))
        first.send_signal(signal.SIGCONT)
        await client.start("twice", 40, id="r40")
        await until(client, all_are("completed", 41))
        check_each_once(client, 41, lambda n: n + 2, 2)
    for worker in (first, second):
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0


async def test_a_worker_that_is_cut_off_from_temporal_writes_nothing_of_what_others_took_over(
    machines: Machines, temporal: TemporalAt
) -> None:
    with wire_to(temporal.address) as wire:
        cut_off = machines.worker(engine=machines.engine.replace(temporal.address, wire.address))
        async with Client(machines.store) as client:
            for n in range(20):
                await client.start("twice", n, id=f"r{n}")
            machines.executes(cut_off)
            wire.cut()
            machines.worker()
            await until(client, all_are("completed", 20))
            check_each_once(client, 20, lambda n: n + 2, 2)


async def test_a_stopped_worker_hands_its_runs_back_without_blame(machines: Machines) -> None:
    first = machines.worker()
    async with Client(machines.store) as client:
        for n in range(20):
            await client.start("twice", n, id=f"r{n}")
        machines.executes(first)
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        rows = client.runs(limit=100)
        assert {row.status for row in rows} <= {"pending", "waiting", "completed"}
        machines.worker()
        await until(client, all_are("completed", 20))
        assert not any(row.crashes for row in client.runs(limit=100))
        check_each_once(client, 20, lambda n: n + 2, 2)


async def test_a_worker_that_is_stopped_before_temporal_has_answered_ends_all_the_same(
    machines: Machines, temporal: TemporalAt
) -> None:
    with wire_to(temporal.address) as wire:
        worker = machines.worker(engine=machines.engine.replace(temporal.address, wire.address))
        async with Client(machines.store) as client:
            await client.start("twice", 0, id="r0")
            machines.executes(worker)
            wire.delay = 1.5
            for n in range(1, 20):
                await client.start("twice", n, id=f"r{n}")
            await asyncio.sleep(0.5)  # it asks for them, and has no answer when it is stopped
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 60) == 0
            machines.worker()
            await until(client, all_are("completed", 20))
            check_each_once(client, 20, lambda n: n + 2, 2)


async def test_two_versions_stand_side_by_side_while_runs_wait(machines: Machines) -> None:
    old = machines.worker(version=1)
    async with Client(machines.store) as client:
        await client.start("asking", 1, id="old")
        await until(client, lambda client: len(client.reviews()) == 1)
        machines.worker(version=2)
        await client.start("asking", 1, id="new", version=2)
        await until(client, lambda client: len(client.reviews()) == 2)
        old.send_signal(signal.SIGTERM)
        assert old.wait(60) == 0
        for item in client.reviews():
            await client.decide(item.id, True, by="ann")
        await until(client, all_are("completed", 1))
        assert (client.run("new").output, client.run("old").status) == (4, "waiting")
        machines.worker(version=1)
        await until(client, all_are("completed", 2))
        assert client.run("old").output == 3
    assert {key.split("/")[0] + said for _, key, said in machines.executed()} == {"oldv1", "newv2"}


async def test_a_body_that_holds_up_the_event_loop_is_executed_once(machines: Machines) -> None:
    machines.worker()
    async with Client(machines.store) as client:
        await client.start("hogging", 5.0, id="r0")  # for longer than a heartbeat may be late
        await until(client, all_are("completed", 1))
    assert [said for *_, said in machines.executed()] == ["hog"]


async def test_clocks_that_differ_by_ten_minutes_end_no_wait_too_early_or_late(machines: Machines) -> None:
    machines.worker(skew=600.0)
    machines.worker(skew=-600.0)
    async with Client(machines.store) as client:
        begun = time.monotonic()
        for n in range(10):
            await client.start("napping", 2.0, id=f"r{n}")
        await until(client, all_are("completed", 10))
        assert time.monotonic() - begun < 300
        for row in client.runs(limit=100):
            assert 1.5 <= row.output < 300


async def test_a_step_of_a_queue_is_executed_once_by_a_worker_of_that_queue(machines: Machines) -> None:
    machines.worker()
    async with Client(machines.store) as client:
        for n in range(5):
            await client.start("inferring", n, id=f"r{n}")
        machines.until(lambda: sum(said == "v1" for *_, said in machines.executed()) == 10)
        assert not any(said.startswith("on") for *_, said in machines.executed())
        machines.worker(queue="gpu")
        await until(client, all_are("completed", 5))
        check_each_once(client, 5, lambda n: 10 * (n + 1) + n + 2 + 1, 4)
    said = Counter((key.split("/")[-1], said) for _, key, said in machines.executed())
    assert {what for (_, what) in said} == {"v1", "on gpu"}
    assert sum(count for (_, what), count in said.items() if what == "on gpu") == 5


async def test_answers_by_the_hundred_at_once_are_all_told(machines: Machines) -> None:
    machines.worker()
    machines.worker()
    many = 300
    async with Client(machines.store) as client:
        for n in range(many):
            await client.start("told", id=f"r{n}")
        await until(client, all_are("waiting", many))
        await asyncio.gather(*(client.send(f"r{n}", "answer", n) for n in range(many)))
        await until(client, all_are("completed", many))
        assert all(row.output == int(row.id[1:]) for row in client.runs(limit=1000))


async def test_a_server_that_is_killed_and_comes_back_finds_every_run(tmp_path: Path, postgres_url: str) -> None:
    server = DevServer(in_file=True)
    server.start()
    machines = Machines(tmp_path, server.url, postgres_url)
    try:
        machines.worker()
        async with Client(machines.store) as client:
            for n in range(20):
                await client.start("asking", n, id=f"r{n}")
            await until(client, lambda client: len(client.reviews()) >= 5)
            await shown(server, 'HandrailStatus="waiting" AND HandrailWaitingFor="person:review"')
            server.kill()
            answered: set[int] = set()
            for item in client.reviews():
                await client.decide(item.id, True, by="ann")
                answered.add(item.id)
            server.start()
            async with asyncio.timeout(WITHIN_SECONDS):
                while sum(row.status == "completed" for row in client.runs(limit=100)) < 20:
                    for item in client.reviews():
                        await client.decide(item.id, True, by="ann")
                    await asyncio.sleep(0.1)
            check_done = [row.output == int(row.id[1:]) + 2 for row in client.runs(limit=100)]
            assert check_done == [True] * 20
            assert answered
            await shown(server, 'HandrailStatus="completed" AND HandrailWorkflow="asking"', 20)
    finally:
        machines.close()
        server.remove()


async def shown(server: DevServer, query: str, at_least: int = 1) -> None:
    """Wait until Temporal's own list shows so many runs for a query."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while len(await asyncio.to_thread(server.command, "workflow", "list", "--query", query)) < at_least:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.5)


# -- a wire that can be cut


class Wire:
    """A loopback proxy to a server, whose answers may be late; once cut, what is connected hangs; no more is taken."""

    delay = 0.0
    """How many seconds later answers arrive."""

    def __init__(self, to: str) -> None:
        host, _, port = to.rpartition(":")
        self._to = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def cut(self) -> None:
        """Let nothing through any more, in either direction."""
        self._is_cut.set()

    def close(self) -> None:
        """Close all of it, once nothing more is taken: closing alone does not end an accept that waits."""
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._sockets.append(here)
                if self._is_cut.is_set():
                    continue
                there = socket.create_connection(self._to)
                self._sockets.append(there)
                for ways in ((here, there, False), (there, here, True)):
                    threading.Thread(target=self._pump, args=ways, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:  # noqa: FBT001 -- which way it is
        with suppress(OSError):
            while data := source.recv(65536):
                if answers:
                    time.sleep(self.delay)
                if self._is_cut.is_set():
                    return
                sink.sendall(data)


@contextmanager
def wire_to(address: str) -> Iterator[Wire]:
    wire = Wire(address)
    try:
        yield wire
    finally:
        wire.close()
