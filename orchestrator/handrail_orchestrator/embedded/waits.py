"""Waiting: a row in the store and an unwound workflow, for people, timers, events and child runs."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted
from handrail_guards.verdict import Verdict
from handrail_orchestrator import asked
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.embedded.detaching import started_detached
from handrail_orchestrator.embedded.library import BoundJudge, BoundWorkflow
from handrail_orchestrator.embedded.open_waits import OpenWaits, wait_expired
from handrail_orchestrator.embedded.records import failure, verdicts_json
from handrail_orchestrator.embedded.wording import Wording, blind
from handrail_orchestrator.errors import Declined, Misuse, NotStorable, ReviewError
from handrail_orchestrator.records.reading import despite_unread, review_item
from handrail_orchestrator.review.answers import in_words, unconfirmed
from handrail_orchestrator.review.defaults import require_defaults
from handrail_orchestrator.review.late import reopened
from handrail_orchestrator.step import check_name
from handrail_orchestrator.store.changes import AskedItem, OpenWait, ReadAnswer, RecordStep, ReopenWait
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rows import APPROVE, AUDIT, EventRow, ReviewState, StepRow
from handrail_orchestrator.store.running import OpenKeyedWait
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.unmarking import plain

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec

_log = logging.getLogger("handrail.steps")

APPROVAL = "approval"
"""What the name of a step's approval ends with, after the step's."""


class Waits(OpenWaits):
    """The waits of one run in one execution: how each is opened, and what it gives once it is over."""

    # -- people

    def audit(self, bound: BoundJudge, outcome: Accepted[Any], row: StepRow) -> AskedItem:
        """Return the question about an accepted value that was drawn: nobody waits for its answer."""
        asks = blind(AUDIT, bound, outcome.judgement, row.input or "null")
        escalation = replace(bound.audits, when_late="keep_waiting")
        return asks.item(self.key, f"{row.name}/{AUDIT}", escalation, self.equipment.clock.now())

    async def ask(
        self, name: str, own_name: str, codec: "Codec[Any]", title: str, context: str, escalation: Escalation
    ) -> Any:
        """Return what a person answered to a question of the workflow, or ask and wait.

        Raises:
            HistoryMismatch: another question is recorded under this name.
        """
        wanted = asked.question(title, context, codec.form)
        row = self.history.find(name, "human")
        if row is None:
            check_name(own_name)  # only now: older versions let any name pass, and have runs that wait under it
        elif not self.matching.call(row, wanted, but="answer"):
            if row.status == "waiting":
                await self._reopen(row, "the form of the answer has changed", codec.json_schema_text(), wanted)
                raise self.suspend(row)
            if row.status == "done" and _fits(codec, row.output):
                raise self.matching.another(row, wanted)
        return await self.answer(
            name,
            codec,
            lambda: Wording(
                kind="ask",
                title=title,
                code="asked",
                reason="the workflow asks",
                schema=codec.json_schema_text(),
                context=context,
            ),
            escalation,
            wanted=wanted,
        )

    async def approval(self, step: str, arguments: str, escalation: Escalation) -> None:
        """Return once people have said yes to the execution of a step with these arguments, or ask and wait.

        Raises:
            Declined: they said no.
            HistoryMismatch: they were asked about other arguments; not even a later version may use that answer.
        """
        name, codec = f"{step}/{APPROVAL}", codec_for(bool, where=f"the approval of {step!r}")
        title = f"Execute {step} with these arguments?"
        wanted = asked.question(title, arguments, codec.form)
        row = self.history.find(name, "human")
        if row is not None and [*asked.differing(row.input or "{}", wanted)]:
            raise self.matching.another(row, wanted)

        def asks() -> Wording:
            return Wording(
                kind=APPROVE,
                title=title,
                code="approval",
                reason=f"{step} is executed only when people say yes",
                schema=codec.json_schema_text(),
                context=arguments,
            )

        if not await self.answer(name, codec, asks, escalation, wanted=wanted):
            row = self.history.find(name, "human")
            raise Declined(step=step, by=(row.decided_by if row is not None else None) or "somebody")

    async def answer(
        self,
        name: str,
        codec: "Codec[Any]",
        asks: Callable[[], Wording],
        escalation: Escalation,
        objections: Callable[[Any], Sequence[Verdict]] = lambda _: (),
        wanted: str | None = None,
    ) -> Any:
        """Return what a person answered, or ask and wait.

        An answer is held to the guards once, when its run reads it first; one that fails a guard without being
        confirmed against it opens its question again.
        """
        if self.before_answer is not None:
            self.before_answer(name, codec)
        row = self.history.find(name, "human")
        if row is None:
            now = self.equipment.clock.now()
            review = asks().item(self.key, name, escalation, now, self.due_hours)
            require_defaults(f"{name!r}", escalation, codec)
            row = self.new_row(name, "human", due=review.due if review.late else None, wanted=wanted)
            self.write(OpenWait(row, review=review))
            self._note_timer(review.timer)
        if row.status == "waiting":
            raise self.suspend(row)
        self.tell(row)
        if row.status == "failed":
            raise wait_expired(row)
        try:
            value = codec.decode(row.output or "")
        except NotStorable as problem:
            if self.matching.strict:
                raise self.matching.another(row, wanted or row.input or "{}") from problem
            note = f"the answer does not fit any more: {problem.problem}"
            await self._reopen(row, note, codec.json_schema_text(), wanted)
            raise self.suspend(row) from problem
        if (despite := despite_unread(row.verdicts)) is not None:
            failed = objections(value)
            if refused := unconfirmed(failed, despite):
                answered = json.dumps(plain(row.output or "null"), ensure_ascii=False)
                await self._reopen(row, f"{row.decided_by} answered {answered}, which fails {in_words(refused)}")
                raise self.suspend(row)
            self.write(ReadAnswer(row.run, row.name, verdicts_json(failed)))
        return value

    async def _reopen(self, row: StepRow, note: str, schema: str | None = None, wanted: str | None = None) -> None:
        """Ask again, with what is left of the policies for when it is late; a person may have been faster."""
        states: tuple[ReviewState, ...] = ("open", "leased") if row.status == "waiting" else ("decided",)
        query = ReviewQuery(states=states, run_id=self.run_id, step=row.name, limit=1)
        item = next(iter(self.equipment.store.reviews(query)), None)
        if item is None:
            return
        change = reopened(review_item(item), self.equipment.clock.now(), note=note, schema=schema, asked=wanted)
        try:
            await self.equipment.writer.ask(change)
        except ReviewError:
            return
        self._note_timer(change.sets.get("timer"))

    def _note_timer(self, timer: float | None) -> None:
        if timer is not None:
            self.item_timer = timer if self.item_timer is None else min(timer, self.item_timer)

    # -- timers, events, child runs

    async def timer(self, name: str, wanted: str, due_at: Callable[[], float]) -> None:
        """Return once the time has come."""
        row = self.history.find(name, "timer")
        if row is None:
            row = self.new_row(name, "timer", due=due_at(), wanted=wanted)
            if (row.due or 0.0) > self.equipment.clock.now():
                self.write(OpenWait(row))
        else:
            self.matching.call(row, wanted)
        if row.status == "done":
            return
        now = self.equipment.clock.now()
        if (row.due or 0.0) > now:
            raise self.suspend(row)
        over = row._replace(status="done", ended=now)
        self.write(RecordStep(over))
        self.tell(over)

    async def event(
        self, name: str, event_name: str, codec: "Codec[Any]", within: timedelta | None, key: str | None = None
    ) -> Any:
        """Return the payload of the next event of a name that fits the type; others are left where they are."""
        wanted = asked.event(event_name, codec.form, within, key=key)
        row = self.history.find(name, "event")
        if row is None and "#" in event_name:
            raise Misuse(f"event {event_name!r}: a name with '#' could be taken for a second wait; leave it out")
        same = row is None or self.matching.call(row, wanted, but="payload")
        if row is not None and row.status == "failed":
            raise wait_expired(row)
        if row is not None and row.status == "done":
            try:
                return codec.decode(row.output or "", given=not same)
            except NotStorable as problem:
                if not same:
                    raise self.matching.another(row, wanted) from problem
                row = self._never_fitted(row, wanted, problem)
        return self._next_event(row, name, event_name, codec, within, key, wanted)

    def _next_event(
        self, row: StepRow | None, name: str, event_name: str, codec: "Codec[Any]", within: timedelta | None,
        key: str | None, wanted: str,
    ) -> Any:  # fmt: skip
        """Take the next event that fits, or wait for it."""
        now = self.equipment.clock.now()
        due = None if within is None else now + within.total_seconds()
        waiting = row or self.new_row(name, "event", due=due, wanted=wanted)
        kept = self.history.waiting_events(event_name if key is None else asked.keyed_name(event_name, key))
        for found in kept:
            try:
                value = codec.decode(found.payload, given=True)
            except NotStorable as problem:
                self._skip(name, found, problem)
                continue
            self.history.take_event(found)
            taken = asked.event(event_name, codec.form, within, found.number, key=key)
            over = waiting._replace(status="done", ended=now, input=taken, output=found.payload)
            self.write(RecordStep(over))
            self.tell(over)
            return value
        if row is not None and row.due is not None and row.due <= now:
            raise self.expire(row, f"no event {event_name!r} came in time")
        if row is None or (key is not None and kept):  # what it was given did not fit: the next one may
            self.write(OpenWait(waiting) if key is None else OpenKeyedWait(waiting, event_name, key))
        raise self.suspend(waiting)

    def _never_fitted(self, row: StepRow, wanted: str, problem: NotStorable) -> StepRow:
        """Wait anew for an event in place of one that was taken without a look at its type, as older versions did."""
        if row.input is not None and not row.input.startswith("["):
            raise problem
        if self.matching.strict:
            raise self.matching.another(row._replace(input=wanted), wanted) from problem
        _log.warning("event set aside, the run waits for another: %s", problem, extra=self.ids(row.name))
        anew = row._replace(status="waiting", ended=None, output=None, input=wanted)
        self.write(ReopenWait(anew))
        return anew

    def _skip(self, name: str, event: EventRow, problem: NotStorable) -> None:
        message = "event %r number %d was not taken, the run goes on waiting: %s"
        _log.warning(message, event.name, event.number, problem.problem, extra=self.ids(name))

    async def child(self, name: str, bound: BoundWorkflow, encoded: str, run_id: str, policy: str = "wait") -> Any:
        """Return the result of a child run, or, of one that is not waited for, its id."""
        workflow = bound.workflow
        row = self.history.find(name, "child")
        if row is None:
            now = self.equipment.clock.now()
            if (rolling := self.equipment.rolling) is not None and workflow.rollout is not None:
                workflow = rolling.version_for(workflow, run_id, bound.input.decode(encoded))
            deadline = None if workflow.deadline_seconds is None else now + workflow.deadline_seconds
            row = self.new_row(name, "child")._replace(input=encoded, owner=run_id)
            start = StartRun(
                run_id, workflow.name, workflow.version, encoded, workflow.code, now, deadline,
                parent=self.key, parent_step=name,
            )  # fmt: skip
            if (telemetry := self.equipment.telemetry) is not None:
                start = start._replace(trace=telemetry.started(start))
            self.started_child = True
            if policy == "wait":
                self.write(OpenWait(row, child=start))
                raise self.suspend(row)
            await self.settled()
            row = await started_detached(self.equipment, row, start, policy)
        if row.status == "waiting":
            raise self.suspend(row)
        self.tell(row)
        if row.status == "failed":
            raise failure(row)
        if policy != "wait":
            return json.loads(row.output or "null")
        return bound.output.decode(row.output or "")


def _fits(codec: "Codec[Any]", answer: str | None) -> bool:
    try:
        codec.decode(answer or "")
    except NotStorable:
        return False
    return True
