"""Batches: which runs wait for which, as changes of a store. A batch is a run, and who is in it waits for its end."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.starts import StartRun


class JoinBatch(NamedTuple):
    """Wait, once, for the batch of a group that still gathers; where there is none, one begins."""

    row: StepRow
    """The wait, with the question; whom it waits for is found here."""
    group: str
    child: StartRun
    """The run that is the batch, if one begins."""


class SealBatch(NamedTuple):
    """Let nobody join a batch any more."""

    key: int


class AnswerWait(NamedTuple):
    """Hand a run the reply for which it waits for a batch, once. Reply: whether it still waited."""

    row: StepRow


class WakeMember(NamedTuple):
    """Let one of the runs that wait for a run be executed. Reply: whether there is one."""

    run_id: str


BatchChange = JoinBatch | SealBatch | AnswerWait | WakeMember


class BatchStore(Protocol):
    """The part of a store that knows who waits for a batch.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def members(
        self, run_id: str, *, after: tuple[int, str] = (0, ""), upto: tuple[int, str] | None = None, limit: int = 500
    ) -> Sequence[StepRow]:
        """Return the waits for a run, by run and name, after one and up to another."""
        ...
