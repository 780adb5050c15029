"""Runs that wait for the first of several things, go on anew and undo, while everything happens to them."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from handrail import Run, action, step_context, workflow
from handrail.orchestrator import ReviewError, Settings, WrongState
from handrail_orchestrator.store.rows import ENDED
from handrail_orchestrator.testing import Rehearsal

T = TypeVar("T")

undone: list[str] = []
HOUR = 3600.0
RUNS = 2
numbers = st.integers(1, 9)
picks = st.integers(0, 1_000)


@action
async def reserve(total: int) -> int:
    return total


@action
async def free(total: int) -> int:
    undone.append(step_context().idempotency_key)
    return total


@workflow(version=1)
async def adding(run: Run, total: int) -> int:
    """Add up what is said, by whichever way; 0 ends it, and so does nothing else."""
    await run.compensate(free, total)
    await run.step(reserve, total)
    match await run.first(
        run.event("more", int),
        run.ask("More?", int),
        run.event("keyed", int, key=run.id),
        run.sleep(timedelta(hours=1)),
    ):
        case (3, _):
            return await run.again(total)
        case (_, None):
            raise AssertionError
        case (_, 0):
            return total
        case (_, number):
            return await run.again(total + int(number))


class Adding(RuleBasedStateMachine):
    """Says numbers through every door, and holds the runs to those that a door has taken."""

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    @initialize()
    def open_engine(self) -> None:
        undone.clear()
        self.taken = {f"r{number}": 0 for number in range(RUNS)}
        self.sent = 0
        self.loop = asyncio.new_event_loop()
        self.engine = Rehearsal(workflows=[adding], settings=Settings(crash_limit=10_000))
        self.do(self.engine.__aenter__())
        for name in self.taken:
            self.do(self.engine.start(adding, 0, id=name))

    @rule(pick=picks, number=numbers, keyed=st.booleans())
    def an_event_comes_twice(self, pick: int, number: int, *, keyed: bool) -> None:
        name, event = f"r{pick % RUNS}", f"e{self.sent}"
        self.sent += 1
        for is_first in (True, False):
            if keyed:
                if self.engine.run(name).status not in ENDED:
                    assert self.do(self.engine.send_to("keyed", number, key=name, event_id=event)).new is is_first
                    self.taken[name] += number if is_first else 0
                continue
            try:
                assert self.do(self.engine.send(name, "more", number, event_id=event)) is is_first
                self.taken[name] += number if is_first else 0
            except WrongState:
                assert self.engine.run(name).status in ENDED

    @rule(pick=picks, number=numbers)
    def somebody_answers(self, pick: int, number: int) -> None:
        items = self.engine.reviews()
        if not items:
            return
        item = items[pick % len(items)]
        try:
            self.do(self.engine.decide(item.id, number, by="ann"))
        except ReviewError:  # something else came first, and the door says so
            return
        self.taken[item.run_id] += number

    @rule(turns=st.integers(0, 12))
    def work_a_little(self, turns: int) -> None:
        self.do(_turns(turns))

    @rule()
    def work_until_nothing_moves(self) -> None:
        self.do(self.engine.idle())
        for name in self.taken:  # every record belongs to its round
            rounds = [step.name.split("/")[0] for step in self.engine.some_steps(name, limit=2_000) if "[" in step.name]
            assert {int(each[1:-1]) for each in rounds} == set(range(1, self.engine.run(name).round))

    @rule(turns=st.integers(0, 12))
    def crash(self, turns: int) -> None:
        async def die() -> None:
            await _turns(turns)
            self.engine.crash()

        self.do(die())

    @rule(seconds=st.sampled_from([1.0, HOUR / 2, HOUR, 2 * HOUR]))
    def time_passes(self, seconds: float) -> None:
        async def move() -> None:
            self.engine.clock.move_to(self.engine.clock.now() + seconds)
            await asyncio.sleep(0)

        self.do(move())

    @rule(pick=picks)
    def somebody_cancels(self, pick: int) -> None:
        name = f"r{pick % RUNS}"
        if self.engine.run(name).status in ENDED:
            return
        self.do(self.engine.cancel(name))
        self.do(self.engine.idle())
        run = self.engine.run(name)
        undos = [step.status for step in self.engine.steps(name) if step.kind == "undo"]
        assert (run.status, run.undoing) == ("cancelled", "cancelled" if undos else None)
        assert undos in ([], ["done"])
        assert not [item for item in self.engine.reviews() if item.run_id == name]

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        try:
            self.do(self.engine.idle())
            for name, total in self.taken.items():
                run = self.engine.run(name)
                if run.status not in ENDED:
                    self._say_nothing_more(name)
                    run = self.engine.run(name)
                    assert (run.status, run.output) == ("completed", total)
                elif run.undoing is not None:
                    assert any(key.startswith(f"{name}/") for key in undone)
        finally:
            self.do(self.engine.__aexit__(None, None, None))
            self.loop.close()

    def _say_nothing_more(self, name: str) -> None:
        """Let the run take what it was sent, and then end it."""
        while self.engine.run(name).status not in ENDED:
            self.do(self.engine.idle())
            taken = self.engine.run(name).input
            if taken == self.taken[name]:
                self.do(self.engine.send(name, "more", 0))
            else:
                self.time_passes(1.0)
                assert self.engine.run(name).status not in {"failed", "set_aside"}, self.engine.run(name).error
            self.do(self.engine.idle())


async def _turns(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


Adding.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestAdding = Adding.TestCase
