"""Time and chance: produced once, recorded, and the same on every replay."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_orchestrator import asked
from handrail_orchestrator.clock import Clock
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.rows import StepRow

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.open_waits import Recorder

Place: TypeAlias = tuple[str | None, str | None]
"""Where a call without arguments stands: after which call, in which branch."""


class Produced:
    """What one run produces by itself."""

    def __init__(
        self,
        key: int,
        history: History,
        matching: Matching,
        clock: Clock,
        run: "Recorder",
    ) -> None:
        self._key = key
        self._history = history
        self._matching = matching
        self._clock = clock
        self._run = run

    async def now(self, name: str, place: Place) -> datetime:
        """Return the time (UTC)."""
        codec, clock = codec_for(datetime, where="run.now()"), self._clock
        found: datetime = self._once(name, "clock", codec, lambda: datetime.fromtimestamp(clock.now(), UTC), place)
        return found

    async def random(self, name: str, place: Place) -> float:
        """Return a random number, 0 up to but not including 1."""
        found: float = self._once(name, "chance", codec_for(float, where="run.random()"), random.random, place)
        return found

    def _once(self, name: str, kind: StepKind, codec: Any, produce: Callable[[], Any], place: Place) -> Any:
        row = self._history.find(name, kind)
        if row is not None:
            self._matching.place(row, *place)
            return codec.decode(row.output or "")
        self._matching.new_place(name, kind)
        value, now = produce(), self._clock.now()
        row = StepRow(
            self._key, name, self._history.take_seq(), kind, "done",
            queued=now, started=now, ended=now, input=asked.place(*place), output=codec.encode(value),
        )  # fmt: skip
        self._run.write(RecordStep(row))
        return value
