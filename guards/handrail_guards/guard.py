"""A named pure check of one value, and where it is attached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from handrail_guards.verdict import OnFail, Verdict

CostClass = Literal["free", "cheap", "paid"]
"""Guards run in this order and stop at the first that blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardContext:
    """What a guard may look at beside the value."""

    source: str = ""
    """The input as text, which evidence spans point into."""
    stage: Literal["input", "output"] = "output"
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Guard(Protocol):
    """A named pure check: ``(value, context) -> Verdict``; several verdicts when it speaks of several fields."""

    @property
    def name(self) -> str:
        """Return the name that verdicts carry."""
        ...

    @property
    def cost(self) -> CostClass:
        """Return what a check costs."""
        ...

    @property
    def on_fail(self) -> OnFail:
        """Return what its failing leads to."""
        ...

    def check(self, value: Any, context: GuardContext) -> Verdict | tuple[Verdict, ...]:
        """Return what is to say about the value."""
        ...
