"""An AI step as a target."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handrail_ai_steps.models.recorded import RecordedModel
from handrail_ai_steps.models.recording import Recording
from handrail_ai_steps.step import AIStep
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.program import full_name, step_version
from handrail_evals.measure.target import Observation, Observe
from handrail_evals.measure.targets.function import arguments, observed
from handrail_evals.measure.targets.held_rules import HeldRules
from handrail_evals.measure.targets.unseen import require_unseen

if TYPE_CHECKING:
    from handrail_ai_steps.model import Model

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class StepTarget(Generic[Out]):
    """Asks an AI step; a case's input is one value, or a tuple of several."""

    step: AIStep[Out]
    rules_mark: str = ""
    """Of the promises' rules that it is measured by; empty: by none, so that a promise accepts nothing."""

    @property
    def name(self) -> str:
        """Return the step's name."""
        return self.step.name

    @property
    def version(self) -> str:
        """Return the prompt version, who is asked, and a hash of what is accepted, guarded, audited and allowed."""
        return step_version(self.step) + (f" promised={self.rules_mark}" if self.rules_mark else "")

    @property
    def output_type(self) -> Any:
        """Return the type of an accepted value."""
        return self.step.output_type

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncIterator[Observe[Any, Out]]:  # noqa: ARG002 -- the port's shape
        """Nothing to hold: connections belong to the step's models."""
        yield self._observe

    async def _observe(self, case: AnyCase) -> Observation[Out]:
        return observed(await self.step(*arguments(case.input)))

    def require_unseen(self, cases: Sequence[AnyCase]) -> None:
        """Check that the step's examples are none of these cases.

        Raises:
            InvalidSuite: one is; both are named.
        """
        require_unseen(self.step, cases)

    def under_rules(self, held: HeldRules) -> "StepTarget[Out]":
        """Return the same step accepting by the rules of its promise, as a store has them.

        Raises:
            InvalidSuite: the store has no promise of it, or several workflows have.
        """
        workflow = held.workflow_of(self.step.name)
        return StepTarget(held.bound(self.step, [workflow]), held.mark([workflow]))

    def from_recording(self, path: Path, *, record: bool) -> "StepTarget[Out]":
        """Return the same step answering from a recording; with ``record`` its models are asked for what is missing.

        Raises:
            ModelNotReady: there is nothing to replay.
            InvalidRecording: the file cannot be read.
        """
        models: list[Model] = [
            RecordedModel(Recording(path), model=full_name(model), live=model)
            if record
            else RecordedModel.replay(path, model=full_name(model))
            for model in self.step.models
        ]
        return replace(self, step=self.step.using(*models))
