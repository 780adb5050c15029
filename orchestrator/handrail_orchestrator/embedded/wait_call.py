"""The call of a wait: what a workflow awaits, and what ``run.first`` must know of it before it does."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from handrail_orchestrator.step_kind import StepKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Branching:
    """A wait as a branch of ``run.first``."""

    name: str
    """The name of its step."""
    kind: StepKind
    arrived: Callable[[], float | None]
    """When what it waits for came, as far as the history tells; None: it has not."""
    why: Callable[[], str]
    """What came, in words for those whose answer is not needed any more."""


class WaitCall(Coroutine[None, None, Any]):
    """A coroutine that says what it waits for."""

    __slots__ = ("_call", "branching")

    def __init__(self, call: Coroutine[Any, Any, Any], branching: Branching) -> None:
        self._call = call
        self.branching = branching

    def __await__(self) -> Any:
        """Await the call itself."""
        return self._call.__await__()

    def send(self, value: Any, /) -> Any:
        """Go on with the call."""
        return self._call.send(value)

    def throw(
        self,
        kind: Any,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
        /,
    ) -> Any:
        """Raise an error within the call."""
        if value is None and trace is None:
            return self._call.throw(kind)
        return self._call.throw(kind, value, trace)

    def close(self) -> None:
        """End the call, begun or not."""
        self._call.close()
