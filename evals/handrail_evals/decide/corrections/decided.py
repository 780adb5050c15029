"""A case that a person decided."""

from dataclasses import dataclass
from typing import Any

from handrail_evals.decide.calibrate.labels import Correction, JudgedCase
from handrail_evals.measure.case import Case, Metadatum


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A case with what a person decided: drawn ones are a sample of all cases, the others are the hard ones."""

    case: str
    """``run id/step name``."""
    run_id: str
    workflow: str
    step: str
    """The step's name in its run, such as ``route#2``."""
    input: Any
    """What the step was called with: its only value, or a tuple of several; as JSON data."""
    suggestion: Any
    """The accepted value or the suggestion, as JSON data; None also when there was none."""
    decision: Any
    """What the person decided, as JSON data."""
    changed: bool
    """Whether the decision differs from the suggestion."""
    drawn: bool
    """Whether it was drawn at random before it was routed, and decided blind."""
    judged: JudgedCase
    """With its judgement, whatever the prompt version and model."""
    lesson: Correction | None
    """What a model can learn from it; None: its input is not one text, or its decision is not a label."""

    def as_case(self) -> Case[Any, Any]:
        """Return it as a case for the step: the decision is expected of the same input."""
        about: dict[str, Metadatum] = {"workflow": self.workflow, "drawn": self.drawn, "changed": self.changed}
        if self.judged.group:
            about["group"] = self.judged.group
        return Case(self.case, self.input, self.decision, metadata=about, cluster=self.run_id, blind=self.drawn)
