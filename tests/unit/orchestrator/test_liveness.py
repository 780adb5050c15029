"""Who is dead: whoever let go of their lock, or has not beaten for a whole lease by our own clock."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import Orchestrator, Run, Settings, workflow
from orchestrator.embedded.liveness import HAS_FLOCK, LifeLine, Watch, let_go
from orchestrator.store import SqliteStore
from orchestrator.store.changes import Register, StartRun
from orchestrator.store.rows import WorkerRow
from orchestrator.testing import FakeClock

LEASE = 5.0

needs_flock = pytest.mark.skipif(not HAS_FLOCK, reason="this system has no flock: beats alone decide")


class Monotonic:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def watch(monotonic: Monotonic) -> Watch:
    return Watch(LEASE, monotonic)


def worker(number: int, beat: int = 0, *, lock: str = "", started: float = 0.0) -> WorkerRow:
    return WorkerRow(number, 1, "here", beat, "", lock, started)


def dead(watch: Watch, *workers: WorkerRow, me: int | None = None) -> list[int]:
    return [each.id for each in watch.dead(workers, me=me)]


def test_a_worker_that_stops_beating_is_dead_after_a_whole_lease(watch: Watch, monotonic: Monotonic) -> None:
    assert dead(watch, worker(1)) == []
    monotonic.seconds += LEASE
    assert dead(watch, worker(1)) == []
    monotonic.seconds += 0.1
    assert dead(watch, worker(1)) == [1]


def test_a_worker_that_beats_lives(watch: Watch, monotonic: Monotonic) -> None:
    for beat in range(20):
        assert dead(watch, worker(1, beat)) == []
        monotonic.seconds += LEASE - 0.1


def test_a_worker_is_watched_from_when_it_was_first_seen(watch: Watch, monotonic: Monotonic) -> None:
    dead(watch, worker(1))
    monotonic.seconds += LEASE + 1
    assert dead(watch, worker(1, 1), worker(2, started=-1e9)) == []
    monotonic.seconds += LEASE - 1
    assert dead(watch, worker(1, 1), worker(2)) == []


def test_one_does_not_watch_oneself(watch: Watch, monotonic: Monotonic) -> None:
    assert dead(watch, worker(1), worker(2), me=1) == []
    monotonic.seconds += LEASE + 1
    assert dead(watch, worker(1), worker(2), me=1) == [2]


def test_a_watcher_that_slept_itself_does_not_blame_those_who_beat_meanwhile(
    watch: Watch, monotonic: Monotonic
) -> None:
    dead(watch, worker(1, 7))
    monotonic.seconds += 100 * LEASE
    assert dead(watch, worker(1, 8)) == []


@needs_flock
def test_a_lock_that_is_held_is_not_let_go(tmp_path: Path, watch: Watch) -> None:
    line = LifeLine(tmp_path / "a.lock")
    assert not let_go(line.path)
    assert dead(watch, worker(1, lock=line.path)) == []
    line.close()
    assert not (tmp_path / "a.lock").exists()


@needs_flock
def test_a_killed_process_lets_go_of_its_lock_at_once(tmp_path: Path, watch: Watch) -> None:
    path = tmp_path / "a.lock"
    program = (
        "import sys, time, pathlib\nfrom orchestrator.embedded.liveness import LifeLine\n"
        "line = LifeLine(pathlib.Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert dead(watch, worker(1, lock=str(path))) == []
    process.kill()
    process.communicate()
    assert let_go(str(path))
    assert dead(watch, worker(1, lock=str(path))) == [1]


@pytest.mark.parametrize("lock", ["", "/nowhere/a.lock"])
def test_a_lock_that_cannot_be_looked_at_says_nothing(lock: str, watch: Watch) -> None:
    assert not let_go(lock)
    assert dead(watch, worker(1, lock=lock)) == []


@workflow(version=1)
async def add_one(_run: Run, n: int) -> int:
    return n + 1


@needs_flock
async def test_a_new_worker_takes_over_from_a_dead_one_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "dead.lock"
    lock.touch()
    store = SqliteStore(str(tmp_path / "runs.db"))
    (gone,) = store.apply([Register(1, "here", "", str(lock), 0.0)])
    store.apply([StartRun("a", "add_one", 1, "1", add_one.code, 0.0, execute=True)], worker=gone)
    store.close()
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[add_one]) as orchestrator:
        await orchestrator.idle()
        row = orchestrator.run("a")
        assert (row.status, row.output, row.crashes) == ("completed", "2", 1)
        assert [each.id for each in orchestrator.store.workers()] != [gone]


@pytest.mark.parametrize("days", [-400, 400])
async def test_a_wall_clock_that_jumps_ends_no_lease(tmp_path: Path, days: int) -> None:
    clock = FakeClock()
    settings = Settings(lease_seconds=10)
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    async with (
        Orchestrator(address, workflows=[add_one], clock=clock, settings=settings) as first,
        Orchestrator(address, workflows=[add_one], clock=clock, settings=settings) as second,
    ):
        signed_on = {each.id for each in first.store.workers()}
        clock.move_to(clock.now() + days * 86_400)
        handle = await first.start(add_one, 1, id="a")
        assert await handle.result() == 2
        await second.idle()
        await asyncio.sleep(0.7)  # several looks at each other
        assert {each.id for each in first.store.workers()} == signed_on
        assert len(signed_on) == 2
