"""What a lane executes: a workflow's own bodies, or what stands in for them; and what they say of measuring."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, ParamSpec, TypeAlias, TypeVar

from handrail_ai_steps.errors import InvalidRecording, ModelNotReady, RecordingMissing
from handrail_ai_steps.models.recording import asked_again
from handrail_evals.errors import InvalidSuite
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.judge import Judge
from handrail_orchestrator.step import Step

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Body: TypeAlias = Callable[..., Any]
Actions: TypeAlias = Mapping[str, Body] | Literal["run"]
"""``run`` executes a workflow's own actions; a mapping holds, by step name, what is executed in their place."""


FAULTS: Final = (RecordingMissing, InvalidRecording, ModelNotReady, InvalidSuite)
"""What says nothing about the workflow: its case could not be measured, and has no score."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """What is executed in place of a workflow's own parts; shared by all lanes of a target."""

    actions: Actions = "run"
    judge: Callable[[Any], Any] = lambda judge: judge
    """Returns who is asked in place of an AI step: itself, or the same step with recorded models."""


class LaneBodies(Hooks):
    """Hands doubles and recorded judges to the engine, and notes why a case cannot be measured."""

    def __init__(self, stand_ins: StandIns) -> None:
        self.fault: Exception | None = None
        """Why the case cannot be measured, if it cannot: one of ``FAULTS``."""
        self.repeat = 0
        """Which repeat of its case is played: each has its own answer in a recording."""
        self._stand_ins = stand_ins

    def step(self, step: Step[P, R]) -> Step[P, R]:
        """Return a step, or its double: without its fallback, which has effects too."""
        actions = self._stand_ins.actions
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
