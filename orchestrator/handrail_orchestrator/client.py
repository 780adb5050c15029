"""A store without executing: look at runs, answer questions, send events, cancel, retry, fork, prune."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from handrail_ground.optional import LaterModule
from handrail_orchestrator.clock import Clock, SystemClock
from handrail_orchestrator.control.bulk import Bulk
from handrail_orchestrator.control.forgetting import Forgetting
from handrail_orchestrator.errors import Misuse, StoreError
from handrail_orchestrator.given_time import checked_span, is_above_zero
from handrail_orchestrator.operating import RunOperating, sendable
from handrail_orchestrator.promising.desk import PromiseDesk
from handrail_orchestrator.rollout.desk import RolloutDesk
from handrail_orchestrator.statistics.recording import Measuring
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.address_text import is_server
from handrail_orchestrator.store_clock import StoreClock
from handrail_orchestrator.texts import checked_keys, checked_new_id, checked_texts
from handrail_orchestrator.triggers.board import TriggerBoard

if TYPE_CHECKING:
    from handrail_orchestrator import keeping
    from handrail_orchestrator import people as persons
    from handrail_orchestrator.embedded import writer as writing
    from handrail_orchestrator.embedded.checking import AnswerCheck
    from handrail_orchestrator.embedded.writer import Writer
    from handrail_orchestrator.file import File, HasFileId
    from handrail_orchestrator.keeping import FileSource
    from handrail_orchestrator.notices import outbox as outboxes
    from handrail_orchestrator.notices.outbox import NoticeOutbox
    from handrail_orchestrator.people import People
    from handrail_orchestrator.records import health as healths
    from handrail_orchestrator.records.health import Health
    from handrail_orchestrator.review import moves
    from handrail_orchestrator.store import changes, files, kept_settings, rows
    from handrail_orchestrator.store.changes import Change
    from handrail_orchestrator.store.files import FileRow
    from handrail_orchestrator.store.port import Store
    from handrail_orchestrator.store.rows import RunStatus
    from handrail_orchestrator.store.starts import Started
    from handrail_orchestrator.workflow import AnyWorkflow
else:
    writing = LaterModule("handrail_orchestrator.embedded.writer")
    keeping = LaterModule("handrail_orchestrator.keeping")
    outboxes = LaterModule("handrail_orchestrator.notices.outbox")
    persons = LaterModule("handrail_orchestrator.people")
    healths = LaterModule("handrail_orchestrator.records.health")
    moves = LaterModule("handrail_orchestrator.review.moves")
    changes = LaterModule("handrail_orchestrator.store.changes")
    files = LaterModule("handrail_orchestrator.store.files")
    kept_settings = LaterModule("handrail_orchestrator.store.kept_settings")
    rows = LaterModule("handrail_orchestrator.store.rows")

PRUNE_AT_ONCE = 500
"""Runs deleted in one transaction, so that others can write in between."""


SWEPT_AT_ONCE = 16
"""Parts of files removed in one transaction."""


class ClientParts(NamedTuple):
    """What a client works with while it is open."""

    store: "Store"
    writer: "Writer"
    check: "AnswerCheck | None" = None
    """Holds answers to the guards of workflows whose code is known."""


class Client(RunOperating, Bulk, Forgetting, TriggerBoard, RolloutDesk, PromiseDesk, Measuring):
    """Reaches the runs of a store from any process; whoever executes them is told at once.

    Use it as ``async with Client("sqlite:///runs.db") as client``.

    Raises:
        StoreError: the store cannot be opened (when entered); see its subclasses.
    """

    def __init__(self, store: "str | Store", *, clock: Clock | None = None, create: bool = False) -> None:
        self._address = store
        self._clock = clock or (StoreClock() if isinstance(store, str) and is_server(store) else SystemClock())
        self._rings = False
        """Whether who executes runs is about to be told that there is something to do."""
        self._create = create
        self._entered: ClientParts | None = None

    async def __aenter__(self) -> Self:
        """Open the store.

        Raises:
            Misuse: it is open already.
        """
        if self._entered is not None:
            name = type(self).__name__
            raise Misuse(f"this {name} is open already: enter its block once, or make another {name} on the store")
        self._entered = self._opened(self._address)
        return self

    def _opened(self, address: "str | Store") -> ClientParts:
        """Open what this client works with."""
        store = open_store(address, create=self._create, reading=True) if isinstance(address, str) else address
        if isinstance(self._clock, StoreClock):
            self._clock.follow(store)
        writer = writing.Writer(store, writing.Host())
        writer.begin()
        return ClientParts(store, writer)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        if self._entered is not None:
            store, writer = self._entered.store, self._entered.writer
            self._ring_now()
            self._entered = None
            try:
                await writer.close()
            finally:
                if isinstance(self._address, str):
                    store.close()

    def now(self) -> float:
        """Return the time by this client's clock, or by that of the server where the store is on one."""
        if isinstance(self._clock, StoreClock):
            self._clock.look()
        return self._clock.now()

    @property
    def _open_store(self) -> "Store":
        return self._parts.store

    @property
    def _parts(self) -> ClientParts:
        if self._entered is None:
            raise Misuse(
                f"use this {type(self).__name__} inside its block: async with {type(self).__name__}(...) as name:"
            )
        return self._entered

    @property
    def _writer(self) -> "Writer":
        """Return what writes; refused at once while the store is locked, as nothing has begun."""
        parts = self._parts
        parts.store.prepare_to_write()
        return parts.writer

    async def _change(self, change: "Change") -> Any:
        """Write, then tell whoever executes runs."""
        reply = await self._writer.ask(change)
        self._ring()
        return reply

    async def _change_quietly(self, change: "Change") -> Any:
        """Write what makes no run due."""
        return await self._writer.ask(change)

    def _ring(self) -> None:
        """Ring for all that is written in this turn of the event loop at once."""
        if not self._rings:
            self._rings = True
            asyncio.get_running_loop().call_soon(self._ring_now)

    def _ring_now(self) -> None:
        if self._rings and self._entered is not None:
            with suppress(StoreError):  # what is due is found without it, only later
                self._entered.store.ring()
        self._rings = False

    # -- runs

    async def send(
        self, run_id: str, name: str, payload: object = None, *, event_id: str | None = None, by: str | None = None
    ) -> bool:
        """Send an external event to a run; the same ``event_id`` counts once. Returns whether it was new.

        ``by`` is the person who sends it, if one does, as in ``cancel``, ``retry`` and ``fork``.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
            WrongState: the run has ended.
            NotStorable: the payload is not JSON.
        """
        checked_texts(run_id=run_id)
        checked_keys(name=name, event_id=event_id)
        self.must_be_allowed(by, "send")
        data = sendable(payload, where=f"event {name!r}")
        return bool(await self._change(changes.Send(run_id, name, data, self.now(), event_id)))

    async def cancel(self, run_id: str, *, reason: str = "cancelled by request", by: str | None = None) -> str:
        """Cancel a run and its children; returns its status, ``running`` while its steps are being stopped.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
        """
        checked_texts(run_id=run_id, reason=reason)
        self.must_be_allowed(by, "cancel")
        return str(await self._change(changes.Cancel(run_id, self.now(), reason)))

    async def retry(self, run_id: str, *, by: str | None = None) -> None:
        """Go on with a failed, cancelled or set-aside run from the step that failed.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
            WrongState: it has not failed.
        """
        checked_texts(run_id=run_id)
        self.must_be_allowed(by, "retry")
        await self._change(changes.RetryRun(run_id, self.now()))

    async def fork(
        self,
        run_id: str,
        *,
        step: str | None = None,
        id: str | None = None,  # noqa: A002
        by: str | None = None,
    ) -> str:
        """Start a new run with the history of another before ``step`` (None: with no history); returns its id.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
            WrongState: the run has no such step.
            RunConflict: the new id is taken.
        """
        checked_new_id(id)
        checked_texts(run_id=run_id, step=step)
        self.must_be_allowed(by, "fork")
        new_id = id or f"{run_id}-fork-{uuid.uuid4().hex[:8]}"
        started: Started = await self._change(
            changes.Fork(run_id, step, new_id, self.now(), None if by is None else moves.actor(by))
        )
        assert started.new  # noqa: S101 -- a taken id is refused
        return new_id

    async def keep_file(self, source: "FileSource", *, name: str | None = None) -> "File":
        """Keep a file, given as its bytes or its path; the same bytes are kept once, whatever their name.

        Its bytes stay for as long as a run that uses it is kept: one that starts with it, or is sent or answered it.

        Raises:
            Misuse: bytes were given without a name, or a file changed while it was read.
            OSError: the file cannot be read.
        """
        return await keeping.keep(self._open_store, self._writer, source, name, self._clock.now)

    def read_file(self, file: "HasFileId") -> bytes:
        """Return the bytes of a file, or of the file that a document was read from.

        Raises:
            UnknownFile: the store does not hold it.
            FilePurged: its bytes were removed, and when.
        """
        return keeping.Files(self._open_store).read(file.id)

    def files_of(self, run_id: str) -> "Sequence[FileRow]":
        """Return the files that a run uses.

        Raises:
            UnknownRun: there is no such run.
        """
        return self._open_store.files_of(self.run(run_id).key)

    async def prune(
        self,
        *,
        older_than: timedelta,
        statuses: "Sequence[RunStatus]" = ("completed", "cancelled"),
        workflow: str | None = None,
        by: str | None = None,
    ) -> int:
        """Delete runs that ended longer ago, with all that belongs to them; returns how many.

        With the last run that used a file go the file's bytes, and without a ``workflow`` also those of files that were
        kept longer ago and that no run ever used; what they were called by stays known. The rows of the audit log about
        the runs leave a gap that is signed with the store's secret. ``by`` is the person who prunes; None: code does.

        Raises:
            NotAllowed: this person may not.
            Misuse: ``older_than`` is no length of time, or below 0; a status is not one of an ended run; or the
                store's secret cannot be used.
        """
        age = checked_span(older_than, "older_than").total_seconds()
        wrong = set(statuses) - {"completed", "failed", "cancelled", "set_aside"}
        if wrong or not statuses:
            raise Misuse(f"only ended runs can be pruned, not {', '.join(sorted(wrong)) or 'none at all'}")
        checked_texts(workflow=workflow)
        self.must_be_allowed(by, "prune")
        actor = "code" if by is None else f"person:{by}"
        now = self.now()
        change = changes.Prune(now - age, tuple(statuses), PRUNE_AT_ONCE, workflow, now, actor)
        total = 0
        while count := int(await self._writer.ask(change)):
            total += count
        never_used_before = None if workflow is not None else change.ended_before
        while await self._writer.ask(files.SweepFiles(self.now(), SWEPT_AT_ONCE, never_used_before, actor)):
            pass
        return total

    async def prune_kept(self, *, by: str | None = None) -> int:
        """Delete the runs that ended longer ago than their workflow declares to keep them; returns how many.

        However they ended: what is to be deleted after a time is not kept because it failed.

        Raises:
            Misuse: the store's secret cannot be used.
        """
        total = 0
        for workflow, seconds in self._open_store.retentions().items():
            statuses: tuple[RunStatus, ...] = rows.ENDED
            total += await self.prune(
                older_than=timedelta(seconds=seconds), statuses=statuses, workflow=workflow, by=by
            )
        return total

    async def remember_code(self, workflow: str, target: str) -> None:
        """Say where a workflow's code is found, as ``module:name``."""
        checked_texts(workflow=workflow, target=target)
        await self._writer.ask(kept_settings.Remember(workflow, target))

    async def remember_retention(self, declared: Mapping[str, float | None]) -> None:
        """Say in seconds how long runs are kept after their end, by workflow; None: until somebody prunes them.

        Raises:
            Misuse: a number of seconds is none above 0.
        """
        for workflow, seconds in declared.items():
            if seconds is not None and not is_above_zero(seconds):
                raise Misuse(f"the runs of {workflow!r} are kept for {seconds!r}: give seconds above 0, or None")
        kept = self._open_store.retentions()
        for workflow, seconds in declared.items():
            if kept.get(workflow) != seconds:
                await self._writer.ask(kept_settings.DeclareRetention(workflow, seconds))

    def health(self) -> "Health":
        """Return how runs, questions and workers are doing."""
        from handrail_orchestrator.embedded.presence import living  # noqa: PLC0415 -- a part of the engine

        now = self.now()
        return healths.Health(
            at=now,
            runs=self.counts(),
            due=self.due(now),
            questions=self.review_count(),
            is_worked_on=living(self._open_store),
            paused=tuple(self.paused()),
            down=tuple(self.down()),
        )

    @property
    def people(self) -> "People":
        """Return the people of the store: who they are, what they may do, how they sign in."""
        return persons.People(self._open_store, self._writer_later, self.now)

    @property
    def outbox(self) -> "NoticeOutbox":
        """Return what people are told, and what became of it."""
        return outboxes.NoticeOutbox(self._open_store, self._writer_later, self.now)

    async def _writer_later(self, change: "Change") -> Any:
        return await self._writer.ask(change)

    def vacuum(self) -> None:
        """Give space that deleted runs held back to the disk."""
        self._open_store.vacuum()

    def use(self, *workflows: "AnyWorkflow") -> None:
        """Check answers with the code of these workflows from now on; nothing of them is executed."""
        from handrail_orchestrator.embedded.checking import AnswerCheck  # noqa: PLC0415 -- replays with the engine's code
        from handrail_orchestrator.embedded.library import Library  # noqa: PLC0415 -- as above
        from handrail_orchestrator.workflow import Workflows  # noqa: PLC0415 -- as above

        check = AnswerCheck(Library(), Workflows(list(workflows)), self._open_store, self._clock)
        self._entered = self._parts._replace(check=check)

    @property
    def _check(self) -> "AnswerCheck | None":
        return self._parts.check
