"""What is done to the processes of the chaos suite, and the store under them."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
GENEROUS = 120.0


class Crew:
    """Processes that execute the same journeys; one that was ended is replaced."""

    def __init__(self, folder: Path, runs: int, size: int, chance: random.Random) -> None:
        self.store = folder / "runs.db"
        self.outbox = folder / "outbox"
        self.drift = folder / "drift"
        self.outbox.touch()
        self.harm: Counter[str] = Counter()
        self._runs = runs
        self._chance = chance
        self._errors = folder / "errors"
        self._processes = [self._spawn() for _ in range(size)]

    def _spawn(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.acceptance.chaos.traveller", f"sqlite:///{self.store}"]
        command += [str(self._runs), str(self.drift)]
        environment = {**os.environ, "CHAOS_OUTBOX": str(self.outbox)}
        with self._errors.open("ab") as errors:
            return subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
            )

    @property
    def errors(self) -> str:
        """Return what the processes complained about."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def one_blow(self) -> None:
        """Do one of the things that happen to processes."""
        name: str = self._chance.choice(
            ["kill", "kill", "terminate", "stop one", "stop all", "lock", "step the clock", "rest"]
        )
        self.harm[name] += 1
        blows: dict[str, Callable[[], None]] = {
            "kill": lambda: self._end(signal.SIGKILL),
            "terminate": lambda: self._end(signal.SIGTERM),
            "stop one": lambda: self._stop([self._chance.choice(self._processes)]),
            "stop all": lambda: self._stop(self._processes),
            "lock": self._lock,
            "step the clock": self._step,
            "rest": lambda: time.sleep(self._chance.random()),
        }
        blows[name]()

    def _end(self, number: int) -> None:
        place = self._chance.randrange(len(self._processes))
        process = self._processes[place]
        if process.poll() is None:
            process.send_signal(number)
        code = process.wait(GENEROUS)
        # one that was terminated before it had a handler, or after its last run, ends as it would have
        assert code in {0, -number}, f"exit {code} after signal {number}: {self.errors[-3000:]}"
        self._processes[place] = self._spawn()
        time.sleep(self._chance.random())

    def _stop(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        stopped = [each for each in processes if each.poll() is None]
        for each in stopped:
            each.send_signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.1, 2.5))
        for each in stopped:
            each.send_signal(signal.SIGCONT)

    def _lock(self) -> None:
        database = sqlite3.connect(self.store, isolation_level=None, timeout=10.0)
        try:
            database.execute("BEGIN IMMEDIATE")
            time.sleep(self._chance.uniform(0.1, 2.5))
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:  # a process that was stopped in a transaction went on too late
            pass
        finally:
            database.close()

    def _step(self) -> None:
        self.drift.write_text(str(self._chance.choice([-7200.0, -60.0, 0.0, 60.0, 7200.0])), encoding="ascii")

    def arrive(self) -> None:
        """Wait until every process has ended well."""
        # what fell asleep while the clock was ahead would sleep for hours, as it has to by a clock that was set back
        self.drift.write_text("14400", encoding="ascii")
        for process in self._processes:
            code = process.wait(GENEROUS)
            assert code == 0, f"exit {code}: {self.errors[-3000:]}"

    def give_up(self) -> None:
        """Kill whatever is left."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait(GENEROUS)
