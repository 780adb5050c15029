"""Asking a store for the figures of a window."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from handrail_ground.optional import LaterModule
from handrail_orchestrator import tags
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.holder import StoreHolder
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_ground import shares
    from handrail_orchestrator.records.promise import PromiseRecord
    from handrail_orchestrator.statistics.computing import Computed
    from handrail_orchestrator.statistics.stats import BaselineFigure, QueueAge, Stats
    from handrail_orchestrator.statistics.window import WindowLike
    from handrail_orchestrator.store.decided import QueueRow
    from handrail_orchestrator.store.figures import FigureQuery, FigureStore

    class CountedSource(FigureStore, Protocol):
        """What of a store figures are read from."""

        def queues(self, now: float, queue: str | None = None) -> list[QueueRow]:
            """Return what waits, by queue."""
            ...

        def workflow_names(self) -> list[str]:
            """Return the names of the workflows that there are or were runs of."""
            ...

        def has_promises(self) -> bool:
            """Return whether an AI step has ever promised anything."""
            ...
else:
    shares = LaterModule("handrail_ground.shares")


WEEK = timedelta(days=7)


@contextmanager
def counting(address: str) -> "Iterator[CountedStore]":
    """Open a store by its address for its figures alone, without what reads runs and questions.

    Raises:
        Misuse: it is in memory, and so belongs to whoever opened it.
        StoreError: the store cannot be opened; see its subclasses.
    """
    from handrail_orchestrator.store.address import checked_path, open_store  # noqa: PLC0415 -- clients need none
    from handrail_orchestrator.store.address_text import MEMORY, is_server  # noqa: PLC0415 -- as above
    from handrail_orchestrator.store.sqlite.counted import counted_file  # noqa: PLC0415 -- as above

    path = "" if is_server(address) else checked_path(address)
    if path == MEMORY:
        raise Misuse(f"{address} is in memory, and nothing is in it: give the address of a file, sqlite:///FILE")
    store = (counted_file(path) if path else None) or open_store(address, create=False, reading=True)
    try:
        yield CountedStore(store, address)
    finally:
        store.close()


class FiguresReader(ABC):
    """Counts what became of runs."""

    @property
    @abstractmethod
    def _counted(self) -> "CountedSource":
        """Return the store that is counted."""

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return time.time()

    def workflow_names(self) -> list[str]:
        """Return the names of the workflows that the store has had runs of, in order."""
        return self._counted.workflow_names()

    def stats(
        self,
        window: "WindowLike" = WEEK,
        *,
        workflow: str | None = None,
        version: int | None = None,
        tag: Mapping[str, str] | None = None,
        zone: str = "UTC",
        from_records: bool = False,
    ) -> "Stats":
        """Return the figures of the runs that were started in a window: those of the last seven days.

        ``window`` is a time up to now (``timedelta``, or text such as ``7d`` or ``24h``), or two moments or days, the
        second one not included (as text: ``2026-11-01..2026-11-08``); days begin at midnight in ``zone``.
        ``tag`` is what the runs must carry, such as ``{"customer": "acme"}``: their records are counted one by one.
        ``from_records`` counts every record again in place of what was rolled up: it comes to the same, and takes long.

        Raises:
            Misuse: the window or the zone is none, or there cannot be such a tag.
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.statistics.stats import Stats  # noqa: PLC0415 -- few clients look at figures
        from handrail_orchestrator.statistics.window import window_of  # noqa: PLC0415 -- as above
        from handrail_orchestrator.store.figures import FigureQuery  # noqa: PLC0415 -- as above

        checked_texts(workflow=workflow)
        now = self.now()
        chosen = window_of(window, now=now, zone=zone)
        query = FigureQuery(chosen.since, chosen.until, workflow, version, dict(tag or {}))
        tags.check_filter(query.tags)
        found, baseline = self._computed(query, now, from_records=from_records)
        funnel = found.funnel
        return Stats(
            window=chosen,
            workflow=workflow,
            version=version,
            tags=query.tags,
            at=now,
            funnel=funnel,
            cycle=found.cycle,
            exceptions=shares.Proportion(
                funnel.by_person + funnel.by_policy + funnel.failed + funnel.set_aside, funnel.ended
            ),
            completion=shares.Proportion(funnel.completed, funnel.ended),
            human_wait=found.human_wait,
            steps=found.steps,
            bottleneck=found.bottleneck,
            questions=found.questions,
            by_queue=found.by_queue,
            queues=self._queue_ages(now),
            agreement=found.agreement,
            changed=found.changed,
            changed_by_confidence=found.changed_by_confidence,
            audits=found.audits,
            money=sum(each.money for each in found.steps),
            unpriced=sum(each.unpriced for each in found.steps),
            outcomes=found.outcomes,
            baseline=baseline,
            versions=found.versions,
            flows=found.flows,
        )

    def _computed(
        self, query: "FigureQuery", now: float, *, from_records: bool
    ) -> "tuple[Computed, tuple[BaselineFigure, ...]]":
        """Return what the runs of a query come to, and what it was before there was a workflow, all of one moment."""
        from handrail_orchestrator.statistics.computing import compute  # noqa: PLC0415 -- as above
        from handrail_orchestrator.statistics.counting import tallied  # noqa: PLC0415 -- as above
        from handrail_orchestrator.statistics.stats import BaselineFigure  # noqa: PLC0415 -- as above

        with self._counted.figures() as stored:
            tallies = tallied(stored, query, from_records=from_records)
            before = stored.baseline(query.workflow)
        return compute(tallies, now), tuple(BaselineFigure(**row._asdict()) for row in before)

    def flow(
        self,
        window: "WindowLike" = WEEK,
        *,
        workflow: str | None = None,
        version: int | None = None,
        zone: str = "UTC",
        from_records: bool = False,
    ) -> dict[tuple[str, str], int]:
        """Return how often one activity followed another in the runs of a window: the edges of the process map.

        Raises:
            Misuse: the window or the zone is none.
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.statistics.counting import tallied  # noqa: PLC0415 -- as above
        from handrail_orchestrator.statistics.window import window_of  # noqa: PLC0415 -- as above
        from handrail_orchestrator.store.figures import FigureQuery  # noqa: PLC0415 -- as above

        checked_texts(workflow=workflow)
        chosen = window_of(window, now=self.now(), zone=zone)
        query = FigureQuery(since=chosen.since, until=chosen.until, workflow=workflow, version=version)
        found: dict[tuple[str, str], int] = {}
        with self._counted.figures() as stored:
            tallies = tallied(stored, query, measures=("edge",), from_records=from_records)
        for _, tally in tallies:
            for (measure, edge, _), (times, _) in tally.items():
                if measure == "edge":
                    source, _, target = edge.partition("\t")
                    found[source, target] = found.get((source, target), 0) + times
        return found

    def _queue_ages(self, now: float) -> "tuple[QueueAge, ...]":
        from handrail_orchestrator.statistics.stats import AGE_LIMITS, QueueAge  # noqa: PLC0415 -- as above

        ages = dict(self._counted.queue_ages(now, AGE_LIMITS))
        return tuple(
            QueueAge(
                queue=row.queue,
                waiting=row.waiting,
                oldest=None if row.oldest is None else max(0.0, now - row.oldest),
                late=row.late,
                by_age=tuple(ages.get(row.queue, [0] * (len(AGE_LIMITS) + 1))),
            )
            for row in self._counted.queues(now)
        )


class StatsReader(FiguresReader, StoreHolder):
    """Counts what became of runs; every client can."""

    @property
    def _counted(self) -> "CountedSource":
        return self._open_store


class CountedStore(FiguresReader):
    """A store that is only counted."""

    def __init__(self, store: "CountedSource", address: str) -> None:
        self._source = store
        self._address = address

    @property
    def _counted(self) -> "CountedSource":
        return self._source

    def current_promises(self, workflow: str | None = None) -> "list[PromiseRecord]":
        """Return the promises by which the last case of each step, group and bound was judged, each with its cases."""
        if not self._source.has_promises():
            return []
        from handrail_orchestrator.promising.reader import StoredPromises  # noqa: PLC0415 -- few stores have any
        from handrail_orchestrator.store import open_store  # noqa: PLC0415 -- as above

        with closing(open_store(self._address, create=False, reading=True)) as store:
            return StoredPromises(store).promises(workflow, earlier=False)
