"""Looking back at what was decided: for figures, for labels, for similar cases."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from handrail_ground.optional import LaterModule
from handrail_orchestrator.holder import StoreHolder
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handrail_orchestrator import people
    from handrail_orchestrator.records import decided
    from handrail_orchestrator.records import reading as recorded
    from handrail_orchestrator.records.decided import DecidedRecord, DecidedText, KnownAnswer
    from handrail_orchestrator.review import permission
    from handrail_orchestrator.statistics.figures import DeskFigures, QueueFigures
    from handrail_orchestrator.statistics.person import PersonFigures
    from handrail_orchestrator.store import decided as decided_rows
    from handrail_orchestrator.store.decided import DecidedQuery
else:
    people = LaterModule("handrail_orchestrator.people")
    decided = LaterModule("handrail_orchestrator.records.decided")
    recorded = LaterModule("handrail_orchestrator.records.reading")
    decided_rows = LaterModule("handrail_orchestrator.store.decided")
    permission = LaterModule("handrail_orchestrator.review.permission")

MOST_DECIDED: Final = 10_000
"""Decided items that figures are made of, the newest: more take long, and change little."""
MOST_KNOWN: Final = 500
"""Known cases that a person's figures look at, the newest."""


class DecidedReader(StoreHolder):
    """Reads what was decided; every client can."""

    def decided(self, query: "DecidedQuery") -> "list[DecidedRecord]":
        """Return a page of decided items, by the time of their decision; known cases are not among them."""
        return [recorded.decided_record(row) for row in self._open_store.decided(query)]

    def all_decided(self, query: "DecidedQuery") -> "Iterator[DecidedRecord]":
        """Yield all decided items of a query, page by page."""
        while page := self.decided(query):
            yield from page
            query = replace(query, after=page[-1].place)

    def decided_texts(self, *, after: int, limit: int = 500) -> "list[DecidedText]":
        """Return what was decided after a place in the log, oldest first."""
        return [recorded.decided_text(row) for row in self._open_store.decided_texts(after=after, limit=limit)]

    def decided_before(self, most: int) -> int:
        """Return the place in the log after which at most so many decisions stand."""
        return self._open_store.decided_before(most)

    def queue_figures(self, now: float, queue: str | None = None) -> "list[QueueFigures]":
        """Return what waits at a time, by queue; of one queue also when nothing does."""
        from handrail_orchestrator.statistics.figures import QueueFigures  # noqa: PLC0415 -- few clients look at figures

        checked_texts(queue=queue)
        return [
            QueueFigures(
                queue=row.queue, waiting=row.waiting, oldest=row.oldest, late=row.late, most_late=decided_rows.MOST_LATE
            )
            for row in self._open_store.queues(now, queue)
        ]

    def seen_by(self, by: str) -> "permission.QueueScope":
        """Return the queues that a person may look at.

        Raises:
            NotAllowed: the store has people, and nobody of this name who may act.
        """
        checked_texts(by=by)
        return permission.scope(people.acting(self._open_store, by), "look")

    def own_figures(self, *, by: str, today: float, queue: str | None = None) -> "PersonFigures":
        """Return a person's own work; ``today`` is when their day began, in seconds since the epoch.

        Raises:
            NotAllowed: the store has people, and nobody of this name who may act.
        """
        checked_texts(by=by, queue=queue)
        people.acting(self._open_store, by)
        return self._figures_of(by, today, queue)

    def people_figures(self, *, by: str, since: float) -> "list[PersonFigures]":
        """Return what everybody who answered since a time made of known cases, and who reads nothing, by name.

        For admins, who are not told anybody's pace, nor how much they did: nobody is ranked.

        Raises:
            NotAllowed: ``by`` is no admin.
        """
        checked_texts(by=by)
        permission.check(people.acting(self._open_store, by), "people")
        names = [
            each.removeprefix(decided.PERSON)
            for each in self._open_store.givers_since(since)
            if each.startswith(decided.PERSON)
        ]
        return [self._figures_of(each, since, None).without_pace() for each in names]

    def _figures_of(self, person: str, today: float, queue: str | None) -> "PersonFigures":
        from handrail_orchestrator.statistics.person import LAST, person_figures  # noqa: PLC0415 -- as above

        actor = f"{decided.PERSON}{person}"
        # a person works in a few queues
        given = self._open_store.given(actor, queue=queue, limit=2 * LAST if queue is None else LAST)
        return person_figures(
            person,
            today=self._open_store.given_since(actor, today),
            given=[recorded.given_answer(row) for row in given],
            known=self._known_answers(person),
        )

    def own_known_answers(self, *, by: str, since: float = 0.0) -> "list[KnownAnswer]":
        """Return what a person made of known cases since a time, newest first: to tell them afterwards.

        Raises:
            NotAllowed: the store has people, and nobody of this name who may act.
        """
        checked_texts(by=by)
        people.acting(self._open_store, by)
        return self._known_answers(by, since)

    def _known_answers(self, by: str, since: float = 0.0) -> "list[KnownAnswer]":
        rows = self._open_store.known_decided(f"{decided.PERSON}{by}", since=since, limit=MOST_KNOWN)
        return [recorded.known_answer(row) for row in rows]

    def is_known(self, item: int) -> bool:
        """Return whether an item is a case whose answer is known; no reviewer may be told before they decided it."""
        return self._open_store.is_known(item)

    def desk_figures(self, query: "DecidedQuery", *, most: int = MOST_DECIDED) -> "DeskFigures":
        """Return what became of the items that were decided in a time, the newest of them."""
        from handrail_orchestrator.statistics.figures import desk_figures  # noqa: PLC0415 -- as above

        newest = replace(query, newest_first=True, limit=min(query.limit, most + 1))
        return desk_figures(self.all_decided(newest), most=most)
