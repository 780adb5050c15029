"""What a run says of itself: tags to find it by, and how far it is; recorded once, as every call."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.running import PutProgress, PutTags

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.open_waits import Recorder
    from handrail_orchestrator.step_kind import StepKind


class Notes:
    """What one run says of itself in one execution."""

    def __init__(self, key: int, history: History, matching: Matching, clock: Clock, run: "Recorder") -> None:
        self._key = key
        self._history = history
        self._matching = matching
        self._clock = clock
        self._run = run

    async def tag(self, name: str, tags: dict[str, str]) -> None:
        """Record tags, once.

        Raises:
            HistoryMismatch: other values are recorded.
        """
        said = json.dumps(tags, ensure_ascii=False)
        row = self._history.find(name, "tag")
        if row is not None:
            self._matching.call(row, said)
        else:
            self._run.write(PutTags(self._row(name, "tag", said), tags))

    async def status(self, name: str, text: str) -> None:
        """Record how far the run is, once; what was said then stands, however the code words it now."""
        if self._history.find(name, "status") is None:
            said = json.dumps({"status": text}, ensure_ascii=False)
            self._run.write(PutProgress(self._row(name, "status", said), text))

    def _row(self, name: str, kind: "StepKind", said: str) -> StepRow:
        now = self._clock.now()
        return StepRow(
            self._key, name, self._history.take_seq(), kind, "done", queued=now, started=now, ended=now, input=said,
            output="null",
        )  # fmt: skip
