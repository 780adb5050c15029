"""What a store remembers, as records: runs, steps, waits, review items, judgements. Rows stay inside the store."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from handrail_ground.optional import LaterModule
from handrail_orchestrator import tags
from handrail_orchestrator.errors import Misuse, UnknownItem, UnknownRun
from handrail_orchestrator.event_log.reading import LogReader
from handrail_orchestrator.failures.reading import FailureReader
from handrail_orchestrator.process_map.reading import MapReader
from handrail_orchestrator.statistics.asking import StatsReader
from handrail_orchestrator.statistics.reading import DecidedReader
from handrail_orchestrator.store import JudgedQuery, ReviewQuery, RunQuery, open_store
from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.texts import checked_number, checked_sought, checked_text, checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.records import reading as recorded
    from handrail_orchestrator.records.item import ReviewChange, ReviewDetail, ReviewItem
    from handrail_orchestrator.records.judgement import JudgementRecord
    from handrail_orchestrator.records.run import RunRecord, WaitRecord
    from handrail_orchestrator.records.step import StepRecord
    from handrail_orchestrator.records.worker import WorkerRecord
    from handrail_orchestrator.store.evidence import StoredEvidence
    from handrail_orchestrator.store.port import HistoryRows, Store
    from handrail_orchestrator.store.rows import ReviewRow, RunRow, RunStatus
else:
    recorded = LaterModule("handrail_orchestrator.records.reading")


class Reader(DecidedReader, FailureReader, LogReader, MapReader, StatsReader):
    """Reads a store; ``Client`` is one."""

    @property
    def store(self) -> str:
        """Return the store's address."""
        return self._open_store.url

    # -- runs

    def run(self, run_id: str) -> "RunRecord":
        """Return one run.

        Raises:
            UnknownRun: there is none with this id.
        """
        return recorded.run_record(self._run_row(run_id))

    def _run_row(self, run_id: str) -> "RunRow":
        checked_texts(run_id=run_id)
        row = self._open_store.run(run_id)
        if row is None:
            raise UnknownRun(run_id)
        return row

    def runs(
        self, *, status: "RunStatus | None" = None, workflow: str | None = None, after_key: int = 0, limit: int = 100
    ) -> "list[RunRecord]":
        """Return runs, oldest first: of one status or workflow, and after the run with this key."""
        rows = self._open_store.runs(status=status, workflow=workflow, after_key=after_key, limit=limit)
        return [recorded.run_record(row) for row in rows]

    def latest_runs(
        self,
        *,
        status: "RunStatus | None" = None,
        workflow: str | None = None,
        before_key: int | None = None,
        limit: int = 100,
    ) -> "list[RunRecord]":
        """Return runs, newest first: of one status or workflow, and before the run with this key."""
        return self.find_runs(RunQuery(status=status, workflow=workflow, before_key=before_key, limit=limit))

    def find_runs(self, query: RunQuery) -> "list[RunRecord]":
        """Return the runs of a query, newest first.

        Raises:
            NotStorable: one of its texts is none that a store can hold.
        """
        checked_texts(workflow=query.workflow)
        checked_sought(query.text)
        tags.check_filter(query.tags)
        return [recorded.run_record(row, values=query.values) for row in self._open_store.latest(query)]

    def run_ids(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the ids of runs by their keys, such as those of parents."""
        return self._open_store.run_ids(keys)

    def steps(self, run_id: str) -> "Sequence[StepRecord]":
        """Return the step records of a run, in order of recording.

        Raises:
            UnknownRun: there is none with this id.
        """
        return [recorded.step_record(row) for row in self._open_store.history(self._run_row(run_id).key).steps]

    def some_steps(self, run_id: str, *, after: tuple[int, str] = (0, ""), limit: int = 100) -> "Sequence[StepRecord]":
        """Return step records of a run, in order of recording, after the one with this (seq, name).

        Raises:
            UnknownRun: there is none with this id.
        """
        key = self._run_row(run_id).key
        checked_text(after[1], where="the name of the step before")
        return [recorded.step_record(row) for row in self._open_store.some_steps(key, after=after, limit=limit)]

    def waits(self, keys: Sequence[int]) -> "list[WaitRecord]":
        """Return what runs wait for, by their keys: in the order of the keys, and what each asked first first."""
        return [recorded.wait_record(row) for row in self._open_store.waits(keys)]

    def counts(self) -> "dict[tuple[str, int, RunStatus], int]":
        """Return how many runs there are by workflow, version and status."""
        return self._open_store.counts()

    def due(self, now: float) -> dict[tuple[str, int], int]:
        """Return how many runs are due at a time and not taken by a worker, by workflow and version."""
        return self._open_store.due(now)

    def fates(self, run_ids: Sequence[str] | None, workflow: str | None) -> list[tuple[str, str | None, int]]:
        """Return what became of runs, counted; see ``summarize``."""
        return self._open_store.fates(None if run_ids is None else list(run_ids), workflow)

    def open_runs(self, run_ids: Sequence[str]) -> list[tuple[str, bool]]:
        """Return which of these runs have not ended, and whether each waits for a person."""
        return self._open_store.open_runs(list(run_ids))

    def code_of(self, workflow: str) -> str | None:
        """Return where a workflow's code was found, as ``module:name``; None when nobody has said."""
        return self._open_store.target(workflow)

    def workers(self) -> "list[WorkerRecord]":
        """Return the processes that execute runs: those that signed on and did not sign off."""
        return [recorded.worker_record(row) for row in self._open_store.workers()]

    # -- reviews

    def reviews(self, query: ReviewQuery | None = None) -> "list[ReviewItem]":
        """Return review items, most urgent first; those that wait, if no query is given."""
        checked_sought(None if query is None else query.text)
        return [recorded.review_item(row) for row in self._open_store.reviews(query or ReviewQuery())]

    def review_count(self, query: ReviewQuery | None = None, *, at_most: int | None = None) -> int:
        """Return how many items the query's list has without its limit; ``at_most``: no more are counted."""
        checked_sought(None if query is None else query.text)
        return self._open_store.review_count(query or ReviewQuery(), at_most=at_most)

    def review(self, item: int) -> "ReviewDetail":
        """Return one review item, with what was judged and everything that happened to it.

        Raises:
            UnknownItem: there is none with this number.
        """
        row = self._asked(item)
        return recorded.review_detail(row, self._judged(row), self._open_store.review_log(row.id))

    def plain_review(self, item: int) -> "ReviewItem":
        """Return one review item alone, without what was judged and what happened to it.

        Raises:
            UnknownItem: there is none with this number.
        """
        return recorded.review_item(self._asked(item))

    def _asked(self, item: int) -> "ReviewRow":
        row = self._open_store.review(checked_number(item, where="the review item"))
        if row is None:
            raise UnknownItem(item)
        return row

    def _judged(self, row: "ReviewRow") -> str | None:
        """Return the outcome behind a question, as it is recorded; None when there is none, or it is asked blind."""
        if row.kind != "decide" or row.code == "drawn":
            return None
        name = row.step.rpartition("/")[0]
        after = (0, "")
        while rows := self._open_store.judged(JudgedQuery(step=name, run_id=row.run_id, after=after)):
            for judged in rows:
                if judged.step == name:
                    return judged.output
            after = rows[-1].place
        return None

    def review_log(self, item: int) -> "list[ReviewChange]":
        """Return every change of a review item, oldest first.

        Raises:
            UnknownItem: there is none with this number.
        """
        return [recorded.review_change(row) for row in self._open_store.review_log(self._asked(item).id)]

    def judgements(self, query: JudgedQuery) -> "list[JudgementRecord]":
        """Return judgements with what people said of them, by run, oldest first, then by name."""
        return [recorded.judgement_record(row) for row in self._open_store.judged(query)]


def recorded_history(reader: Reader, run_id: str) -> "tuple[RunRow, HistoryRows]":
    """Return a run and all that it remembers as the engine reads it: for proof that code still fits a history.

    Raises:
        UnknownRun: there is none with this id.
    """
    row = reader._run_row(run_id)  # noqa: SLF001 -- of this module: no client hands out rows
    return row, reader._open_store.history(row.key)  # noqa: SLF001 -- as above


def evidence_of(reader: Reader) -> "AbstractContextManager[StoredEvidence]":
    """Return what a store holds as evidence, row by row: for those who verify or write it out."""
    return reader._open_store.evidence()  # noqa: SLF001 -- of this module: no client hands out rows


class _Opened(Reader):
    """A store that is only read."""

    def __init__(self, store: "Store") -> None:
        self._read = store

    @property
    def _open_store(self) -> "Store":
        return self._read


@contextmanager
def reading(address: str) -> Iterator[Reader]:
    """Open a store by its address, for reading only.

    Raises:
        Misuse: it is in memory, and so belongs to whoever opened it.
        StoreError: the store cannot be opened; see its subclasses.
    """
    store = open_store(address, create=False, reading=True)
    try:
        if store.path == MEMORY:
            raise Misuse(
                f"{address} is in memory: give the client or orchestrator that holds it in place of an address"
            )
        yield _Opened(store)
    finally:
        store.close()
