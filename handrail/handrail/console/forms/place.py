"""Where a field stands on its form, and what it is filled with."""

from dataclasses import dataclass
from typing import Any

from handrail.console.forms.missing import MISSING
from handrail.console.forms.names import Path
from handrail.console.forms.posted import Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlace:
    """One place on a form."""

    path: Path
    name: str
    label: str
    help: str = ""
    required: bool = True
    original: Any = MISSING
    origin: Path | None
    """Where it stands in what the form is drawn from; None: nowhere, it is new."""
    was_absent: bool = False
    posted: Posted | None
    """None: nothing was sent for it, so it is drawn from the value."""
    is_new: bool = False
    """Whether it was not in sight when the form was sent: what was not sent for it is drawn from the value."""

    def below(self, step: str | int) -> "Path | None":
        """Return where a part of it stands in what the form is drawn from."""
        return None if self.origin is None else (*self.origin, step)
