"""How the shape of an answer is asked for: as strictly as the server takes it, which is learned for each form."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from handrail_ai_steps.models.openai.form import Form

Format: TypeAlias = Literal["json_schema", "json_object", "text"]
"""How the shape of the answer is asked for: enforced by the server, JSON of any shape, or only in words."""

WEAKER: dict[Format, Format] = {"json_schema": "json_object", "json_object": "text"}
ERRORS_BEFORE_WEAKER = 2
"""Errors 500 in a row after which a weaker format is tried: some servers answer so to any schema they cannot take."""
RECALL_SECONDS = 600.0
"""How long what was only guessed from errors 500 is believed; then the strict format is tried again."""


@dataclass(slots=True)
class Formats:
    """What a server has been seen to take, by form: it may take the schema of another."""

    clock: Callable[[], float] = time.monotonic
    told: dict[Form, Format] = field(default_factory=dict)
    """The strongest format that it did not reject in words."""
    guessed: dict[Form, tuple[Format, float]] = field(default_factory=dict)
    """The format that worked where stronger ones ended in errors 500 again and again, and until when to believe so."""
    suspected: dict[Form, float] = field(default_factory=dict)
    """When a weaker format first worked where the strict one had ended in errors: perhaps only the outage was over."""

    def best(self, form: Form) -> Format:
        """Return the strictest format to ask for."""
        guess, until = self.guessed.get(form, ("json_schema", 0.0))
        if self.clock() < until:
            return guess
        return self.told.get(form, "json_schema")


class FormatLadder:
    """One request's way down from the strict format to a weaker one."""

    def __init__(self, known: Formats, form: Form | None) -> None:
        self._known = known
        self._form = form
        self._start: Format = "text" if form is None else known.best(form)
        self.format: Format = self._start
        """What to ask for now."""
        self._errors = 0
        self._begun = known.clock()
        self._from_errors = False

    def rejected(self) -> bool:
        """Go on with a weaker format after the server said that it does not take this one; False: there is none."""
        weaker = WEAKER.get(self.format)
        self.format = weaker or self.format
        return weaker is not None

    def failed(self) -> None:
        """Count an error 500, and go on with a weaker format after some."""
        self._errors += 1
        if self._errors % ERRORS_BEFORE_WEAKER == 0 and self._form is not None:
            self._from_errors |= self.rejected()

    def worked(self) -> bool:
        """Remember what worked, and return whether it is weaker than what was asked for first.

        After errors it is remembered only when the strict format failed once more after a weaker one had worked:
        an outage that ended between two tries teaches nothing.
        """
        form, known = self._form, self._known
        if form is None:
            return False
        if self.format == self._start:
            if self.format == "json_schema":
                known.suspected.pop(form, None)
                known.guessed.pop(form, None)
            return False
        if not self._from_errors:
            known.told[form] = self.format
        elif self._begun > known.suspected.setdefault(form, known.clock()):
            known.guessed[form] = (self.format, known.clock() + RECALL_SECONDS)
        return True
