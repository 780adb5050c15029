"""Waiting: a row in the store and an unwound workflow, for people, timers, events and child runs."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted
from handrail_guards.verdict import Verdict
from handrail_orchestrator import asked
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.embedded.detaching import started_detached
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.library import BoundJudge, BoundWorkflow
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.embedded.records import failure, verdicts_json
from handrail_orchestrator.embedded.settings import Equipment
from handrail_orchestrator.embedded.wording import Wording, blind
from handrail_orchestrator.errors import Declined, Misuse, NotStorable, ReviewError, WaitExpired
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.reading import despite_unread, review_item
from handrail_orchestrator.review.answers import in_words, unconfirmed
from handrail_orchestrator.review.defaults import require_defaults
from handrail_orchestrator.review.late import reopened
from handrail_orchestrator.step import StepKind, check_name
from handrail_orchestrator.store.changes import AskedItem, Change, OpenWait, ReadAnswer, RecordStep, ReopenWait
from handrail_orchestrator.store.port import ReviewQuery
from handrail_orchestrator.store.rows import APPROVE, AUDIT, DUE, EventRow, ReviewState, StepRow
from handrail_orchestrator.store.running import OpenKeyedWait
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.suspension import Suspended
from handrail_orchestrator.unmarking import plain

if TYPE_CHECKING:
    import weakref

    from handrail_orchestrator.codec import Codec
    from handrail_orchestrator.dueness import DueHours

_log = logging.getLogger("handrail.steps")

APPROVAL = "approval"
"""What the name of a step's approval ends with, after the step's."""
PAUSED = "(paused)"
"""What a run waits for whose workflow is paused; no step has such a name."""


class Recorder(Protocol):
    """The run that waits, as far as its waits know it."""

    def write(self, change: Change) -> None:
        """Put a change on its way to the store."""
        ...

    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk."""
        ...

    def withdrawn(self, names: Sequence[str]) -> None:
        """Wait no more for these."""
        ...


class Waits:
    """The waits of one run in one execution."""

    def __init__(
        self,
        key: int,
        run_id: str,
        history: History,
        matching: Matching,
        equipment: Equipment,
        run: "weakref.ref[Recorder]",
    ) -> None:
        self.open: dict[str, float | None] = {}
        """Waits that this execution ran into, with when each is due."""
        self.backs_off_until: float | None = None
        """When the last of its steps that failed is tried again, if it waits for that."""
        self.item_timer: float | None = None
        """When the first timer of the questions that it asked is over."""
        self.started_child = False
        self.wanted_at: list[str | None] = []
        """The queues of workers that its next steps need; None among them: of any other worker."""
        self.told: Callable[[StepRow], None] | None = None
        """Who is told of waits that are over; None: nobody."""
        self.due_hours: DueHours | None = None
        """What says when a question is due by what it asks; None: its escalation alone does."""
        self.is_held = False
        """Whether it waits for a system that is down: its deadline stands still."""
        self.before_answer: Callable[[str, Codec[Any]], None] | None = None
        """What a replay that seeks a question does before each of them."""
        self._key = key
        self._run_id = run_id
        self._history = history
        self._matching = matching
        self._equipment = equipment
        self._run = run
        """Weak, or each ended run would be a cycle and keep the garbage collector busy."""

    def _write(self, change: Change) -> None:
        run = self._run()
        assert run is not None  # noqa: S101 -- it is what waits
        run.write(change)

    async def _settled(self) -> None:
        run = self._run()
        assert run is not None  # noqa: S101 -- it is what waits
        await run.settled()

    # -- people

    def audit(self, bound: BoundJudge, outcome: Accepted[Any], row: StepRow) -> AskedItem:
        """Return the question about an accepted value that was drawn: nobody waits for its answer."""
        asks = blind(AUDIT, bound, outcome.judgement, row.input or "null")
        escalation = replace(bound.audits, when_late="keep_waiting")
        return asks.item(self._key, f"{row.name}/{AUDIT}", escalation, self._equipment.clock.now())

    async def ask(
        self, name: str, own_name: str, codec: "Codec[Any]", title: str, context: str, escalation: Escalation
    ) -> Any:
        """Return what a person answered to a question of the workflow, or ask and wait.

        Raises:
            HistoryMismatch: another question is recorded under this name.
        """
        wanted = asked.question(title, context, codec.form)
        row = self._history.find(name, "human")
        if row is None:
            check_name(own_name)  # only now: older versions let any name pass, and have runs that wait under it
        elif not self._matching.call(row, wanted, but="answer"):
            if row.status == "waiting":
                await self._reopen(row, "the form of the answer has changed", codec.json_schema_text(), wanted)
                raise self._suspend(row)
            if row.status == "done" and _fits(codec, row.output):
                raise self._matching.another(row, wanted)
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
        row = self._history.find(name, "human")
        if row is not None and [*asked.differing(row.input or "{}", wanted)]:
            raise self._matching.another(row, wanted)

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
            row = self._history.find(name, "human")
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
        row = self._history.find(name, "human")
        if row is None:
            now = self._equipment.clock.now()
            review = asks().item(self._key, name, escalation, now, self.due_hours)
            require_defaults(f"{name!r}", escalation, codec)
            row = self._row(name, "human", due=review.due if review.late else None, wanted=wanted)
            self._write(OpenWait(row, review=review))
            self._note_timer(review.timer)
        if row.status == "waiting":
            raise self._suspend(row)
        self._tell(row)
        if row.status == "failed":
            raise _expired(row)
        try:
            value = codec.decode(row.output or "")
        except NotStorable as problem:
            if self._matching.strict:
                raise self._matching.another(row, wanted or row.input or "{}") from problem
            note = f"the answer does not fit any more: {problem.problem}"
            await self._reopen(row, note, codec.json_schema_text(), wanted)
            raise self._suspend(row) from problem
        if (despite := despite_unread(row.verdicts)) is not None:
            failed = objections(value)
            if refused := unconfirmed(failed, despite):
                answered = json.dumps(plain(row.output or "null"), ensure_ascii=False)
                await self._reopen(row, f"{row.decided_by} answered {answered}, which fails {in_words(refused)}")
                raise self._suspend(row)
            self._write(ReadAnswer(row.run, row.name, verdicts_json(failed)))
        return value

    async def _reopen(self, row: StepRow, note: str, schema: str | None = None, wanted: str | None = None) -> None:
        """Ask again, with what is left of the policies for when it is late; a person may have been faster."""
        states: tuple[ReviewState, ...] = ("open", "leased") if row.status == "waiting" else ("decided",)
        query = ReviewQuery(states=states, run_id=self._run_id, step=row.name, limit=1)
        item = next(iter(self._equipment.store.reviews(query)), None)
        if item is None:
            return
        change = reopened(review_item(item), self._equipment.clock.now(), note=note, schema=schema, asked=wanted)
        try:
            await self._equipment.writer.ask(change)
        except ReviewError:
            return
        self._note_timer(change.sets.get("timer"))

    def _note_timer(self, timer: float | None) -> None:
        if timer is not None:
            self.item_timer = timer if self.item_timer is None else min(timer, self.item_timer)

    # -- timers, events, child runs

    async def timer(self, name: str, wanted: str, due_at: Callable[[], float]) -> None:
        """Return once the time has come."""
        row = self._history.find(name, "timer")
        if row is None:
            row = self._row(name, "timer", due=due_at(), wanted=wanted)
            if (row.due or 0.0) > self._equipment.clock.now():
                self._write(OpenWait(row))
        else:
            self._matching.call(row, wanted)
        if row.status == "done":
            return
        now = self._equipment.clock.now()
        if (row.due or 0.0) > now:
            raise self._suspend(row)
        over = row._replace(status="done", ended=now)
        self._write(RecordStep(over))
        self._tell(over)

    async def event(
        self, name: str, event_name: str, codec: "Codec[Any]", within: timedelta | None, key: str | None = None
    ) -> Any:
        """Return the payload of the next event of a name that fits the type; others are left where they are."""
        wanted = asked.event(event_name, codec.form, within, key=key)
        row = self._history.find(name, "event")
        if row is None and "#" in event_name:
            raise Misuse(f"event {event_name!r}: a name with '#' could be taken for a second wait; leave it out")
        same = row is None or self._matching.call(row, wanted, but="payload")
        if row is not None and row.status == "failed":
            raise _expired(row)
        if row is not None and row.status == "done":
            try:
                return codec.decode(row.output or "")
            except NotStorable as problem:
                if not same:
                    raise self._matching.another(row, wanted) from problem
                row = self._never_fitted(row, wanted, problem)
        return self._next_event(row, name, event_name, codec, within, key, wanted)

    def _next_event(
        self, row: StepRow | None, name: str, event_name: str, codec: "Codec[Any]", within: timedelta | None,
        key: str | None, wanted: str,
    ) -> Any:  # fmt: skip
        """Take the next event that fits, or wait for it."""
        now = self._equipment.clock.now()
        due = None if within is None else now + within.total_seconds()
        waiting = row or self._row(name, "event", due=due, wanted=wanted)
        kept = self._history.waiting_events(event_name if key is None else asked.keyed_name(event_name, key))
        for found in kept:
            try:
                value = codec.decode(found.payload)
            except NotStorable as problem:
                self._skip(name, found, problem)
                continue
            self._history.take_event(found)
            taken = asked.event(event_name, codec.form, within, found.number, key=key)
            over = waiting._replace(status="done", ended=now, input=taken, output=found.payload)
            self._write(RecordStep(over))
            self._tell(over)
            return value
        if row is not None and row.due is not None and row.due <= now:
            raise self._expire(row, f"no event {event_name!r} came in time")
        if row is None or (key is not None and kept):  # what it was given did not fit: the next one may
            self._write(OpenWait(waiting) if key is None else OpenKeyedWait(waiting, event_name, key))
        raise self._suspend(waiting)

    def _never_fitted(self, row: StepRow, wanted: str, problem: NotStorable) -> StepRow:
        """Wait anew for an event in place of one that was taken without a look at its type, as older versions did."""
        if row.input is not None and not row.input.startswith("["):
            raise problem
        if self._matching.strict:
            raise self._matching.another(row._replace(input=wanted), wanted) from problem
        _log.warning("event set aside, the run waits for another: %s", problem, extra=self._ids(row.name))
        anew = row._replace(status="waiting", ended=None, output=None, input=wanted)
        self._write(ReopenWait(anew))
        return anew

    def _skip(self, name: str, event: EventRow, problem: NotStorable) -> None:
        message = "event %r number %d was not taken, the run goes on waiting: %s"
        _log.warning(message, event.name, event.number, problem.problem, extra=self._ids(name))

    async def child(self, name: str, bound: BoundWorkflow, encoded: str, run_id: str, policy: str = "wait") -> Any:
        """Return the result of a child run, or, of one that is not waited for, its id."""
        workflow = bound.workflow
        row = self._history.find(name, "child")
        if row is None:
            now = self._equipment.clock.now()
            if (rolling := self._equipment.rolling) is not None and workflow.rollout is not None:
                workflow = rolling.version_for(workflow, run_id, bound.input.decode(encoded))
            deadline = None if workflow.deadline_seconds is None else now + workflow.deadline_seconds
            row = self._row(name, "child")._replace(input=encoded, owner=run_id)
            start = StartRun(
                run_id, workflow.name, workflow.version, encoded, workflow.code, now, deadline,
                parent=self._key, parent_step=name,
            )  # fmt: skip
            if (telemetry := self._equipment.telemetry) is not None:
                start = start._replace(trace=telemetry.started(start))
            self.started_child = True
            if policy == "wait":
                self._write(OpenWait(row, child=start))
                raise self._suspend(row)
            await self._settled()
            row = await started_detached(self._equipment, row, start, policy)
        if row.status == "waiting":
            raise self._suspend(row)
        self._tell(row)
        if row.status == "failed":
            raise failure(row)
        if policy != "wait":
            return json.loads(row.output or "null")
        return bound.output.decode(row.output or "")

    # -- steps that are tried again later

    def back_off(self, row: StepRow) -> Suspended:
        """Wait until a step that failed is to be tried again, without a place in this process."""
        self.backs_off_until = max(row.due or 0.0, self.backs_off_until or 0.0)
        return self._suspend(row)

    def hold(self, step: str, system: str) -> Suspended:
        """Wait until a system is back, without a place in this process; the store knows, and wakes the run."""
        self.is_held = True
        self.open[f"{step} (system {system})"] = None
        return Suspended(step)

    def rest(self) -> Suspended:
        """Wait until the workflow is resumed, due at once then, without a place in this process."""
        self.open[PAUSED] = DUE
        return Suspended(PAUSED)

    # -- all of them

    def open_until(self) -> list[float]:
        """Return when those waits are due that are due at any time."""
        return [due for due in self.open.values() if due is not None]

    def _row(self, name: str, kind: StepKind, *, due: float | None = None, wanted: str | None = None) -> StepRow:
        now = self._equipment.clock.now()
        return StepRow(self._key, name, self._history.take_seq(), kind, "waiting", queued=now, due=due, input=wanted)

    def _tell(self, row: StepRow) -> None:
        if self.told is not None:
            self.told(row)

    def _ids(self, name: str) -> dict[str, str]:
        return {"run": self._run_id, "step": name}

    def _suspend(self, row: StepRow) -> Suspended:
        self.open[row.name] = None if row.kind == "human" else row.due  # whoever is alive fires what is late
        return Suspended(row.name)

    def _expire(self, row: StepRow, message: str) -> WaitExpired:
        now = self._equipment.clock.now()
        error = RecordedError("WaitExpired", message).text()
        expired = row._replace(status="failed", ended=now, error=error, decided_by="policy:fail")
        self._write(RecordStep(expired))
        self._tell(expired)
        return _expired(expired)


def _fits(codec: "Codec[Any]", answer: str | None) -> bool:
    try:
        codec.decode(answer or "")
    except NotStorable:
        return False
    return True


def _expired(row: StepRow) -> WaitExpired:
    return WaitExpired(step=row.name, message=RecordedError.read(row.error or "{}").message)
