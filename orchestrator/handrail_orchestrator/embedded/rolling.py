"""What the runs of one engine ask of rollouts: whether a value is let through, and a challenger beside."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.rollout import RolloutCase
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.challengers import Challenge, Challengers
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.rollout.deciding import applied, decided, value_of
from handrail_orchestrator.rollout.versions import declarations, version_for
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.store.rollouts import DeclareRollout, RolloutKey
from handrail_orchestrator.workflow import AnyWorkflow

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.library import BoundJudge
    from handrail_orchestrator.store.changes import Change
    from handrail_orchestrator.store.port import Store

MOST_DECLARED = 1_000
"""Declarations that are remembered; then all are forgotten, and made again."""


class At(NamedTuple):
    """Where a step is called."""

    key: int
    """The run's key."""
    run_id: str
    workflow: str


class Rolling:
    """Asks the store how far things are rolled out, and lets challengers answer; shared by all runs of an engine."""

    def __init__(
        self,
        store: "Store",
        record: "Callable[[Change], object]",
        now: Callable[[], float],
        workflows: Sequence[AnyWorkflow] = (),
    ) -> None:
        self.challengers = Challengers(record, now)
        self._store = store
        self._workflows = workflows
        self._record = record
        self._now = now
        self._declared: set[DeclareRollout] = set()

    def version_for(self, workflow: AnyWorkflow, run_id: str, value: object) -> AnyWorkflow:
        """Return the version that a new run starts on: the one that was asked for, or one before it."""
        if workflow.rollout is None:
            return workflow
        return version_for(workflow, self._workflows, self._store, run_id=run_id, value=value)

    async def declare_versions(self, write: "Callable[[Change], Awaitable[object]]") -> None:
        """Say what the code of versions declares, where the store knows something else."""
        for change in declarations(self._workflows, self._now()):
            row = self._store.rollout(change.key)
            if row is None or (row.subject, row.terms) != (change.subject, change.terms):
                await write(change)

    def let_out(
        self, bound: "BoundJudge", outcome: Accepted[Any] | Doubtful[Any], at: At, args: Args, kwargs: Kwargs
    ) -> Accepted[Any] | Doubtful[Any]:
        """Return an outcome as its run may use it."""
        rolled = bound.rolled
        if rolled is None:
            return outcome
        tags = {} if rolled.rollout.slice is None else self._tags(at.run_id)
        case = RolloutCase(run_id=at.run_id, workflow=at.workflow, value=value_of(args, kwargs), tags=tags)
        key = RolloutKey(at.workflow, bound.step.name)
        found = decided(self._store, key, rolled.rollout, rolled.subject, case)
        return applied(outcome, found, rolled.rollout, rolled.escalation)

    def _tags(self, run_id: str) -> dict[str, str]:
        """Return what a run is tagged with; its slice is not told by tags that cannot be read."""
        try:
            row = self._store.run(run_id)
        except StoreError:
            return {}
        return {} if row is None or row.tags is None else dict(json.loads(row.tags))

    def noted(self, bound: "BoundJudge", at: At, context: StepContext, args: Args, kwargs: Kwargs) -> None:
        """Say what the code declares, and let the step's challenger answer too, now that its answer is recorded."""
        self._declare(at.workflow, bound)
        self._challenge(bound, at.key, context, args, kwargs)

    def _declare(self, workflow: str, bound: "BoundJudge") -> None:
        """Say once what the code of a step declares, for whoever looks from outside."""
        rolled = bound.rolled
        if rolled is None and bound.challenger is None:
            return
        change = DeclareRollout(
            RolloutKey(workflow, bound.step.name),
            subject="" if rolled is None else rolled.subject,
            terms="" if rolled is None else rolled.rollout.terms,
            share=1.0 if rolled is None else rolled.rollout.share,
            slice="" if rolled is None or rolled.rollout.slice is None else rolled.rollout.slice.name,
            up_to=1.0 if rolled is None else rolled.rollout.up_to,
            challenger=bound.challenger_name,
            at=0.0,
        )
        if change in self._declared:
            return
        if len(self._declared) >= MOST_DECLARED:
            self._declared.clear()
        self._declared.add(change)
        self._record(change._replace(at=self._now()))

    def _challenge(self, bound: "BoundJudge", run: int, context: StepContext, args: Args, kwargs: Kwargs) -> None:
        """Let the step's challenger answer the same call, beside the run."""
        if bound.challenger is None:
            return
        self.challengers.begin(
            Challenge(
                run=run, step=context.step, name=bound.challenger_name, judge=bound.challenger, context=context,
                args=args, kwargs=kwargs,
            )
        )  # fmt: skip
