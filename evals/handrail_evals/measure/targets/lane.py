"""A lane: the real engine in memory, on a clock that jumps, in which cases are played one after another.

It executes a workflow's own bodies, or what stands in for them; lanes are set up once and lent.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Literal, ParamSpec, Self, TypeAlias, TypeVar

from handrail_ai_steps.errors import InvalidRecording, ModelNotReady, RecordingMissing
from handrail_ai_steps.models.recording import asked_again, time_asked
from handrail_evals.errors import InvalidCase, InvalidSuite
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.targets.workflow_reviewers import ScriptedDesk
from handrail_orchestrator.awaiting import RunHandle
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.judge import Judge
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.step import Step
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import AUDIT, ENDED
from handrail_orchestrator.testing import FakeClock
from handrail_orchestrator.testing.reviewers import decide_anyway
from handrail_orchestrator.workflow import Workflow

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Body: TypeAlias = Callable[..., Any]
Actions: TypeAlias = Mapping[str, Body] | Literal["run"]
"""``run`` executes a workflow's own actions; a mapping holds, by step name, what is executed in their place."""


FAULTS: Final = (RecordingMissing, InvalidRecording, ModelNotReady, InvalidSuite)
"""What says nothing about the workflow: its case could not be measured, and has no score."""

MOST_WAITS = 500
"""How often a run may wait: every hour for three weeks. It is executed from its top each time, so many take long."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """What is executed in place of a workflow's own parts; shared by all lanes of a target."""

    actions: Actions = "run"
    judge: Callable[[Any], Any] = lambda judge: judge
    """Returns who is asked in place of an AI step: itself, or the same step with recorded models."""


class LaneBodies(Hooks):
    """Hands doubles and recorded judges to the engine, and notes why a case cannot be measured.

    What is measured is used in every run, however far it is rolled out.
    """

    rolls_out = False

    def __init__(self, stand_ins: StandIns) -> None:
        self.fault: Exception | None = None
        """Why the case cannot be measured, if it cannot: one of ``FAULTS``."""
        self.repeat = 0
        """Which repeat of its case is played: each has its own answer in a recording."""
        self._stand_ins = stand_ins

    def step(self, step: Step[P, R]) -> Step[P, R]:
        """Return a step, or its double: without its fallback, which has effects too.

        No case waits for a system that others found to be down: each is measured by itself.
        """
        actions = self._stand_ins.actions
        step = replace(step, policy=replace(step.policy, system=None)) if step.policy.system else step
        if step.kind != "action" or actions == "run":
            return step
        policy = replace(step.policy, fallback=None)
        return replace(step, function=actions.get(step.name, _refusing(step.name)), policy=policy)

    def judge(self, judge: Judge[P, T]) -> Judge[P, T]:
        """Return a judge, or who stands in for it."""
        with self._noting_faults():
            stand_in: Judge[P, T] = self._stand_ins.judge(judge)
        return stand_in

    async def around(self, context: StepContext, body: Callable[[], Awaitable[T]]) -> T:
        """Note what says nothing about the workflow; the engine takes it for a failure of the step."""
        del context
        with self._noting_faults(), asked_again(self.repeat):
            return await body()

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as fault:
            self.fault = self.fault or fault
            raise


def _refusing(step: str) -> Body:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise InvalidSuite(
            f"action {step!r} has no double, and nothing outside may be touched: add it to"
            f" workflow_target(..., actions={{{step!r}: ...}}), or say actions='run'"
        )

    return refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played: a case's run."""

    workflow: Workflow[Any, Any]
    case: AnyCase
    run_id: str
    value: Any
    """The case's input, as the workflow takes it."""
    desk: ScriptedDesk | None
    """None: the run stops at its first question."""
    horizon_seconds: float
    """How far simulated time may go."""


class Lane:
    """The embedded engine on a store in memory and a fake clock; one case at a time.

    Use it as ``async with Lane(...) as lane``.
    """

    def __init__(
        self,
        workflows: Sequence[Workflow[Any, Any]],
        *,
        bodies: LaneBodies,
        limits: Mapping[str, Limit],
        start: datetime,
    ) -> None:
        self._clock = FakeClock(start)
        settings = Settings(grace_seconds=0.0, hooks=bodies)
        self.engine = Orchestrator(
            "sqlite:///:memory:", workflows=workflows, limits=limits, settings=settings, clock=self._clock
        )
        """What executes the runs."""
        self._bodies = bodies
        self._has_limits = bool(limits)
        self._start_seconds = start.timestamp()

    async def __aenter__(self) -> Self:
        await self.engine.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.engine.__aexit__(kind, error, trace)

    async def play(self, plan: Plan) -> None:
        """Execute a run until it has ended, or waits for what will not come.

        Raises:
            RecordingMissing: a recording holds no answer to one of its questions to a model.
            ModelNotReady: a model cannot be used as it is, or a script has run out.
            InvalidRecording: a recording cannot be read.
            InvalidSuite: one of its actions has no double.
            InvalidCase: the script does not know what is right, or the run comes to no end.
            ReviewError: the script's answer does not fit the question.
        """
        self._bodies.fault, self._bodies.repeat = None, time_asked()
        await self.engine.start(plan.workflow, plan.value, id=plan.run_id)
        for _ in range(MOST_WAITS):
            await self.engine.settled()
            if self._bodies.fault is not None:
                raise self._bodies.fault
            if self.engine.run(plan.run_id).status in ENDED or not await self._go_on(plan):
                return
        raise InvalidCase(
            where=plan.case.where,
            case=repr(plan.case.name),
            problem=f"its run waited {MOST_WAITS:,} times and goes on: let its reviewers come to an end, or look less"
            " far with Simulation(horizon=...)",
        )

    async def result_of(self, plan: Plan) -> Any:
        """Return the result of a run that has completed, as its workflow returned it."""
        return await self.engine.result(
            RunHandle(plan.run_id, new=False, orchestrator=self.engine, workflow=plan.workflow)
        )

    async def _go_on(self, plan: Plan) -> bool:
        """Move the clock to whatever is due next, and answer; return False when nothing will come."""
        open_items = self._open_items()
        desk = plan.desk
        if desk is None and open_items:
            return False
        if desk is not None:
            desk.notice(open_items)
        due = [None if desk is None else desk.next_due, self._clock.next_timer]
        soonest = min((when for when in due if when is not None), default=None)
        if soonest is None or soonest >= self._start_seconds + plan.horizon_seconds:
            return False
        self._clock.move_to(max(soonest, self._clock.now()))
        if desk is not None:
            await self._answer(desk)
        return True

    def _open_items(self) -> list[ReviewItem]:
        return [item for item in self.engine.reviews(ReviewQuery(limit=10_000)) if item.kind != AUDIT]

    async def _answer(self, desk: ScriptedDesk) -> None:
        for decision in desk.take_due(self._clock.now()):
            if self.engine.review(decision.item.id).state not in {"open", "leased"}:
                continue  # it was closed before the reviewer came to it
            try:
                await decide_anyway(self.engine, decision.item.id, decision.answer, by=desk.reviewers.name)
            except ReviewError as error:
                raise ReviewError(f"{desk.case.place}, step {decision.item.step!r}: {error}") from error
            desk.minutes += decision.minutes

    async def clear(self, run_id: str) -> bool:
        """Forget a run, and set the clock back; returns whether the lane is as good as new."""
        if self._has_limits:  # a limit remembers when its last turn was
            return False
        if self.engine.run(run_id).status == "waiting":
            await self.engine.cancel(run_id, reason="the evaluation looks no further")
        if self.engine.run(run_id).status not in ENDED:
            return False
        while (due := self._clock.next_timer) is not None:  # when the run would have been due
            self._clock.move_to(max(due, self._clock.now()))
            await self.engine.settled()
        self._clock.move_to(self._clock.now() + 1.0)  # what ended at this moment ended no longer ago than that
        await self.engine.prune(older_than=timedelta(), statuses=ENDED)
        self._clock.move_to(self._start_seconds)
        return True


class LanePool:
    """Lends lanes; makes one when none is free. A lane takes about 3 ms to set up and 0.2 ms to clear."""

    def __init__(self, make: Callable[[], Lane]) -> None:
        self._make = make
        self._free: list[Lane] = []

    @asynccontextmanager
    async def lane(self, run_id: str) -> AsyncIterator[Lane]:
        """Lend a lane for one run; one that is not as good as new afterwards is closed."""
        lane = self._free.pop() if self._free else await self._make().__aenter__()
        clean = False
        try:
            yield lane
            clean = await lane.clear(run_id)
        finally:
            if clean:
                self._free.append(lane)
            else:
                await lane.__aexit__(None, None, None)

    async def close(self) -> None:
        """Close the lanes; those that are lent are closed by their borrowers."""
        while self._free:
            await self._free.pop().__aexit__(None, None, None)
