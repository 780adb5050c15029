"""Questions to people: take, decide, hand on, take back; whatever the door, these methods are behind it."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import AnswerRefused, NotAllowed, ReviewError
from handrail_orchestrator.sowing import Sowing
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_guards.verdict import Verdict
    from handrail_orchestrator import people
    from handrail_orchestrator.embedded.checking import AnswerCheck, Checked
    from handrail_orchestrator.embedded.writer import Writer
    from handrail_orchestrator.records import reading as recorded
    from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
    from handrail_orchestrator.records.person import Person
    from handrail_orchestrator.review import answers, blinding, eligibility, moves, permission, timers
    from handrail_orchestrator.review.permission import ItemAction
    from handrail_orchestrator.store import kept_settings
    from handrail_orchestrator.store.changes import MoveReview
    from handrail_orchestrator.store.rows import ReviewRow
else:
    people = LaterModule("handrail_orchestrator.people")
    recorded = LaterModule("handrail_orchestrator.records.reading")
    blinding = LaterModule("handrail_orchestrator.review.blinding")
    eligibility = LaterModule("handrail_orchestrator.review.eligibility")
    permission = LaterModule("handrail_orchestrator.review.permission")
    timers = LaterModule("handrail_orchestrator.review.timers")
    kept_settings = LaterModule("handrail_orchestrator.store.kept_settings")
    answers = LaterModule("handrail_orchestrator.review.answers")
    moves = LaterModule("handrail_orchestrator.review.moves")

LONGEST_VIEW_NAME = 60
LONGEST_VIEW = 2_000
"""Characters of a view's query."""
OFFERED_AT_ONCE = 20
"""Items looked at for one that a person may take."""


class Desk(Sowing):
    """Answers what the runs of a store ask; ``Client`` is one."""

    @property
    @abstractmethod
    def _writer(self) -> "Writer":
        """Return what writes."""

    @property
    @abstractmethod
    def _check(self) -> "AnswerCheck | None":
        """Return what holds answers to the guards of workflows whose code is known."""

    @abstractmethod
    def _ring(self) -> None:
        """Tell whoever executes runs."""

    async def next_review(self, *, by: str, queue: str | None = None) -> "ReviewDetail | None":
        """Take the most urgent item that is free for this person, for five minutes; None when there is none.

        What this person skipped or sent up comes after all others, that of longest ago first.

        Raises:
            NotAllowed: the store knows people, and nobody of this name, or their role in this queue is too low.
            ReviewError: the person has no name.
        """
        moves.check_person(by)
        checked_texts(queue=queue)
        person = people.acting(self._open_store, by)
        if queue is not None:
            permission.check(person, "take", permission.Place(queue))
        await self.sow()
        where = permission.scope(person, "take")
        query = ReviewQuery(
            queue=queue,
            queues=where.only,
            not_queues=where.but,
            tier_to=None if permission.scope(person, "take", 2) else 1,
            free_for=by,
            now=self.now(),
            limit=OFFERED_AT_ONCE,
        )
        refused: list[int] = []
        while True:
            items = self.reviews(replace(query, but=tuple(refused)))
            if not items:
                return None
            for item in items:
                try:
                    return await self.take(item.id, by=by)
                except ReviewError:  # somebody was faster, or a rule of the item forbids it
                    refused.append(item.id)

    async def take(self, item: int, *, by: str) -> "ReviewDetail":
        """Take an item for five minutes, or take one's own anew.

        Raises:
            ReviewConflict: it is decided or closed, or somebody else has it.
            NotAllowed: a rule of the item forbids that this person answers it.
        """
        row = self._item_to_answer(item, by, "take")
        return blinding.item_for(self.review((await self._move(moves.take(row, by=by, now=self.now()))).id), by)

    async def extend(self, item: int, *, by: str, worked: float = 0.0) -> bool:
        """Show that one is still at an item: its five minutes begin anew.

        ``worked`` are seconds the person was at it since the last sign of life. Returns whether it still is theirs.

        Raises:
            ReviewConflict: this person does not have it any more.
        """
        row = self._item_for(item, by, "extend")
        return bool(await self._writer.ask(moves.extend(row, by=by, now=self.now(), worked=worked)))

    async def decide(  # noqa: PLR0913 -- what a person may say with an answer
        self,
        item: int,
        value: object,
        *,
        by: str,
        version: int | None = None,
        shown: str | None = None,
        note: str | None = None,
        despite: Sequence[str] = (),
        spans: Mapping[str, tuple[int, int]] | None = None,
        undo_seconds: float = 0.0,
        link: str | None = None,
    ) -> "ReviewItem":
        """Answer a review item and resume its run; ``value`` is the answer as JSON data.

        The answer is held to the guards of the step that asks, as far as they cost nothing: here when the workflow's
        code is known (see ``use``), else by its run, which opens the item again. ``despite`` names guards that fail
        and against which the answer stands all the same; the item's log keeps them. ``version`` and ``shown`` are the
        item's version and digest when it was looked at: of an item that has changed since nothing is decided. ``spans``
        says where in the source the person found what is in a field, by its path; the log keeps it. With
        ``undo_seconds`` the answer can be taken back for that long before it counts. ``link`` is what is kept of a
        signed link that answers: one that was used answers no more.

        Raises:
            AnswerRefused: it fails a guard that ``despite`` does not name.
            ReviewConflict: the item has changed, is decided or closed, or somebody else has it.
            NotAllowed: a rule of the item forbids that this person answers it.
            ReviewError: the answer does not fit.
        """
        row = self._item_to_answer(item, by, "decide")
        move = moves.decide(
            row, value, by=by, now=self.now(), version=version, shown=shown, note=note, despite=despite, spans=spans,
            undo_seconds=undo_seconds,
        )  # fmt: skip
        checked = await self._checked(row, value)
        failed = (*(() if checked is None else checked.failed), *self._known(row, value, checked))
        if refused := answers.unconfirmed(failed, despite):
            raise AnswerRefused(item=item, verdicts=refused, said=answers.in_words(refused))
        if checked is not None:  # what passes was not overruled; where nothing was checked, the run will tell
            stands_against = tuple(dict.fromkeys(verdict.guard for verdict in failed))
            move = moves.decide(
                row, value, by=by, now=move.now, note=note, despite=stands_against, spans=spans,
                undo_seconds=undo_seconds,
            )  # fmt: skip
        return await self._move(move._replace(link=link))

    async def objections(self, item: int, value: object) -> "Sequence[Verdict] | None":
        """Return what the guards have against an answer; None when nothing is known that could tell.

        Of a suggestion taken as it is, it is known what failed when it was made: guards that ask a model are not asked
        again.

        Raises:
            ReviewError: there is no such item, or the answer does not fit its type.
        """
        row = self.plain_review(item)
        checked = await self._checked(row, value)
        known = self._known(row, value, checked)
        return known or None if checked is None else (*checked.failed, *known)

    async def _checked(self, item: "ReviewItem", value: object) -> "Checked | None":
        return None if self._check is None else await self._check.checked(item, value)

    def _known(self, item: "ReviewItem", value: object, checked: "Checked | None") -> "tuple[Verdict, ...]":
        if not answers.is_suggestion(item, value):
            return ()
        said = self.review(item.id).said
        asked = frozenset[str]() if checked is None else checked.asked
        return () if said is None else tuple(each for each in said.forbids if each.guard not in asked)

    async def undo(self, item: int, *, by: str) -> "ReviewItem":
        """Take back one's own answer: within its undo window, or of the last minutes if its run has not read it.

        The item is one's own again.

        Raises:
            ReviewError: its run has gone on with it, it is too old, or it is not this person's.
        """
        return await self._move(moves.undo(self._item_for(item, by, "undo"), by=by, now=self.now()))

    async def commit(self, item: int, *, by: str) -> "ReviewItem":
        """Let one's own answer count at once, without the rest of its undo window; one that counts is left as it is.

        Raises:
            ReviewError: it waits, and is not this person's; or this person has no answer there, or none any more.
        """
        row = self._item_for(item, by, "decide")
        move = moves.commit(row, now=self.now(), by=by)
        if move is not None:
            return await self._move(move)
        if row.state == "pending":
            raise ReviewError(f"review item {item}: only {row.lease_owner} may let that answer count before its time")
        has_answered = row.decided_by == moves.actor(by) or by in {each.by for each in row.answers}
        if row.state in {"cancelled", "expired"} or not has_answered:
            raise ReviewError(f"review item {item} is {row.state}: there is no answer by {by} that counts or could")
        return row

    async def skip(self, item: int, *, by: str, note: str | None = None) -> "ReviewItem":
        """Give an item back for somebody else; ``next_review`` offers it to this person last.

        Raises:
            ReviewError: somebody else has it, or it is decided or closed.
        """
        return await self._move(moves.skip(self._item_for(item, by, "skip"), by=by, now=self.now(), note=note))

    async def release(self, item: int, *, by: str) -> "ReviewItem":
        """Give back an item that this person has taken, as if they had never looked at it.

        Raises:
            ReviewError: this person does not have it.
        """
        return await self._move(moves.release(self._item_for(item, by, "release"), by=by, now=self.now()))

    async def snooze(self, item: int, *, by: str, until: float, note: str | None = None) -> "ReviewItem":
        """Put an item away until a time, in seconds since the epoch; nobody is offered it before.

        Raises:
            ReviewError: somebody else has it, it is decided or closed, or the time is past or over 400 days ahead.
        """
        row = self._item_for(item, by, "snooze")
        return await self._move(moves.snooze(row, by=by, until=until, now=self.now(), note=note))

    async def assign(self, item: int, *, by: str, to: str | None, note: str | None = None) -> "ReviewItem":
        """Give an item to one person, or to whoever comes (None); it is taken from whoever has it.

        Raises:
            ReviewError: it is decided or closed.
            NotAllowed: a rule of the item forbids that this person answers it.
        """
        row = self._item_for(item, by, "assign")
        if to is not None:
            self._item_to_answer(item, to, "decide")
        return await self._move(moves.assign(row, by=by, to=to, now=self.now(), note=note))

    async def send_up(self, item: int, *, by: str, code: "moves.SendUpCode", note: str | None = None) -> "ReviewItem":
        """Hand an item to the next tier, with the reason; it keeps its number and is open again.

        Raises:
            ReviewError: somebody else has it, it is decided or closed, or the reason is unknown.
        """
        return await self._move(
            moves.send_up(self._item_for(item, by, "send_up"), by=by, code=code, now=self.now(), note=note)
        )

    async def add_note(self, item: int, *, by: str, text: str) -> "ReviewItem":
        """Say something about an item for whoever looks at it next.

        Raises:
            ReviewError: the note is empty.
        """
        return await self._move(moves.add_note(self._item_for(item, by, "note"), by=by, text=text, now=self.now()))

    def views(self, *, by: str) -> list[tuple[str, str]]:
        """Return a person's views of lists, by name: (name, query)."""
        return self._open_store.views(by)

    async def put_view(self, name: str, query: str, *, by: str) -> None:
        """Keep a view of a list under a name, for this person; an empty query drops it.

        Raises:
            ReviewError: it has no name, or there are too many.
        """
        moves.check_person(by)
        people.acting(self._open_store, by)
        checked_texts(name=name, query=query)
        if not name.strip() or len(name) > LONGEST_VIEW_NAME or len(query) > LONGEST_VIEW:
            raise ReviewError(f"a view needs a name of at most {LONGEST_VIEW_NAME} characters, and a short query")
        await self._writer.ask(kept_settings.PutView(by, name.strip(), query))

    async def fire_timers(self) -> int:
        """Do what time does to items: let answers count, and let the policies for what is late fire; returns how many.

        Every worker does so by itself, at the moment at which a timer is over.
        """
        fired = await timers.fire(self._open_store, self._writer.ask, self.now())
        if fired:
            self._ring()
        return fired

    def _item_for(self, item: int, by: str, action: "ItemAction") -> "ReviewItem":
        """Return an item to which a person may do something; every door comes by here.

        Raises:
            UnknownItem: there is none with this number.
            NotAllowed: the store knows people, and this one's role does not allow it.
        """
        return self._item_and_person(item, by, action)[0]

    def _item_to_answer(self, item: int, by: str, action: "ItemAction") -> "ReviewItem":
        """Return an item that its own rules let a person answer: who asked for it, who answered before.

        Raises:
            UnknownItem: there is none with this number.
            NotAllowed: the person's role or a rule of the item does not allow it.
        """
        row, person = self._item_and_person(item, by, action)
        self._must_be_for(row, by, person)
        return row

    def _item_and_person(self, item: int, by: str, action: "ItemAction") -> "tuple[ReviewItem, Person | None]":
        moves.check_person(by)
        row = self.plain_review(item)
        person = people.acting(self._open_store, by)
        permission.check(person, action, row)
        return row, person

    def _must_be_for(self, item: "ReviewItem", by: str, person: "Person | None") -> None:
        before = self._open_store.answered_others(item.id) if item.rules.not_previous_reviewer else ()
        if problem := eligibility.not_for(item, by, before=before, groups=None if person is None else person.groups):
            raise NotAllowed(problem)

    async def _move(self, change: "MoveReview") -> "ReviewItem":
        sets_timer = change.answer is not None or change.decision is not None or change.action == "undo"
        moved: ReviewRow = await (self._change(change) if sets_timer else self._writer.ask(change))
        return recorded.review_item(moved)
