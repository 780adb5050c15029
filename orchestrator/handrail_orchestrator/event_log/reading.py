"""The event log of a store; every client reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from handrail_orchestrator.holder import StoreHolder
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.event_log.events import LogCase
    from handrail_orchestrator.store.flows import FlowQuery


class LogReader(StoreHolder):
    """Reads runs as the cases of an event log."""

    @contextmanager
    def event_log(self, query: "FlowQuery") -> Iterator["Iterator[LogCase]"]:
        """Read the runs of a query as cases, all of the moment at which the block is entered, one in memory at a time.

        Raises:
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.event_log.events import cases  # noqa: PLC0415 -- few clients write logs

        checked_texts(workflow=query.workflow)
        with self._open_store.evidence() as evidence:
            yield cases(evidence.steps(query))
