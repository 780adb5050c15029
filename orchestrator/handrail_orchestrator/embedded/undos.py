"""Undo actions that a workflow registers: recorded once, and found again by a replay."""

from typing import TYPE_CHECKING, NamedTuple

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.library import BoundStep
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.running import RegisterUndo

if TYPE_CHECKING:
    import weakref

    from handrail_orchestrator.embedded.open_waits import Recorder


class Undo(NamedTuple):
    """One undo action with what it is called with."""

    row: StepRow
    bound: BoundStep
    args: Args
    kwargs: Kwargs


class Undos:
    """The undo actions of one run, as its code registers them in one execution."""

    def __init__(
        self, key: int, history: History, matching: Matching, clock: Clock, run: "weakref.ref[Recorder]"
    ) -> None:
        self.registered: dict[str, Undo] = {}
        """By name; those that another run of this history is to undo are not among them."""
        self._key = key
        self._history = history
        self._matching = matching
        self._clock = clock
        self._run = run
        """Weak, or each ended run would be a cycle and keep the garbage collector busy."""

    async def register(self, name: str, bound: BoundStep, args: Args, kwargs: Kwargs) -> None:
        """Record an undo action, once.

        Raises:
            HistoryMismatch: another input is recorded under this name.
        """
        encoded = bound.inputs.encode(args, kwargs)
        row = self._history.find(name, "undo")
        if row is not None:
            self._matching.input(row, encoded, bound.inputs.decode)
        else:
            now = self._clock.now()
            row = StepRow(
                self._key, name, self._history.take_seq(), "undo", "registered", queued=now, input=encoded,
                owner=bound.step.owner,
            )  # fmt: skip
            run = self._run()
            assert run is not None  # noqa: S101 -- it is what registers it
            run.write(RegisterUndo(row))
        if row.status != "withdrawn":
            self.registered[name] = Undo(row, bound, args, kwargs)


def check_undo(bound: BoundStep) -> None:
    """Check that a step can undo something.

    Raises:
        Misuse: it asks people before or after, and nobody may be there when a run fails.
    """
    step = bound.step
    if step.policy.approval is not None:
        raise Misuse(f"run.compensate({step.name}): an action with approval= cannot undo: it would wait for a yes")
    if step.policy.on_failure == "review":
        raise Misuse(
            f'run.compensate({step.name}): on_failure="review" cannot undo: when it fails, its run is set aside, which'
            " people see and can retry"
        )
