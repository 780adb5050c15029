"""Whether a person's answer fits what asked for it, type and guards, found by replaying its run up to there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handrail_guards.verdict import Verdict
from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.body import Bodies
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.library import BoundJudge, BoundStep, Library
from handrail_orchestrator.embedded.run import EmbeddedRun
from handrail_orchestrator.errors import NotStorable, ReviewError
from handrail_orchestrator.interrupts import is_for_us
from handrail_orchestrator.limits import Limiters
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review.answers import recorded_answer
from handrail_orchestrator.review.closing import is_closed
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.store.changes import Change, ReadAnswer
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.rows import AUDIT, RunRow
from handrail_orchestrator.suspension import apart
from handrail_orchestrator.workflow import Workflows

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a check."""

    failed: tuple[Verdict, ...]
    asked: frozenset[str]
    """The guards that were asked."""


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """Holds answers to the types and guards of what asked, as far as the code is known."""

    library: Library
    workflows: Workflows
    store: Store
    clock: Clock

    async def checked(self, item: ReviewItem, value: object) -> Checked | None:
        """Return what the guards say of an answer, given as JSON data; None when that cannot be known here.

        Nothing is executed or recorded: the workflow's own code is replayed over what its run remembers.

        Raises:
            ReviewError: the answer does not fit the type that is asked for.
        """
        if item.kind in {"decide", AUDIT}:
            judge = _judge_name(item.step)
            if self.library.asks_no_guards(judge):
                known = self.library.value_of(judge)
                if known is not None:  # a schema cannot say all that a type does: "0x10" is a text, and no number
                    _read(item, value, known)
                    return None
        elif is_closed(item.schema):
            return None  # the schema has said all there is to say
        asked = await self._asked(item)
        if asked is None:
            return None
        answer = _read(item, value, asked.codec)
        return Checked(asked.objections(answer), asked.guards)

    async def check_result(self, run_id: str, step: str, data: str) -> None:
        """Check a result that a person puts in place of a step's, if the step's type is known here.

        Raises:
            NotStorable: it does not fit.
        """
        row = self.store.run(run_id)
        if row is None:
            return
        asked = await self._replayed(row, step)
        if asked is not None:
            asked.codec.decode(data, given=True)

    async def _asked(self, item: ReviewItem) -> "_Asked | None":
        row = self.store.run(item.run_id)
        return None if row is None else await self._replayed(row, item.step)

    async def _replayed(self, row: RunRow, step: str) -> "_Asked | None":
        if (row.workflow, row.version) not in self.workflows.versions:
            return None
        workflow = self.workflows.find(row.workflow, row.version)
        bound = self.library.workflow(workflow)
        history = self.store.history(row.key)
        replay = _Replay(row, step, History(row.id, history.steps, history.events, children=history.children), self)
        try:
            arguments = (bound.input.decode(row.input),) if bound.takes_input else ()
            with apart():
                await workflow.function(replay, *arguments)
        except BaseException as error:  # it waits, or the code does not fit the history any more: its run will say so
            task = asyncio.current_task()
            if is_for_us(error) or (task is not None and task.cancelling()):
                raise
        return replay.asked


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a question holds its answer to."""

    codec: "Codec[Any]"
    guards: frozenset[str] = frozenset()
    objections: Callable[[Any], tuple[Verdict, ...]] = lambda _: ()


class _Reached(BaseException):
    """The replay has come to the question, or to where the history ends."""


class _NoWriter:
    """Records nothing: a replay ends where something would be recorded."""

    async def ask(self, _change: Change) -> object:
        """End the replay."""
        raise _Reached


class _Replay(EmbeddedRun):
    """Goes through a run's history until it comes to the judgement that an item asks about."""

    def __init__(self, run: RunRow, step: str, history: History, check: AnswerCheck) -> None:
        clock = check.clock
        equipment = Equipment(
            store=check.store, writer=_NoWriter(), clock=clock, library=check.library,  # type: ignore[arg-type]  # as below
            bodies=Bodies(clock=clock, limiters=Limiters({}, clock), threads=1),
        )  # fmt: skip
        super().__init__(run.key, run.id, history, equipment, code="same", must_record=True)
        self.asked: _Asked | None = None
        self._wanted = step
        self.waits.before_answer = self._reach

    def _reach(self, name: str, codec: "Codec[Any]") -> None:
        """End the replay where the question is asked that was sought."""
        if name == self._wanted:
            self.asked = _Asked(codec)
            raise _Reached

    def write(self, change: Change) -> None:
        """End the replay where something new would be recorded; what an earlier answer was checked for is not new."""
        if not isinstance(change, ReadAnswer):
            raise _Reached

    async def settled(self) -> None:
        """End the replay: a body would begin now."""
        raise _Reached

    async def _step(self, bound: BoundStep, name: str, args: Args, kwargs: Kwargs) -> object:
        if name == self._wanted:
            self.asked = _Asked(bound.result)
            raise _Reached
        return await super()._step(bound, name, args, kwargs)

    async def _decide(self, bound: BoundJudge, name: str, args: Args, kwargs: Kwargs, *, in_batch: bool) -> object:
        if self._wanted in {f"{name}/review", f"{name}/{AUDIT}"}:
            self.asked = _Asked(bound.value, bound.person_checks, lambda value: bound.objections(value, args, kwargs))
            raise _Reached
        return await super()._decide(bound, name, args, kwargs, in_batch=in_batch)


def _read(item: ReviewItem, value: object, known: "Codec[Any]") -> Any:
    """Return an answer, given as JSON data, as its type has it.

    Raises:
        ReviewError: it does not fit the type.
    """
    try:
        return known.decode(recorded_answer(item, value))
    except NotStorable as problem:
        raise ReviewError(f"review item {item.id}: {_what_is_wrong(problem)}") from problem


def _what_is_wrong(problem: NotStorable) -> str:
    """Return why an answer does not fit, without the advice for records that no longer do."""
    from pydantic import ValidationError  # noqa: PLC0415 -- loaded with the codec that refused

    from handrail_orchestrator.type_words import in_words  # noqa: PLC0415 -- as above

    cause = problem.__cause__
    if not isinstance(cause, ValidationError):
        return problem.problem
    return "; ".join(in_words(details) for details in cause.errors(include_url=False)[:3])


def _judge_name(asked: str) -> str:
    """Return the name of the judge behind a question such as ``all.0/route#2/review``."""
    return asked.rpartition("/")[0].rpartition("/")[2].partition("#")[0]
