"""Runs on the real engine while it crashes, the clock jumps, people answer and cancel: nothing is lost."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from handrail.orchestrator import ReviewError, Settings, WrongState
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.store.rows import ENDED
from handrail_orchestrator.testing import Rehearsal
from tests.unit.orchestrator import programs
from tests.unit.orchestrator.programs import NAP_SECONDS, Operation, Program, Told, result_of

if TYPE_CHECKING:
    from handrail_orchestrator.records.step import StepRecord

T = TypeVar("T")

programs_to_run = st.builds(
    Program, start=st.integers(-5, 5), operations=st.lists(st.sampled_from(get_args(Operation)), max_size=6)
)
numbers = st.integers(-3, 3)
picks = st.integers(0, 1_000)
"""Which of the things there are: taken modulo their number."""


class Runs(RuleBasedStateMachine):
    """Lets the world happen to runs, and compares what they come to with what the programs mean."""

    def __init__(self) -> None:
        super().__init__()
        self.started: dict[str, Program] = {}
        self.told: dict[str, Told] = {}
        self.results: dict[tuple[str, str], StepRecord] = {}
        """Every step record with a result that was ever seen."""

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    @initialize()
    def open_engine(self) -> None:
        programs.begin()
        self.loop = asyncio.new_event_loop()
        self.engine = Rehearsal(
            workflows=[programs.execute, programs.inner], settings=Settings(crash_limit=10_000, concurrency=4)
        )
        self.do(self.engine.__aenter__())

    # -- what happens

    @rule(program=programs_to_run, turns=st.integers(0, 6), early=st.lists(numbers, max_size=2))
    def start(self, program: Program, turns: int, early: list[int]) -> None:
        name = f"r{len(self.started)}"
        self.started[name], self.told[name] = program, Told()
        self.do(self.engine.start(programs.execute, program, id=name))
        self.do(_turns(turns))
        for number in early:
            self.send(name, number)

    @precondition(lambda self: self.started)
    @rule(pick=picks)
    def start_again(self, pick: int) -> None:
        name = sorted(self.started)[pick % len(self.started)]
        handle = self.do(self.engine.start(programs.execute, self.started[name], id=name))
        assert not handle.new

    @rule(turns=st.integers(0, 12))
    def work_a_little(self, turns: int) -> None:
        self.do(_turns(turns))

    @rule()
    def work_until_nothing_moves(self) -> None:
        self.do(self.engine.idle())
        for run in self.alive():
            events = [step.status for step in self.engine.steps(run.id) if step.kind == "event"]
            if "waiting" in events:
                assert events.count("done") == len(self.told[run.id].events), "an event came and woke nobody"

    @rule(turns=st.integers(0, 12))
    def crash(self, turns: int) -> None:
        async def die() -> None:
            await _turns(turns)
            self.engine.crash()

        self.do(die())

    @rule(seconds=st.sampled_from([1.0, NAP_SECONDS / 2, NAP_SECONDS, -60.0, -2 * NAP_SECONDS]))
    def the_clock_moves(self, seconds: float) -> None:
        async def move() -> None:
            self.engine.clock.move_to(self.engine.clock.now() + seconds)
            await asyncio.sleep(0)

        self.do(move())

    # How far a run has come depends on threads, so no rule may depend on it: one that finds nothing to do does nothing.

    @rule(pick=picks, answer=numbers)
    def somebody_answers(self, pick: int, answer: int) -> None:
        items = self.engine.reviews()
        if not items:
            return
        item = items[pick % len(items)]
        try:
            self.do(self.engine.decide(item.id, answer, by="ann"))
        except ReviewError:  # its run has just ended
            return
        self.told[item.run_id].answers[item.step] = answer

    @rule(pick=picks, number=numbers)
    def an_event_comes_twice(self, pick: int, number: int) -> None:
        alive = self.alive()
        if not alive:
            return
        self.send(alive[pick % len(alive)].id, number)

    def send(self, run_id: str, number: int) -> None:
        """Send an event, and send it again as one does who is not sure that it was sent."""
        event_id = f"event {len(self.told[run_id].events)}"
        try:
            assert self.do(self.engine.send(run_id, "more", number, event_id=event_id))
            self.told[run_id].events.append(number)
            assert not self.do(self.engine.send(run_id, "more", number, event_id=event_id))
        except WrongState:
            assert self.engine.run(run_id).status in ENDED

    @rule(pick=picks)
    def somebody_cancels(self, pick: int) -> None:
        alive = self.alive()
        if not alive:
            return
        run_id = alive[pick % len(alive)].id
        self.do(self.engine.cancel(run_id))
        self.do(self.engine.idle())
        assert self.engine.run(run_id).status in ENDED
        assert not [item for item in self.engine.reviews() if item.run_id == run_id]

    @rule(pick=picks, mend=st.booleans())
    def somebody_retries(self, pick: int, *, mend: bool) -> None:
        broken = self.broken()
        if not broken:
            return
        self.retry(broken[pick % len(broken)], mend=mend)

    def retry(self, run: RunRecord, *, mend: bool = True) -> None:
        if mend:
            programs.mended.update(
                f"{run.id}/{step.name}" for step in self.engine.steps(run.id) if step.name.startswith("break")
            )
        self.do(self.engine.retry(run.id))

    # -- what there is

    def rows(self) -> list[RunRecord]:
        return [self.engine.run(name) for name in self.started]

    def alive(self) -> list[RunRecord]:
        return [row for row in self.rows() if row.status not in ENDED]

    def broken(self) -> list[RunRecord]:
        return [row for row in self.rows() if row.status in {"failed", "cancelled"}]

    # -- what holds

    @invariant()
    def no_run_is_lost(self) -> None:
        if hasattr(self, "engine"):
            known = {row.id for row in self.engine.runs(limit=10_000)}
            assert set(self.started) <= known
            assert all(name in self.started or name.partition("/")[0] in self.started for name in known)

    @invariant()
    def a_completed_run_came_to_what_its_program_means(self) -> None:
        if hasattr(self, "engine"):
            for row in self.rows():
                if row.status == "completed":
                    failed = {step.name for step in self.engine.steps(row.id) if step.status == "failed"}
                    assert row.output == result_of(self.started[row.id], self.told[row.id], failed)

    @invariant()
    def a_result_once_recorded_never_changes(self) -> None:
        if hasattr(self, "engine"):
            found = {(row.id, step.name): step for row in self.rows() for step in self.engine.steps(row.id)}
            for key, step in self.results.items():
                # that its run has read an answer, and what guards said of it, comes after the answer
                assert found[key] == (
                    step
                    if step.kind != "human"
                    else replace(step, verdicts=found[key].verdicts, despite=found[key].despite)
                )
            self.results.update((key, step) for key, step in found.items() if step.status == "done")

    @invariant()
    def bodies_are_executed_with_their_own_key_and_one_input(self) -> None:
        assert all(len(inputs) == 1 for inputs in programs.inputs_by_key(programs.executed).values())
        keys = {key for key, _ in programs.executed}
        for (run_id, name), step in self.results.items():
            if step.kind in {"action", "rule"}:
                assert f"{run_id}/{name}" in keys

    @invariant()
    def no_timer_rings_early(self) -> None:
        for step in self.results.values():
            if step.kind == "timer":
                assert (step.ended or 0.0) >= (step.due or 0.0)

    # -- and in the end everything is done

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            try:
                self.finish_everything()
            finally:
                self.do(self.engine.__aexit__(None, None, None))
                self.loop.close()

    def finish_everything(self) -> None:
        for _ in range(100):
            self.work_until_nothing_moves()
            for run in self.broken():
                self.retry(run)
            for item in self.engine.reviews():
                self.do(self.engine.decide(item.id, 1, by="ann"))
                self.told[item.run_id].answers[item.step] = 1
            for run in self.alive():
                if any(step.kind == "event" and step.status == "waiting" for step in self.engine.steps(run.id)):
                    self.told[run.id].events.append(1)
                    self.do(self.engine.send(run.id, "more", 1))
            self.the_clock_moves(seconds=2 * NAP_SECONDS)
            self.do(self.engine.idle())
            if all(row.status == "completed" for row in self.rows()):
                break
        self.no_run_is_lost()
        assert [row.status for row in self.rows()] == ["completed"] * len(self.started)
        self.a_completed_run_came_to_what_its_program_means()
        self.a_result_once_recorded_never_changes()
        self.bodies_are_executed_with_their_own_key_and_one_input()


async def _turns(count: int) -> None:
    """Let the event loop turn a number of times."""
    for _ in range(count):
        await asyncio.sleep(0)


TestRuns = Runs.TestCase
TestRuns.settings = settings(stateful_step_count=25)
