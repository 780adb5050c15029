"""What a lane executes: a workflow's own bodies, counted while they work, or what stands in for them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from handrail_ai_steps.errors import InvalidRecording, ModelNotReady, RecordingMissing
from handrail_ai_steps.models.recording import asked_again
from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.targets.function import is_async
from handrail_ground.errors import told
from handrail_orchestrator.context import StepContext, StopFlag, current_step
from handrail_orchestrator.embedded.body import inside_of, timed
from handrail_orchestrator.embedded.library import BoundJudge, BoundStep, Library
from handrail_orchestrator.interrupts import is_for_us
from handrail_orchestrator.step import Step
from handrail_orchestrator.suspension import Suspended

Body: TypeAlias = Callable[..., Any]
Actions: TypeAlias = Mapping[str, Body] | Literal["run"]
"""``run`` executes a workflow's own actions; a mapping holds, by step name, what is executed in their place."""


FAULTS: Final = (RecordingMissing, InvalidRecording, ModelNotReady, InvalidSuite)
"""What says nothing about the workflow: its case could not be measured, and has no score."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """What is executed in place of a workflow's own parts; shared by all lanes of a target."""

    actions: Actions = "run"
    judge: Callable[[Any], Any] = lambda judge: judge
    """Returns who is asked in place of an AI step: itself, or the same step with recorded models."""


class CountedBodies(Library):
    """Hands out steps and judges whose bodies are counted while they work.

    A lane's clock may jump only while none does: real work, such as a request to a model, takes real time, and the
    time-outs set for it must not ring meanwhile.
    """

    def __init__(self, stand_ins: StandIns, threads: Executor) -> None:
        super().__init__()
        self.working = 0
        """Bodies that are being executed."""
        self.begun = 0
        """Bodies that ever began; a number to see progress by."""
        self.fault: Exception | None = None
        """Why the case cannot be measured, if it cannot: one of ``FAULTS``."""
        self.repeat = 0
        """Which repeat of its case is played: each has its own answer in a recording."""
        self._stand_ins = stand_ins
        self._threads = threads
        self._counted: dict[Any, BoundStep] = {}
        self._counted_judges: dict[int, tuple[Any, BoundJudge]] = {}

    def step(self, function: Any) -> BoundStep:
        """Return a step whose body is counted, or its double."""
        bound = self._counted.get(function)
        if bound is None:
            bound = self._counted[function] = self._bound(super().step(function))
        return bound

    def judge(self, judge: Any) -> BoundJudge:
        """Return a judge that is counted, or who stands in for it."""
        known = self._counted_judges.get(id(judge))
        if known is None:
            with self._noting_faults():
                bound = super().judge(self._stand_ins.judge(judge))
            step = replace(bound.step, function=self._count(bound.step))
            known = self._counted_judges[id(judge)] = (judge, replace(bound, step=step))
        return known[1]

    def _bound(self, bound: BoundStep) -> BoundStep:
        step, policy, actions = bound.step, bound.step.policy, self._stand_ins.actions
        if step.kind == "action" and actions != "run":
            body, fallback = self._double(step, actions), None  # a fallback has effects too
        elif policy.inline:
            return bound  # over before anybody could look
        else:
            body, fallback = step.function, policy.fallback
        counted = None if fallback is None else self._count(Step(fallback, step.name, "action"))
        body = self._count(replace(step, function=body))
        policy = replace(policy, fallback=counted)
        return replace(bound, step=replace(step, function=body, policy=policy))

    def _double(self, step: Step[..., Any], actions: Mapping[str, Body]) -> Body:
        def refuse(*_args: Any, **_kwargs: Any) -> Any:
            raise InvalidSuite(
                f"action {step.name!r} has no double, and nothing outside may be touched: add it to"
                f" workflow_target(..., actions={{{step.name!r}: ...}}), or say actions='run'"
            )

        return actions.get(step.name, refuse)

    def _count(self, step: Step[..., Any]) -> Body:
        # Not wrapped with functools.wraps: the engine would see through it, and call it in a thread.
        asynchronous = is_async(step.function)

        async def body(*args: Any, **kwargs: Any) -> Any:
            self.working += 1
            self.begun += 1
            try:
                with self._noting_faults(), _ending_nothing(), asked_again(self.repeat):
                    if asynchronous:
                        return await step.function(*args, **kwargs)
                    if step.pace is not None and step.pace.in_loop:
                        return timed(step, inside_of(_current()), args, kwargs)
                    return await self._in_thread(step, args, kwargs)
            finally:
                self.working -= 1

        return body

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as fault:  # the engine takes it for a failure of the step
            self.fault = self.fault or fault
            raise

    async def _in_thread(self, step: Step[..., Any], args: Any, kwargs: Any) -> Any:
        flag = StopFlag()
        inside = inside_of(_current()._replace(stop=flag))
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, timed, step, inside, args, kwargs)
        except asyncio.CancelledError:
            flag.raised = True  # a thread cannot be stopped, only asked
            raise


class BodyEscaped(RuntimeError):
    """A body raised what would end more than its step: ``SystemExit``, or an error that cannot say what it is."""


@contextmanager
def _ending_nothing() -> Iterator[None]:
    try:
        yield
    except Suspended:
        raise
    except BaseException as error:
        if is_for_us(error) or (isinstance(error, Exception) and _can_speak(error)):
            raise
        raise BodyEscaped(told(error)) from None


def _can_speak(error: Exception) -> bool:
    try:
        str(error)
    except BaseException as worse:
        if is_for_us(worse):
            raise
        return False
    return True


def _current() -> StepContext:
    context = current_step()
    assert context is not None  # noqa: S101 -- the engine enters the step before its body
    return context
