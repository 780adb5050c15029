"""The run of the embedded engine: looks every call up in the history, or makes it and records it."""

import json
import logging
import weakref
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from handrail_guards.batching import BatchReply
from handrail_guards.outcome import Accepted
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.batched import DecidedAt, reply_for
from handrail_orchestrator.embedded.branches import Branches, branch, scope
from handrail_orchestrator.embedded.escapes import escaped
from handrail_orchestrator.embedded.firsts import Firsts, wait_calls
from handrail_orchestrator.embedded.in_flight import require_awaited
from handrail_orchestrator.embedded.library import BoundJudge, BoundWorkflow
from handrail_orchestrator.embedded.produced import Place
from handrail_orchestrator.embedded.records import Begun, as_drawn, error_json, failure, judged
from handrail_orchestrator.embedded.rolling import At
from handrail_orchestrator.embedded.stepping import SteppingRun
from handrail_orchestrator.embedded.undos import Undos, check_undo
from handrail_orchestrator.embedded.wording import of_doubt
from handrail_orchestrator.errors import HistoryMismatch, Misuse
from handrail_orchestrator.limits import Holder
from handrail_orchestrator.run import Call, branch_list
from handrail_orchestrator.step import Args, Kwargs, check_name
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.suspension import GoesOn

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.promised import BoundPromise
    from handrail_orchestrator.store.promises import PromiseCase

_log = logging.getLogger("handrail.steps")


class EmbeddedRun(SteppingRun):
    """One execution of a workflow in this process."""

    # what most runs never set stands here: each start would pay for it
    beside: Mapping[int, Sequence[BaseException]] = MappingProxyType({})
    """All failures of branches that ran side by side, by the ``id`` of the first, which is raised."""
    goes_on = False
    """Whether the code has said that it goes on with another input."""
    bound: BoundWorkflow | None = None
    """What it executes, where it is executed."""
    workflow = ""
    """The name of what it executes, where it is executed."""

    def withdrawn(self, names: Sequence[str]) -> None:
        """Wait no more for these: another branch of ``run.first`` was over before."""
        for name in names:
            self.waits.open.pop(name, None)

    @property
    def broken(self) -> HistoryMismatch | None:
        """Why the run must stop, even if its code caught the error: it does not fit the history."""
        return self.history.broken

    def _left(self) -> None:
        steps = ", ".join(self.running) or "the workflow between its steps"
        _log.warning("run %s: %s ignores that it was cancelled, and is left behind", self.id, steps)

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
            self.matching.input(row, encoded, _as_json)
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
        context, audit = StepContext(self.id, self.in_round(name), files=self.equipment.files), None
        promise: BoundPromise | None = None
        if bound.under is not None and self.equipment.promises is not None:
            promise = self.equipment.promises.bound(self.workflow, bound, bound.under)
        judging = bound if promise is None else promise.judge
        cases: Sequence[PromiseCase] = ()
        rolling = self.equipment.rolling if bound.is_rolled_out else None
        at = At(self.key, self.id, self.workflow)
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
        return Branches(self.id, self._fell_beside).all(name, branch_list(branches), self._left)

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


def _as_json(data: str, *, extra: object = None) -> Any:  # noqa: ARG001 -- JSON by itself knows no fields
    return json.loads(data)
