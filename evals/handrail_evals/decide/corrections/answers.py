"""How the answers of one step are compared, and read as labels."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.records.sameness import same

if TYPE_CHECKING:
    from handrail_ai_steps.output import Output


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a step whose type is known, or, without it, any JSON."""

    output: "Output | None" = None
    """The step's output type; None: only its name is known."""

    def agree(self, one: Any, other: Any) -> bool:
        """Return whether two answers are the same; of a known type, a default left out is the default."""
        return same(one, other) or same(self._as_written(one), self._as_written(other))

    def label_of(self, answer: Any) -> str | None:
        """Return the label that an answer stands for; None when no label fits.

        Raises:
            ValueError: it is not a label.
        """
        if answer is None:
            return None
        if self.output is not None:
            return self.output.label_of(self.output.load(json.dumps(answer)))
        if isinstance(answer, bool):
            return "true" if answer else "false"
        if isinstance(answer, str | int) and str(answer).strip():
            return str(answer)
        raise ValueError(f"{answer!r} is not a label")

    def _as_written(self, answer: Any) -> Any:
        """Return an answer as the step itself would have recorded it, or as it is when it does not fit any more."""
        if self.output is None:
            return answer
        try:
            return json.loads(self.output.dump(self.output.load(json.dumps(answer))))
        except ValueError:
            return answer
