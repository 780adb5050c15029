"""The ports to guards: named checks of one value, pure or paid; and what a guard may know to do besides.

A guard needs the members of ``Guard`` or ``PaidGuard``. Everything else is an ability of its own: a guard that has its
members is asked for it, one that lacks them is not (decision 10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from handrail_guards.verdict import OnFail, Verdict

if TYPE_CHECKING:
    from typing_extensions import TypeIs

CostClass = Literal["free", "cheap", "paid"]
"""Guards run in this order and stop at the first that blocks."""


Said: TypeAlias = Verdict | tuple[Verdict, ...]
"""What one check returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardContext:
    """What a guard may look at beside the value."""

    source: str = ""
    """The input as text, which evidence spans point into."""
    stage: Literal["input", "output"] = "output"
    metadata: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
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

    def check(self, value: Any, context: GuardContext) -> Said:
        """Return what is to say about the value."""
        ...


@runtime_checkable
class PaidGuard(Protocol):
    """A guard whose check has to be awaited, because it asks a model; the model call is the caller's."""

    @property
    def name(self) -> str:
        """Return the name that verdicts carry."""
        ...

    @property
    def on_fail(self) -> OnFail:
        """Return what its failing leads to."""
        ...

    async def check_async(self, value: Any, context: GuardContext) -> Said:
        """Return what is to say about the value."""
        ...


def is_pure(guard: Guard | PaidGuard) -> "TypeIs[Guard]":
    """Return whether a guard simply checks; the others have to be awaited."""
    # By attribute: isinstance with a protocol takes longer than most checks, and this runs for every guard and value.
    return hasattr(guard, "check")


@runtime_checkable
class Fixing(Protocol):
    """A guard that can repair, as its ``on_fail="fix"`` asks."""

    def fix(self, value: Any, verdict: Verdict, context: GuardContext) -> Any:
        """Return the value so changed that the failed verdict would pass."""
        ...


@runtime_checkable
class Staged(Protocol):
    """A guard that says where it looks: one without a stage looks at answers."""

    @property
    def stage(self) -> Literal["input", "output"]:
        """Return whether it looks at what goes to a model or at what comes back."""
        ...


@runtime_checkable
class Attached(Protocol):
    """A guard that looks at some fields only; a step refuses one whose fields its answers lack."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Return their paths; none: the whole value."""
        ...


@runtime_checkable
class PathReading(Protocol):
    """A guard that follows paths in the whole value by itself; a step refuses one whose paths its answers lack."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the paths."""
        ...
