"""What went wrong in a run or a step, as it is recorded."""

import json
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class RecordedError:
    """An error that ended a run, a step or a try of one."""

    type: str
    """The name of its class."""
    message: str
    trace: str = ""
    """The last lines of its traceback; empty for what no code raised, such as a wait that nobody answered in time."""
    steps: tuple[str, ...] = ()
    """The steps whose failures led to it: a retry executes them again."""
    failed: int | None = None
    """How many tries of the step have failed, while it is tried again."""

    @classmethod
    def read(cls, recorded: str) -> Self:
        """Return an error as it was recorded."""
        data = json.loads(recorded)
        return cls(
            data.get("type", "Error"),
            data.get("message", ""),
            data.get("trace", ""),
            tuple(data.get("steps", ())),
            data.get("failed"),
        )

    def __str__(self) -> str:
        """Return it in one line, as Python prints an error."""
        return f"{self.type}: {self.message}" if self.message else self.type

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        told: dict[str, Any] = {"type": self.type, "message": self.message}
        told |= {"trace": self.trace} if self.trace else {}
        told |= {"steps": list(self.steps)} if self.steps else {}
        return told if self.failed is None else {**told, "failed": self.failed}

    def text(self) -> str:
        """Return it as it is recorded."""
        return json.dumps(self.as_json())
