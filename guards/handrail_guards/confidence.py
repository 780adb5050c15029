"""How sure a judgement is: a number from 0 to 1 that always carries its source."""

from dataclasses import dataclass
from typing import Literal, Self

from handrail_ground.shares import decimal
from handrail_guards.errors import InvalidConfidence
from handrail_guards.numbers import is_number, is_share

ConfidenceSource = Literal["decision", "logprob", "vote", "local", "stated", "rule", "person", "none"]
"""Where the number came from, strongest evidence first; ``none`` means there is no number."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """A number from 0 to 1 with its source, or none at all.

    A missing confidence is ``Confidence.none()``, never 0 or 1, and always escalates.

    Raises:
        InvalidConfidence: the value is outside 0 to 1, is NaN, or does not fit the source.
    """

    value: float | None
    """0 to 1, or None exactly when the source is ``none``."""
    source: ConfidenceSource
    detail: str = ""
    """How it was computed, in plain words, such as ``joint of 3 tokens``."""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.source == "none"):
            raise InvalidConfidence(
                f"confidence {self.value!r} does not fit source {self.source!r}:"
                " use Confidence.none() for a missing one"
            )
        if self.value is not None and not is_share(self.value):
            msg = f"confidence {self.value!r} from {self.source!r} is outside 0 to 1"
            if not is_number(self.value):
                msg = f"confidence {self.value!r} from {self.source!r} is no number from 0 to 1"
            raise InvalidConfidence(msg)

    @classmethod
    def none(cls, detail: str = "") -> Self:
        """Return the missing confidence, with the reason it is missing."""
        return cls(None, "none", detail)

    def __str__(self) -> str:
        """Return the number and its source, as people read it."""
        return (
            f"no confidence ({self.detail})"
            if self.value is None
            else f"{decimal(self.value, fewest=2)} ({self.source})"
        )
