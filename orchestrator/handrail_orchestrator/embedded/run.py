"""The run of the embedded engine: looks every call up in the history, or makes it and records it."""

import asyncio
import json
import logging
import weakref
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from handrail_guards.batching import BatchReply
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted
from handrail_orchestrator.context import StepContext, StopFlag
from handrail_orchestrator.embedded.batched import DecidedAt, reply_for
from handrail_orchestrator.embedded.body import BodyFailed
from handrail_orchestrator.embedded.branches import Branches, branch, scope
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.escapes import error_type, escaped
from handrail_orchestrator.embedded.firsts import Firsts, wait_calls
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.in_flight import in_its_name, require_awaited
from handrail_orchestrator.embedded.library import BoundJudge, BoundStep, BoundWorkflow
from handrail_orchestrator.embedded.matching import CodeMatch
from handrail_orchestrator.embedded.produced import Place
from handrail_orchestrator.embedded.records import Begun, as_drawn, error_json, failure, judged, message_of
from handrail_orchestrator.embedded.rolling import At
from handrail_orchestrator.embedded.tries import Notebook, resumed
from handrail_orchestrator.embedded.undos import Undos, check_undo
from handrail_orchestrator.embedded.waiting import WaitingRun
from handrail_orchestrator.embedded.wording import of_doubt, of_failure
from handrail_orchestrator.errors import HistoryMismatch, Misuse
from handrail_orchestrator.limits import Holder
from handrail_orchestrator.run import Call, branch_list
from handrail_orchestrator.step import AnyStep, Args, Kwargs, check_name
from handrail_orchestrator.store.changes import Change, ClaimedChange, RecordStep, claim_of
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.suspension import GoesOn, halted, unless_halted

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.promised import BoundPromise
    from handrail_orchestrator.store.promises import PromiseCase

_log = logging.getLogger("handrail.steps")


class EmbeddedRun(WaitingRun):
    """One execution of a workflow in this process."""

    # what most runs never set stands here: each start would pay for it
    lost: Exception | None = None
    """Why this process may not go on with the run; set by ``lose``."""
    beside: Mapping[int, Sequence[BaseException]] = MappingProxyType({})
    """All failures of branches that ran side by side, by the ``id`` of the first, which is raised."""
    settling = 0
    """How many of its calls begin once all before them is recorded."""
    round = 1
    """Counts up whenever it goes on with another input."""
    goes_on = False
    """Whether the code has said that it goes on with another input."""
    bound: BoundWorkflow | None = None
    """What it executes, where it is executed."""
    claim: int | None = None
    """The number of its run's claim, where it is executed: what it writes counts only as long as that holds."""
    workflow = ""
    """The name of what it executes, where it is executed."""
    _unrecorded: "asyncio.Future[None] | None" = None
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

    def withdrawn(self, names: Sequence[str]) -> None:
        """Wait no more for these: another branch of ``run.first`` was over before."""
        for name in names:
            self.waits.open.pop(name, None)

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

    @property
    def broken(self) -> HistoryMismatch | None:
        """Why the run must stop, even if its code caught the error: it does not fit the history."""
        return self.history.broken

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

    def _left(self) -> None:
        steps = ", ".join(self.running) or "the workflow between its steps"
        _log.warning("run %s: %s ignores that it was cancelled, and is left behind", self._id, steps)

    def _name(self, base: str) -> str:
        return self.history.name(base, scope.get())

    def _place(self) -> Place:
        """Return where a call without arguments stands, before its own name is taken."""
        return self.history.last(scope.get()), branch.get()

    def own_name(self, name: str, usual: str) -> str:
        """Return the name of the next call, which the workflow may have named."""
        if name != usual:
            check_name(name)
        return self._name(name)

    # -- steps

    def step(self, step: object, /, *args: object, **kwargs: object) -> Call[Any]:
        """Call a step once and remember its result."""
        bound = self.equipment.library.step(step)
        return self._step(bound, self.history.name(bound.step.name, scope.get()), args, kwargs)

    async def _step(self, bound: BoundStep, name: str, args: Args, kwargs: Kwargs) -> object:
        step = bound.step
        history = self.history
        history.unbegun.pop(name, None)  # what is given may not be storable
        encoded = bound.inputs.encode(args, kwargs)
        row = history.find(name, step.kind, step.formerly) if history.steps else None
        if row is not None and row.ended is not None:
            self.matching.input(row, encoded, bound.inputs.decode)
            return await self._replayed(bound, row)
        if history.steps and history.is_behind:
            self.matching.rename(name, step.kind, encoded)
        if step.policy.approval is not None:
            await self.waits.approval(name, bound.inputs.encode_whole(args, kwargs), step.policy.approval)
        if row is not None or self.equipment.place is not None:
            self._hold_back(name, step, row)
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
        begun = Begun(self.key, name, history.take_seq(), step, attempt, self.equipment.clock.now(), encoded)
        self.running[name] = begun
        try:
            known_as = name if self.round == 1 else self.in_round(name)
            context = StepContext(self._id, known_as, attempt, None, self.equipment.files)
            if bound.plain:
                value = await self.equipment.bodies.call(step, context, args, kwargs)
                decided_by = bound.decided_by
            else:
                # made here, because a run that held it would be a cycle: it holds the run's methods
                notes = self.notebook()
                tries = resumed(begun, row, notes)
                result = await self.equipment.bodies.execute(step, context, tries, args, kwargs)
                value, attempt = result.value, result.attempt
                decided_by = result.decided_by or bound.decided_by
            output = bound.result.encode(value)
        except BodyFailed as failed:
            return await self._failed(bound, begun, failed.error, failed.attempt)
        except BaseException as error:  # noqa: BLE001 -- whatever a body raises, or makes a value storable, is its failure
            return await self._failed(bound, begun, escaped(error), attempt)
        finally:
            del self.running[name]
        row = begun.done(attempt, self.equipment.clock.now(), output, decided_by)
        self.write(RecordStep(row, None, (), self.claim))
        return value

    def _hold_back(self, name: str, step: AnyStep, row: StepRow | None) -> None:
        """Unwind the workflow if the step is to be executed later, or elsewhere."""
        if row is not None and row.due is not None and row.due > self.equipment.clock.now():
            raise self.waits.back_off(row)
        if self.equipment.place is not None:
            self.equipment.place.require(self.waits, name, step.policy.queue)

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

    # -- judgements and waits

    def decide(self, judge: Any, /, *args: Any, **kwargs: Any) -> Call[Any]:
        """Judge once and settle it: the accepted value, or what a person says."""
        bound = self.equipment.library.judge(judge)
        in_batch = False
        if bound.batched is not None and isinstance(kwargs.get("batch"), bool):  # by any other type it is an input
            in_batch = kwargs.pop("batch")
        return self._decide(bound, self._name(bound.step.name), args, kwargs, in_batch=in_batch)

    async def _decide(self, bound: BoundJudge, name: str, args: Args, kwargs: Kwargs, *, in_batch: bool) -> object:
        self.history.begun(name)
        encoded = bound.encode_inputs(args, kwargs)
        row = self.history.find(name, "ai")
        if row is None or row.ended is None:
            if self.equipment.place is not None:
                self.equipment.place.require(self.waits, name, None)
            await self.settled()
            reply = await self._reply(bound, name, args, kwargs) if in_batch else None
            row = await self._judge(bound, name, encoded, args, kwargs, reply)
        else:
            self.matching.input(row, encoded, json.loads)
            if row.status == "failed":
                raise failure(row)
        outcome = bound.outcome.decode(row.output or "")
        if isinstance(outcome, Accepted):
            return outcome.value
        context = row.input or "null"
        return await self.waits.answer(
            f"{name}/review",
            bound.value,
            lambda: of_doubt(bound, outcome, context, row.output or ""),
            outcome.escalation,
            lambda value: (*bound.objections(value, args, kwargs), *bound.known_failures(outcome, value)),
        )

    async def _reply(self, bound: BoundJudge, name: str, args: Args, kwargs: Kwargs) -> BatchReply | None:
        """Return what a batch brought to a call, or wait for it; None: it is judged by itself."""
        at = DecidedAt(self.workflow, name, bound.step.name)
        return await reply_for(self.waits, self.equipment.batches, at, bound.batched, args, kwargs)

    async def _judge(
        self, bound: BoundJudge, name: str, encoded: str, args: Args, kwargs: Kwargs, reply: BatchReply | None
    ) -> StepRow:
        clock = self.equipment.clock
        begun = Begun(self.key, name, self.history.take_seq(), bound.step, 1, clock.now(), encoded)
        self.running[name] = begun
        context, audit = StepContext(self._id, self.in_round(name), files=self.equipment.files), None
        promise: BoundPromise | None = None
        if bound.under is not None and self.equipment.promises is not None:
            promise = self.equipment.promises.bound(self.workflow, bound, bound.under)
        judging = bound if promise is None else promise.judge
        cases: Sequence[PromiseCase] = ()
        rolling = self.equipment.rolling if bound.is_rolled_out else None
        at = At(self.key, self._id, self.workflow)
        try:
            # drawn before anybody knows whether the value is accepted, so that the draws are a sample of all cases
            drawn = bound.audit is not None and bound.audit.draws(context.idempotency_key)
            with nullcontext() if reply is None or bound.batched is None else bound.batched.handed(reply):
                holder = Holder(self.key, self.claim)
                said = await self.equipment.bodies.judge(judging.step, context, holder, args, kwargs)
                outcome = bound.outcome_of(said)
            if promise is not None and (promised := promise.promised(outcome, context.idempotency_key)) is not None:
                cases = promise.cases(promised, encoded, clock.now())
                drawn |= promised.drawn
            if rolling is not None:
                outcome = rolling.let_out(bound, outcome, at, args, kwargs)
            if drawn:
                outcome = as_drawn(outcome)
            row = judged(begun, outcome, bound.outcome.encode(outcome), clock.now())
            if drawn and isinstance(outcome, Accepted):
                audit = self.waits.audit(bound, outcome, row)
        except BaseException as error:
            row = begun.failed(1, clock.now(), error_json(escaped(error)))
            self.write(RecordStep(row))
            raise failure(row) from error
        finally:
            del self.running[name]
        self.write(RecordStep(row, audit, cases))
        if rolling is not None:
            rolling.noted(bound, at, context, args, kwargs)
        return row

    # -- side by side

    def all(self, *branches: Any) -> Call[Any]:
        """Run branches side by side and return their results in order."""
        name = self._name("all")
        self.history.begun(name)  # its branches are what counts
        return Branches(self._id, self._fell_beside).all(name, branch_list(branches), self._left)

    def _fell_beside(self, failures: Sequence[BaseException]) -> None:
        self.beside = {**self.beside, id(failures[0]): (*self.beside.get(id(failures[0]), ()), *failures)}

    def first(self, *branches: Any, name: str = "first") -> Call[Any]:
        """Wait for several things, and go on with the first that is over."""
        waits = wait_calls(branches)
        own = self.own_name(name, "first")
        return Firsts(self.key, self.history, self.matching, self.equipment.clock, self).first(own, waits)

    def again(self, value: object = None, /) -> Call[Any]:
        """End this round of the run, and begin anew with another input."""
        return self._again(value)

    async def _again(self, value: object) -> None:
        require_awaited(self)
        if branch.get() is not None or self.open_waits:  # looked at here, since run.all may have been handed the call
            raise Misuse("run.again while something is waited for: let run.all come to its end, then begin anew")
        self.goes_on = True
        raise GoesOn(json.dumps(value) if self.bound is None else self.bound.next_input(value))

    @cached_property
    def undos(self) -> Undos:
        """What would undo what it did."""
        return Undos(self.key, self.history, self.matching, self.equipment.clock, weakref.ref(self))

    def compensate(self, action: object, /, *args: object, **kwargs: object) -> Call[None]:
        """Undo what was done, should the run fail or be cancelled after this."""
        bound = self.equipment.library.step(action)
        check_undo(bound)
        return self.undos.register(self._name(f"undo:{bound.step.name}"), bound, args, kwargs)
