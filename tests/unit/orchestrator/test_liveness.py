"""Who is dead: whoever let go of their lock, or has not beaten for a whole lease by our own clock."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import Settings
from handrail_orchestrator.embedded.liveness import HAS_FLOCK, HELD_LEASES, LifeLine, WorkerWatch, here, look_at
from handrail_orchestrator.store.claiming import Register
from handrail_orchestrator.store.rows import WorkerRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.testing import FakeClock

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
def watch(monotonic: Monotonic) -> WorkerWatch:
    return WorkerWatch(LEASE, monotonic)


def worker(number: int, beat: int = 0, *, lock: str = "", started: float = 0.0, host: str = "here") -> WorkerRow:
    return WorkerRow(number, 1, host, beat, "", lock, started)


def dead(watch: WorkerWatch, *workers: WorkerRow, me: int | None = None) -> list[int]:
    return [each.worker.id for each in watch.dead(workers, me=me)]


def later(
    seconds: float, watch: WorkerWatch, monotonic: Monotonic, *workers: WorkerRow, me: int | None = None
) -> list[int]:
    """Let a watcher that never sleeps look for a while; return whom it found dead first, or last."""
    end = monotonic.seconds + seconds
    while monotonic.seconds < end:
        monotonic.seconds += min(0.5, end - monotonic.seconds)
        if gone := dead(watch, *workers, me=me):
            return gone
    return []


def test_a_worker_that_stops_beating_is_dead_after_a_whole_lease(watch: WorkerWatch, monotonic: Monotonic) -> None:
    assert dead(watch, worker(1)) == []
    assert later(LEASE, watch, monotonic, worker(1)) == []
    assert later(0.1, watch, monotonic, worker(1)) == [1]


def test_a_worker_that_beats_lives(watch: WorkerWatch, monotonic: Monotonic) -> None:
    for beat in range(20):
        assert later(LEASE - 0.1, watch, monotonic, worker(1, beat)) == []


def test_a_worker_is_watched_from_when_it_was_first_seen(watch: WorkerWatch, monotonic: Monotonic) -> None:
    assert later(LEASE - 1, watch, monotonic, worker(1)) == []
    assert later(LEASE - 1, watch, monotonic, worker(1, 1), worker(2, started=-1e9)) == []


def test_one_does_not_watch_oneself(watch: WorkerWatch, monotonic: Monotonic) -> None:
    assert later(LEASE + 1, watch, monotonic, worker(1), worker(2), me=1) == [2]


@pytest.mark.parametrize("pause", [LEASE / 2 + 0.1, LEASE + 1, 100 * LEASE])
def test_a_watcher_that_did_not_look_for_a_while_begins_anew(
    watch: WorkerWatch, monotonic: Monotonic, pause: float
) -> None:
    assert later(LEASE - 0.1, watch, monotonic, worker(1)) == []
    monotonic.seconds += pause
    assert dead(watch, worker(1)) == []
    assert later(LEASE, watch, monotonic, worker(1)) == []
    assert later(0.1, watch, monotonic, worker(1)) == [1]


@needs_flock
def test_who_holds_the_lock_is_alive_for_many_leases_and_never_blamed(
    tmp_path: Path, watch: WorkerWatch, monotonic: Monotonic
) -> None:
    line = LifeLine(tmp_path / "a.lock")
    stopped = worker(1, lock=line.path)
    dead(watch, stopped)
    assert later(HELD_LEASES * LEASE, watch, monotonic, stopped) == []
    monotonic.seconds += 0.1
    assert watch.dead([stopped], me=None) == [(stopped, False)]
    line.close()


@needs_flock
def test_what_a_lock_says_about_the_end_of_its_worker(tmp_path: Path, watch: WorkerWatch) -> None:
    line = LifeLine(tmp_path / "a.lock")
    gone = worker(1, lock=line.path)
    line.let_go()
    assert watch.dead([gone], me=None) == [(gone, True)]
    line.hold_again()
    assert watch.dead([gone], me=None) == []
    line.hand_over()
    assert watch.dead([gone], me=None) == [(gone, False)]


def test_a_start_of_the_machine_is_nobodys_fault(monotonic: Monotonic) -> None:
    watch = WorkerWatch(LEASE, monotonic, "here boot-2")
    before, since, elsewhere = (
        worker(1, host="here boot-1"),
        worker(2, host="here boot-2"),
        worker(3, host="there boot-1"),
    )
    assert watch.dead([before, since, elsewhere, worker(4)], me=None) == [(before, False)]
    assert here() == here()


@needs_flock
def test_a_lock_that_is_held_is_not_let_go(tmp_path: Path, watch: WorkerWatch) -> None:
    line = LifeLine(tmp_path / "a.lock")
    assert look_at(line.path) == "held"
    assert dead(watch, worker(1, lock=line.path)) == []
    line.close()
    assert not (tmp_path / "a.lock").exists()


@needs_flock
def test_a_killed_process_lets_go_of_its_lock_at_once(tmp_path: Path, watch: WorkerWatch) -> None:
    path = tmp_path / "a.lock"
    program = (
        "import sys, time, pathlib\nfrom handrail_orchestrator.embedded.liveness import LifeLine\n"
        "line = LifeLine(pathlib.Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert dead(watch, worker(1, lock=str(path))) == []
    process.kill()
    process.communicate()
    assert look_at(str(path)) == "free"
    assert dead(watch, worker(1, lock=str(path))) == [1]


@pytest.mark.parametrize("lock", ["", "/nowhere/a.lock"])
def test_a_lock_that_cannot_be_looked_at_says_nothing(lock: str, watch: WorkerWatch) -> None:
    assert look_at(lock) == "unknown"
    assert dead(watch, worker(1, lock=lock)) == []


@workflow(version=1)
async def add_one(_run: Run, n: int) -> int:
    return n + 1


@needs_flock
async def test_a_new_worker_takes_over_from_a_dead_one_at_once(tmp_path: Path) -> None:
    line = LifeLine(tmp_path / "dead.lock")
    line.let_go()
    store = SqliteStore(str(tmp_path / "runs.db"))
    (gone,) = store.apply([Register(1, "here", "", line.path, 0.0)])
    store.apply([StartRun("a", "add_one", 1, "1", add_one.code, 0.0, execute=True)], worker=gone)
    store.close()
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[add_one]) as orchestrator:
        await orchestrator.idle()
        row = orchestrator.run("a")
        assert (row.status, row.output, row.crashes) == ("completed", 2, 1)
        assert [each.id for each in orchestrator.workers()] != [gone]


@pytest.mark.dear
@pytest.mark.parametrize("days", [-400, 400])
async def test_a_wall_clock_that_jumps_ends_no_lease(tmp_path: Path, days: int) -> None:
    clock = FakeClock()
    settings = Settings(lease_seconds=10)
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    async with (
        Orchestrator(address, workflows=[add_one], clock=clock, settings=settings) as first,
        Orchestrator(address, workflows=[add_one], clock=clock, settings=settings) as second,
    ):
        signed_on = {each.id for each in first.workers()}
        clock.move_to(clock.now() + days * 86_400)
        handle = await first.start(add_one, 1, id="a")
        assert await handle.result() == 2
        await second.idle()
        await asyncio.sleep(0.7)  # several looks at each other
        assert {each.id for each in first.workers()} == signed_on
        assert len(signed_on) == 2
