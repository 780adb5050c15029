"""Waits as branches of ``run.first``: when each was over, and what came, in words."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.wait_call import Branching, WaitCall
from handrail_orchestrator.errors import NotStorable
from handrail_orchestrator.step_kind import StepKind

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec

_AT_ONCE = float("-inf")
"""When a wait was over that decides whatever else came, by whichever clock."""


class WaitBranches:
    """The waits of one run, as branches."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock

    def human(self, name: str, call: Coroutine[Any, Any, Any]) -> WaitCall:
        """Return a question, which is over when its answer was given."""

        def why() -> str:
            row = self._history.peek(name)
            by = None if row is None else row.decided_by
            return f"{by.partition(':')[2] if by else 'somebody'} answered {name!r} before"

        def arrived() -> float | None:
            row = self._history.peek(name)
            if row is not None and row.status == "done" and (row.decided_by or "").startswith("person:"):
                return _AT_ONCE  # it was taken as nothing else had come before: whoever gave it may rely on that
            return self._ended(name)

        return WaitCall(call, Branching(name=name, kind="human", arrived=arrived, why=why))

    def child(self, name: str, call: Coroutine[Any, Any, Any]) -> WaitCall:
        """Return a child run, which is over when it ended."""

        def why() -> str:
            return f"the child run {name!r} ended before"

        return WaitCall(call, Branching(name=name, kind="child", arrived=lambda: self._ended(name), why=why))

    def timer(self, name: str, call: Coroutine[Any, Any, Any]) -> WaitCall:
        """Return a timer, which is over at its time."""

        def why() -> str:
            return f"the time for it is over ({name})"

        def arrived() -> float | None:
            return self._used_up(name, "timer") or self._past(name)

        return WaitCall(call, Branching(name=name, kind="timer", arrived=arrived, why=why))

    def event(self, name: str, event: str, codec: "Codec[Any]", call: Coroutine[Any, Any, Any]) -> WaitCall:
        """Return a wait for an event, which is over when the first that fits was sent, or its time is."""

        def arrived() -> float | None:
            if (before := self._used_up(name, "event")) is not None:
                return before
            sent = next((each.sent for each in self._history.waiting_events(event) if _fits(codec, each.payload)), None)
            over = self._past(name)
            return sent if over is None else over if sent is None else min(sent, over)

        def why() -> str:
            return f"the event {event!r} came before, or its time is over"

        return WaitCall(call, Branching(name=name, kind="event", arrived=arrived, why=why))

    def _ended(self, name: str) -> float | None:
        row = self._history.peek(name)
        return row.ended if row is not None and row.status in {"done", "failed"} else None

    def _used_up(self, name: str, kind: StepKind) -> float | None:
        row = self._history.peek(name)
        is_over = row is not None and row.kind == kind and row.status in {"done", "failed"}
        return _AT_ONCE if is_over else None

    def _past(self, name: str) -> float | None:
        row = self._history.peek(name)
        return row.due if row is not None and row.due is not None and row.due <= self._clock.now() else None


def _fits(codec: "Codec[Any]", payload: str) -> bool:
    try:
        codec.decode(payload, given=True)
    except NotStorable:
        return False
    return True
