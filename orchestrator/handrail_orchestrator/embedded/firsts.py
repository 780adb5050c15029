"""The first of several waits: decided once and recorded, the others withdrawn with it."""

import json
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.embedded.wait_call import WaitCall
from handrail_orchestrator.errors import Misuse, StepFailed, WaitExpired
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.running import DecideFirst, JoinBranches
from handrail_orchestrator.suspension import Suspended, halted, unwinding

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.open_waits import WaitRecorder

_FEWEST = 2


def wait_calls(branches: Sequence[object]) -> list[WaitCall]:
    """Return the branches of ``run.first``, which are waits.

    Raises:
        Misuse: one is not, or there are fewer than two, or one is there twice.
    """
    waits = [each for each in branches if isinstance(each, WaitCall)]
    if len(waits) == len(branches) >= _FEWEST and len({id(each) for each in waits}) == len(waits):
        return waits
    for each in branches:
        if isinstance(each, Coroutine):
            each.close()
    if len(waits) < len(branches):
        raise Misuse(
            "run.first takes waits: run.event, run.ask, run.sleep, run.sleep_until, and run.child that waits for its"
            " result. What begins at once, such as a step, cannot be withdrawn: use run.all"
        )
    raise Misuse("run.first takes two waits or more, each of them once: await a single one by itself")


class Firsts:
    """Decides, in one execution of a run, which of several waits is over first."""

    def __init__(self, key: int, history: History, matching: Matching, clock: Clock, run: "WaitRecorder") -> None:
        self._key = key
        self._history = history
        self._matching = matching
        self._clock = clock
        self._run = run

    async def first(self, name: str, branches: list[WaitCall]) -> tuple[int, Any]:
        """Return which wait was over first, and what it came to.

        Raises:
            StepFailed: the first to end was a child run that failed.
            WaitExpired: the first to end was a wait whose time limit was over.
            HistoryMismatch: other waits are recorded under this name.
        """
        names = [each.branching.name for each in branches]
        wanted = json.dumps({"first": names}, ensure_ascii=False)
        row = self._history.find(name, "first")
        try:
            if row is None:
                return await self._decided(name, branches, wanted)
            self._matching.call(row, wanted)
            winner = str(json.loads(row.output or "{}").get("branch"))
            if winner not in names:
                raise self._matching.another(row, wanted)
            for each in branches:
                if each.branching.name != winner:
                    self._history.find(each.branching.name, each.branching.kind, lost_too=True)
            number = names.index(winner)
            return number, await branches[number]
        finally:
            for each in branches:
                self._history.begun(each.branching.name)
                each.close()

    async def _decided(self, name: str, branches: list[WaitCall], wanted: str) -> tuple[int, Any]:
        """Go by what came first; of what came at the same moment, or was there before, by the first in order."""
        arrived = [each.branching.arrived() for each in branches]
        names = [each.branching.name for each in branches]
        if not all(map(self._history.holds, names)):  # before any of them is open: whoever answers must know
            self._run.write(JoinBranches(self._key, name, names))
        order = sorted(range(len(branches)), key=lambda number: (_moment(arrived[number]), number))
        waiting: Suspended | None = None
        for number in order:
            try:
                value = await branches[number]
            except Suspended as suspended:
                waiting = suspended
                halted.set(None)  # the others are asked, too
            except (StepFailed, WaitExpired):
                self._decide(name, branches, number, wanted)
                raise
            else:
                self._decide(name, branches, number, wanted)
                return number, value
        assert waiting is not None  # noqa: S101 -- there are two branches at least
        raise unwinding(waiting)

    def _decide(self, name: str, branches: list[WaitCall], winner: int, wanted: str) -> None:
        now, won = self._clock.now(), branches[winner].branching
        others = [each.branching.name for each in branches if each.branching.name != won.name]
        decided = json.dumps({"branch": won.name}, ensure_ascii=False)
        row = StepRow(
            self._key, name, self._history.take_seq(), "first", "done",
            queued=now, started=now, ended=now, input=wanted, output=decided,
        )  # fmt: skip
        self._run.write(DecideFirst(row, others, won.why()))
        self._run.withdrawn(others)


def _moment(arrived: float | None) -> float:
    return float("inf") if arrived is None else arrived
