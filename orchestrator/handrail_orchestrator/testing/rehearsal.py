"""An orchestrator for tests: in memory, with a clock that jumps, scripted reviewers and faults."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ParamSpec, TypeVar

from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.judge import Judge
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.step import Step
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.rows import ENDED
from handrail_orchestrator.testing.clock import FakeClock
from handrail_orchestrator.testing.faults import Faults
from handrail_orchestrator.testing.reviewers import LeftOpen, ScriptedReviewers, decide_anyway
from handrail_orchestrator.workflow import AnyWorkflow, Workflow

In = TypeVar("In")
Out = TypeVar("Out")
T = TypeVar("T")
P = ParamSpec("P")

PATIENCE_SECONDS = 0.5
"""Real time after which a body that is still at work is taken to wait for the clock."""


class _Faulty(Hooks):
    """Other hooks, with faults that happen before bodies."""

    def __init__(self, others: Hooks, before: Callable[[StepContext], Awaitable[None]]) -> None:
        self._others = others
        self._before = before

    def step(self, step: Step[P, T]) -> Step[P, T]:
        """Return what the others have executed."""
        return self._others.step(step)

    def judge(self, judge: Judge[P, T]) -> Judge[P, T]:
        """Return whom the others have asked."""
        return self._others.judge(judge)

    async def around(self, context: StepContext, body: Callable[[], Awaitable[T]]) -> T:
        """Call the body, if nothing is to go wrong before."""
        await self._before(context)
        return await self._others.around(context, body)


class Rehearsal(Orchestrator):
    """The real engine on an in-memory store and a fake clock.

    Use it as ``async with Rehearsal(workflows=[triage]) as rehearsal``.
    """

    def __init__(
        self,
        *,
        workflows: list[AnyWorkflow],
        reviewers: ScriptedReviewers | None = None,
        faults: Faults | None = None,
        clock: FakeClock | None = None,
        store: str | Store = "sqlite:///:memory:",
        settings: Settings = Settings(),
        systems: Mapping[str, Breaker] | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        if faults is not None:
            hooks = _Faulty(settings.hooks or Hooks(), faults.before(self.clock, self.crash))
            settings = replace(settings, hooks=hooks)
        super().__init__(store, workflows=workflows, clock=self.clock, settings=settings, systems=systems)
        self._reviewers = reviewers

    async def settle(self) -> None:
        """Wait until nothing moves any more unless the clock does or somebody answers.

        A body is waited for; one that is still at work after half a second of real time, while a timer is set, is
        taken to wait for the clock too, as one does that never answers and has a time limit.
        """
        while not await self.settled(patience_seconds=PATIENCE_SECONDS):
            if self.clock.next_timer is not None:
                return

    async def advance(self, **duration: float) -> None:
        """Let time pass, given as for ``timedelta``: ``advance(days=3)``; each timer rings in its turn."""
        target = self.clock.now() + timedelta(**duration).total_seconds()
        if target < self.clock.now():
            raise Misuse("time can only be advanced; set the clock back with rehearsal.clock.move_to(...)")
        await self.settle()
        while (due := self.clock.next_timer) is not None and due <= target:
            self.clock.move_to(max(due, self.clock.now()))
            await self.settle()
        self.clock.move_to(target)
        await self.settle()

    async def answer(self) -> int:
        """Let the reviewers answer what is open; returns how many items they answered."""
        if self._reviewers is None:
            return 0
        answered = 0
        for item in self.reviews():
            value = self._reviewers.script(item)
            if not isinstance(value, LeftOpen):
                await decide_anyway(self, item.id, value, by=self._reviewers.name)
                answered += 1
        return answered

    async def play(self, workflow: Workflow[In, Out], value: In, *, id: str | None = None) -> Out:  # noqa: A002
        """Run a workflow to its end: reviewers answer, and time jumps to the next thing due.

        Raises:
            Misuse: the run waits for something that will not come.
            StepFailed: the run failed.
        """
        handle = await self.start(workflow, value, id=id)
        while True:
            await self.settle()
            row = self.run(handle.id)
            if row.status in ENDED:
                return await handle.result()
            if await self.answer():
                continue
            due = self.clock.next_timer
            if due is None:
                waits = ", ".join(step.name for step in self.steps(handle.id) if step.status == "waiting")
                raise Misuse(
                    f"run {handle.id!r} waits for {waits}, and nobody will answer: script a reviewer or send the event"
                )
            self.clock.move_to(max(due, self.clock.now()))

    def crash(self) -> None:
        """Lose everything that is not recorded, as if the process had died, and start again."""
        self.engine.crash()
