"""The run of the embedded engine as it calls its steps: each is looked up in the history, or executed and recorded."""

import asyncio
import logging
from functools import cached_property
from typing import Any

from handrail_guards.escalation import Escalation
from handrail_orchestrator.context import StepContext, StopFlag, enter_step, leave_step
from handrail_orchestrator.embedded.body import BodyFailed
from handrail_orchestrator.embedded.branches import scope
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.escapes import error_type, escaped
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.in_flight import in_its_name
from handrail_orchestrator.embedded.library import BoundStep
from handrail_orchestrator.embedded.matching import CodeMatch
from handrail_orchestrator.embedded.records import Begun, error_json, failure, message_of
from handrail_orchestrator.embedded.tries import Notebook, resumed
from handrail_orchestrator.embedded.waiting import WaitingRun
from handrail_orchestrator.embedded.wording import of_failure
from handrail_orchestrator.forked import end_copy, this_process
from handrail_orchestrator.run import Call
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.store.changes import Change, ClaimedChange, RecordStep, claim_of
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.suspension import halted, unless_halted

_log = logging.getLogger("handrail.steps")


class SteppingRun(WaitingRun):
    """The part of a run that records, and that calls steps."""

    # what most runs never set stands here: each start would pay for it
    round = 1
    """Counts up whenever it goes on with another input."""
    claim: int | None = None
    """The number of its run's claim, where it is executed: what it writes counts only as long as that holds."""
    _rests = False

    def __init__(
        self,
        key: int,
        run_id: str,
        history: History,
        equipment: Equipment,
        *,
        code: CodeMatch,
        must_record: bool = False,
        strict: bool = False,
    ) -> None:
        self.key = key
        self._code: CodeMatch = code
        self._strict = strict
        self.history = history
        """What it remembers."""
        self.equipment = equipment
        self.running: dict[str, Begun] = {}
        """Steps in flight, by name."""
        self._id = run_id
        self._must_settle = must_record
        # What every run sets is set here, if only to nothing: Python has room beside an object for the names that the
        # first few of its class were given. A name that comes later costs each a dict, and slows all that it is asked.
        self.lost: Exception | None = None
        """Why this process may not go on with the run; set by ``lose``."""
        self.settling = 0
        """How many of its calls begin once all before them is recorded."""
        self._unrecorded: asyncio.Future[None] | None = None

    @property
    def id(self) -> str:
        """Return the run's id."""
        return self._id

    # -- recording

    def write(self, change: Change) -> None:
        """Put a change on its way to the store; the next body waits for it."""
        if halted.get() is not None:
            unless_halted()
        if self.lost is not None:
            raise in_its_name(self._id, self.lost)
        if self.claim is not None and claim_of(change) is None:
            change = ClaimedChange(self.claim, change)
        self._unrecorded = self.equipment.writer.add(change)

    def lose(self, error: Exception) -> None:
        """Let nothing more begin or be recorded here."""
        self.lost = error
        self._must_settle = True

    @cached_property
    def _stopped(self) -> StopFlag:
        return StopFlag()

    def stop(self) -> None:
        """Let no further body begin."""
        self._stopped.raised = True
        self._must_settle = True

    def rest(self, *, rests: bool) -> None:
        """Let no further body begin while the workflow is paused; the run gives up its place before the next one."""
        self._rests = rests
        self._must_settle |= rests

    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk."""
        unless_halted()
        pending = self._unrecorded
        if pending is not None:
            self.settling += 1
            try:
                await pending
            finally:
                self.settling -= 1
        if self.lost is not None:
            raise in_its_name(self._id, self.lost)
        if self._stopped.raised:  # a step has swallowed the cancel
            raise asyncio.CancelledError
        if self._rests:
            raise self.waits.rest()

    async def under_way(self) -> None:
        """Wait for what can be refused no more together with what follows; the open batch takes both or none."""
        pending = self._unrecorded
        if pending is not None and self.equipment.writer.is_under_way(pending):
            await pending
        if self.lost is not None:
            raise in_its_name(self._id, self.lost)

    def in_round(self, name: str) -> str:
        """Return the name by which a step is known in whichever round; it has that name once its round is over."""
        return name if self.round == 1 else f"[{self.round}]/{name}"

    def notebook(self) -> Notebook:
        """Return where tries are noted; not kept, because a run that held it would be a cycle."""
        waits = self.waits
        clock, write = self.equipment.clock, self.write
        return Notebook(clock, self.claim, write, self.settled, waits.back_off, waits.hold, self._stopped)

    # -- steps

    def step(self, step: object, /, *args: object, **kwargs: object) -> Call[Any]:
        """Call a step once and remember its result."""
        bound = self.equipment.library.step(step)
        return self._step(bound, self.history.name(bound.step.name, scope.get()), args, kwargs)

    async def _step(  # noqa: C901, PLR0912 -- in one piece: each call more is one for every step of every run
        self, bound: BoundStep, name: str, args: Args, kwargs: Kwargs
    ) -> object:
        history, bodies = self.history, self.equipment.bodies
        history.begun(name)  # what is given may not be storable
        encoded = bound.inputs.encode(args, kwargs)
        row = self._recalled(bound, name, encoded) if history.steps else None
        if row is not None and row.ended is not None:
            return await self._replayed(bound, row)
        if row is not None or bound.step.policy.approval is not None or self.equipment.place is not None:
            await self._let_in(bound, name, row, args, kwargs)
        if halted.get() is not None:
            unless_halted()
        if self._unrecorded is not None and not self._must_settle:
            self.settling += 1
            try:
                await self._unrecorded  # the short way of ``settled``
            finally:
                self.settling -= 1
        if self._must_settle:
            await self.settled()
        attempt = 1 if row is None else row.attempt + 1
        now = self.equipment.clock.now
        begun = Begun(self.key, name, history.take_seq(), bound.step, attempt, now(), encoded)
        self.running[name] = begun
        original = this_process.generation
        try:
            known_as = name if self.round == 1 else self.in_round(name)
            context = StepContext(self._id, known_as, attempt, None, self.equipment.files)
            if bound.awaited and bodies.is_bare:  # as ``bodies.call`` does it, without a coroutine more for each step
                inside = enter_step(context)
                try:
                    value = await bound.step.function(*args, **kwargs)
                finally:
                    leave_step(inside)
                if this_process.generation != original:
                    end_copy(original)
            elif bound.plain:
                value = await bodies.call(bound.step, context, args, kwargs)
            else:
                value = await self._by_policy(begun, row, context, args, kwargs)
            output = bound.result.encode(value)
        except BodyFailed as failed:
            return await self._failed(bound, begun, failed.error, failed.attempt)
        except BaseException as error:  # noqa: BLE001 -- whatever a body raises, or makes a value storable, is its failure
            end_copy(original, error)
            return await self._failed(bound, begun, escaped(error), attempt)
        finally:
            del self.running[name]
        self.write(begun.result(now(), output, begun.decided_by or bound.decided_by, self.claim))
        return value

    def _recalled(self, bound: BoundStep, name: str, encoded: str) -> StepRow | None:
        """Return what is recorded of a step; None: nothing, and nothing that the code has not asked for looks like it.

        Raises:
            HistoryMismatch: something else is recorded there.
        """
        step, history = bound.step, self.history
        row = history.find(name, step.kind, step.formerly)
        if row is not None and row.ended is not None:
            self.matching.input(row, encoded, bound.inputs.decode)
        elif history.is_behind:
            self.matching.rename(name, step.kind, encoded)
        return row

    async def _let_in(self, bound: BoundStep, name: str, row: StepRow | None, args: Args, kwargs: Kwargs) -> None:
        """Go on with a step that begins now; unwind the workflow if it is executed after a yes, later, or elsewhere."""
        policy, place = bound.step.policy, self.equipment.place
        if policy.approval is not None:
            await self.waits.approval(name, bound.inputs.encode_whole(args, kwargs), policy.approval)
        if row is not None and row.due is not None and row.due > self.equipment.clock.now():
            raise self.waits.back_off(row)
        if place is not None:
            place.require(self.waits, name, policy.queue)

    async def _by_policy(
        self, begun: Begun, row: StepRow | None, context: StepContext, args: Args, kwargs: Kwargs
    ) -> object:
        """Return what a body gives that is tried again, has a time limit, or whatever else its policy says."""
        # made here, because a run that held it would be a cycle: it holds the run's methods
        tries = resumed(begun, row, self.notebook())
        result = await self.equipment.bodies.execute(begun.step, context, tries, args, kwargs)
        begun.attempt, begun.decided_by = result.attempt, result.decided_by
        return result.value

    async def _failed(self, bound: BoundStep, begun: Begun, error: Exception, attempt: int) -> object:
        row = begun.failed(attempt, self.equipment.clock.now(), error_json(error))
        self.write(RecordStep(row))
        ids = {"run": self._id, "step": row.name, "attempt": attempt}
        _log.info("step failed: %s: %s", error_type(error), message_of(error), extra=ids)
        if bound.step.policy.on_failure == "review":
            return await self._repair(bound, row)
        raise failure(row) from error

    async def _replayed(self, bound: BoundStep, row: StepRow) -> object:
        if row.status == "failed":
            if bound.step.policy.on_failure == "review":
                return await self._repair(bound, row)
            raise failure(row)
        return bound.result.decode(row.output or "")

    async def _repair(self, bound: BoundStep, row: StepRow) -> object:
        return await self.waits.answer(f"{row.name}/review", bound.result, lambda: of_failure(bound, row), Escalation())
