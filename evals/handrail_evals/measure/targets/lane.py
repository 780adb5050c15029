"""A lane: the real engine in memory, on a clock that jumps, in which cases are played one after another."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handrail_ai_steps.models.recording import time_asked
from handrail_evals.errors import InvalidCase
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.lane_bodies import CountedBodies
from handrail_evals.measure.targets.workflow_reviewers import Desk
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.changes import Beat
from handrail_orchestrator.store.rows import AUDIT, ENDED, ReviewRow
from handrail_orchestrator.testing import FakeClock
from handrail_orchestrator.testing.reviewers import decide_anyway
from handrail_orchestrator.workflow import Workflow

FIRST_LOOK_SECONDS = 0.001
LAST_LOOK_SECONDS = 0.05
"""How often, in real time, a lane that is not idle looks whether its work waits for the clock; it decides nothing."""

QUIET_COMMITS = 4
"""A run that moves begins a body, or ends or suspends, at the latest with its third commit: an answer that came too
late (one), the move of its item (two), the suspension (three). One more, and it waits for the clock."""

MOST_WAITS = 500
"""How often a run may wait: every hour for three weeks. It is executed from its top each time, so many take long."""

SETTINGS = Settings(grace_seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played: a case's run."""

    workflow: Workflow[Any, Any]
    case: Case[Any, Any]
    run_id: str
    value: Any
    """The case's input, as the workflow takes it."""
    desk: Desk | None
    """None: the run stops at its first question."""
    horizon_seconds: float
    """How far simulated time may go."""


class Lane(Orchestrator):
    """The embedded engine on a store in memory and a fake clock; one case at a time.

    Use it as ``async with Lane(...) as lane``.
    """

    def __init__(
        self,
        workflows: Sequence[Workflow[Any, Any]],
        *,
        bodies: CountedBodies,
        limits: Mapping[str, Limit],
        start: datetime,
    ) -> None:
        self.clock = FakeClock(start)
        super().__init__("sqlite:///:memory:", workflows=workflows, limits=limits, settings=SETTINGS, clock=self.clock)
        self._library = bodies
        self._counted = bodies
        self._start_seconds = start.timestamp()
        self._over = 0
        """Executions that are over; with the bodies begun, a number to see progress by."""

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
        self._counted.fault, self._counted.repeat = None, time_asked()
        await self.start(plan.workflow, plan.value, id=plan.run_id)
        for _ in range(MOST_WAITS):
            await self.settle()
            if self._counted.fault is not None:
                raise self._counted.fault
            if self.run(plan.run_id).status in ENDED or not await self._go_on(plan):
                return
        raise InvalidCase(
            where=plan.case.where,
            case=repr(plan.case.name),
            problem=f"its run waited {MOST_WAITS:,} times and goes on: let its reviewers come to an end, or look less"
            " far with Simulation(horizon=...)",
        )

    async def _go_on(self, plan: Plan) -> bool:
        """Move the clock to whatever is due next, and answer; return False when nothing will come."""
        open_items = self._open_items()
        desk = plan.desk
        if desk is None and open_items:
            return False
        if desk is not None:
            desk.notice(open_items)
        due = [None if desk is None else desk.next_due, self.clock.next_timer]
        soonest = min((when for when in due if when is not None), default=None)
        if soonest is None or soonest >= self._start_seconds + plan.horizon_seconds:
            return False
        self.clock.move_to(max(soonest, self.clock.now()))
        if desk is not None:
            await self._answer(desk)
        return True

    def _open_items(self) -> list[ReviewRow]:
        return [item for item in self.reviews(ReviewQuery(limit=10_000)) if item.kind != AUDIT]

    async def _answer(self, desk: Desk) -> None:
        for decision in desk.take_due(self.clock.now()):
            if self.review(decision.item.id).state not in {"open", "leased"}:
                continue  # it was closed before the reviewer came to it
            try:
                await decide_anyway(self, decision.item.id, decision.answer, by=desk.reviewers.name)
            except ReviewError as error:
                raise ReviewError(f"{desk.case.place}, step {decision.item.step!r}: {error}") from error
            desk.minutes += decision.minutes

    async def settle(self) -> None:
        """Wait until nothing moves any more unless the clock does or somebody answers.

        Work that waits for the clock (a delay between attempts, a limit's turn) keeps the engine from being idle, and
        so does real work; only the bodies tell them apart.
        """
        idle = asyncio.ensure_future(self.idle())
        pause = FIRST_LOOK_SECONDS
        try:
            while True:
                done, _ = await asyncio.wait({idle}, timeout=pause)
                if done or await self._waits_for_the_clock():
                    return
                pause = min(pause * 2, LAST_LOOK_SECONDS)
        finally:
            if idle.cancel():
                await asyncio.wait({idle})
            else:
                idle.result()

    async def _waits_for_the_clock(self) -> bool:
        moved = self._moved
        for _ in range(QUIET_COMMITS):
            if self._counted.working:
                return False
            await self._parts[1].ask(Beat())  # behind everything on its way to the store, and whoever waits for it
            if self._moved != moved:
                return False
        return not self._counted.working and self.clock.next_timer is not None

    @property
    def _moved(self) -> int:
        return self._counted.begun + self._over

    def _finished(self, execution: Any) -> None:
        self._over += 1
        super()._finished(execution)

    async def clear(self, run_id: str) -> bool:
        """Forget a run, and set the clock back; returns whether the lane is as good as new."""
        if self._limits:  # a limit remembers when its last turn was
            return False
        if self.run(run_id).status == "waiting":
            await self.cancel(run_id, reason="the evaluation looks no further")
        if self.run(run_id).status not in ENDED:
            return False
        while (due := self.clock.next_timer) is not None:  # when the run would have been due
            self.clock.move_to(max(due, self.clock.now()))
            await self.settle()
        await self.prune(older_than=timedelta(seconds=-1), statuses=ENDED)
        self.clock.move_to(self._start_seconds)
        return True
