"""What a look at the audit log found that is not as it was written."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One row, range or item that is not as it was written."""

    row: int | None
    """The number of the log's row; of a range the first one. None: it is about an item as a whole."""
    item: int | None
    """The review item's number; None: it is about none."""
    problem: str
    """What is wrong, in plain words."""

    def __str__(self) -> str:
        """Return it in one line."""
        places = [f"row {self.row}"] if self.row is not None else []
        places += [f"item {self.item}"] if self.item is not None else []
        return f"{', '.join(places) or 'the log'}: {self.problem}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail audit verify --json`` prints it."""
        return {"row": self.row, "item": self.item, "problem": self.problem}
