"""The failures of a store; every client reads them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from handrail_orchestrator import tags
from handrail_orchestrator.holder import StoreHolder
from handrail_orchestrator.texts import checked_sought, checked_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.failures.group import FailedRun, Failures
    from handrail_orchestrator.records.run import RunRecord
    from handrail_orchestrator.store.flows import FailedStepRow, StoppedRow
    from handrail_orchestrator.store.queries import RunQuery
    from handrail_orchestrator.store.rows import RunStatus

MOST_FAILED: Final = 5_000
"""Failed runs that are looked at, the newest."""
STOPPED: "Final[tuple[RunStatus, ...]]" = ("failed", "set_aside")


class FailureReader(StoreHolder):
    """Reads what failed."""

    def failures(self, query: "RunQuery", *, version: int | None = None, most: int = MOST_FAILED) -> "Failures":
        """Return the runs of a query that failed or were set aside, those alike together: the newest ``most`` of each.

        ``status``, ``before_key`` and ``limit`` of the query are not looked at.

        Raises:
            NotStorable: one of its texts is none that a store can hold.
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.failures.group import grouped  # noqa: PLC0415 -- few clients look

        checked_texts(workflow=query.workflow)
        checked_sought(query.text)
        tags.check_filter(query.tags)
        runs: list[StoppedRow] = []
        is_whole = True
        for status in STOPPED:
            found = self._open_store.stopped_runs(replace(query, status=status, before_key=None, limit=most + 1))
            is_whole = is_whole and len(found) <= most
            runs += [run for run in found[:most] if version in {None, run.version}]
        return grouped(self.failed_runs(runs), is_whole=is_whole)

    def failed_runs(self, runs: "Sequence[RunRecord] | Sequence[StoppedRow]") -> "list[FailedRun]":
        """Return runs that failed with the step that did, and its error.

        Raises:
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.failures.group import failed_run  # noqa: PLC0415 -- few clients look

        first: dict[int, FailedStepRow] = {}
        for row in self._open_store.failed_steps([run.key for run in runs]):
            first.setdefault(row.run, row)
        return [failed_run(run, first.get(run.key)) for run in runs]
