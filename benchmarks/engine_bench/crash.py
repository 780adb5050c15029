"""kill -9: how soon somebody goes on with the runs of a process that is gone."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, best_figure, median_figure
from engine_bench.bench import Bench
from engine_bench.child import Child
from engine_bench.crash_worker import STUCK_AT
from engine_bench.errors import WrongResult
from engine_bench.rows import STEPS

WORKER = "engine_bench.crash_worker"
SETTLE_SECONDS = 1.0
"""How long the successor has been idle when the victim is killed, so that it is asleep as it would be."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a successor did, in seconds from the kill or, after a restart, from its own start."""

    imported: float
    """Until its imports were done."""
    first_step: float
    """Until the body of the first step of a victim's run began."""
    all_done: float
    """Until the body of the last step of the last run began."""

    @property
    def first_step_after_imports(self) -> float:
        """Return the seconds from the end of the imports to the first step."""
        return self.first_step - self.imported


def crash(bench: Bench) -> list[Figure]:
    """Kill a worker with its runs in flight: first beside another live process, then with a restart afterwards."""
    runs = bench.scale.crash_runs
    taken, restarted = [], []
    for repetition in range(bench.scale.crash_repetitions):
        bench.say(f"kill -9, repetition {repetition + 1} of {bench.scale.crash_repetitions}")
        taken.append(take_over(bench.directory / f"taken-{repetition}.db", runs))
        restarted.append(restart(bench.directory / f"restarted-{repetition}.db", runs))
    part = f"kill -9 with {runs} runs in flight"
    other, again = "another live process", "restart"
    return [
        best_figure(part, f"{other}: first step", [each.first_step for each in taken], "s"),
        Figure(
            part,
            f"{other}: first step ÷ that of a restart, imports included, the best of each",
            min(each.first_step for each in taken) / min(each.first_step for each in restarted),
            TIMES,
            at_most(1.0, 0.5),
        ),
        median_figure(part, f"{other}: all runs at their last step", [each.all_done for each in taken], "s"),
        median_figure(
            part,
            f"{again}: first step, from the end of its imports",
            [each.first_step_after_imports for each in restarted],
            "s",
        ),
        median_figure(
            part,
            f"{again}: the same ÷ its imports",
            [each.first_step_after_imports / each.imported for each in restarted],
            TIMES,
            bar=at_most(2, 0.5),
        ),
        median_figure(part, f"{again}: first step, imports included", [each.first_step for each in restarted], "s"),
        median_figure(part, f"{again}: all runs at their last step", [each.all_done for each in restarted], "s"),
    ]


def take_over(file: Path, runs: int) -> Recovery:
    """Kill the victim beside a successor that is open and idle."""
    with Child(WORKER, file, "victim", runs) as victim:
        wait_until_stuck(victim, runs)
        with Child(WORKER, file, "successor", runs) as successor:
            opened = successor.listen()
            time.sleep(SETTLE_SECONDS)
            killed = time.time_ns()
            victim.kill()
            return follow(successor, runs, since=killed, imported=opened["imported"])


def restart(file: Path, runs: int) -> Recovery:
    """Kill the victim, then start a successor."""
    with Child(WORKER, file, "victim", runs) as victim:
        wait_until_stuck(victim, runs)
    started = time.time_ns()
    with Child(WORKER, file, "successor", runs) as successor:
        opened = successor.listen()
        return follow(successor, runs, since=started, imported=opened["imported"])


def wait_until_stuck(victim: Child, runs: int) -> None:
    """Return when every run of the victim is inside the step it never ends."""
    victim.listen()
    stuck = 0
    while stuck < runs:
        stuck += victim.listen()["step"] == STUCK_AT


def follow(successor: Child, runs: int, *, since: int, imported: int) -> Recovery:
    """Return how soon the successor went on; every one of its steps belongs to a victim's run."""
    marks = []
    last_steps = 0
    while last_steps < runs:
        mark = successor.listen()
        marks.append(mark)
        last_steps += mark["step"] == STEPS
    repeated = [mark for mark in marks if mark["step"] < STUCK_AT]
    if repeated:
        raise WrongResult(f"{len(repeated)} steps that were recorded before the kill ran again")
    seconds = [(mark["at"] - since) / 1e9 for mark in marks]
    return Recovery((imported - since) / 1e9, min(seconds), max(seconds))
