"""Executing a step's body under its policy: threads, time-outs, limits, retries, fallback."""

import asyncio
import contextvars
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.context import StepContext, StopFlag, enter_step
from handrail_orchestrator.embedded.escapes import Escaped, awaited, called, error_type, on_a_leash
from handrail_orchestrator.embedded.records import message_of
from handrail_orchestrator.embedded.threads import BodyThreads
from handrail_orchestrator.embedded.tries import Tries
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.limits import Holder, Limiters
from handrail_orchestrator.pace import SLOW_SECONDS
from handrail_orchestrator.retry import Retry, asked_seconds, delay_seconds
from handrail_orchestrator.step import AnyStep, Args, Default, Kwargs, Policy, Step
from handrail_orchestrator.strands import rousing

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.systems import Systems
    from handrail_orchestrator.telemetry.port import Telemetry


@dataclass(frozen=True, slots=True)
class BodyResult:
    """What a body returned, and how it came to be."""

    value: Any
    attempt: int
    decided_by: str | None = None
    """``policy:fallback`` or ``policy:default`` when the step itself had failed."""


_log = logging.getLogger("handrail.steps")

Around = Callable[[AnyStep, StepContext, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""What is awaited in place of an attempt of a body."""


class BodyFailed(Exception):
    """All attempts of a body failed."""

    def __init__(self, error: Exception, attempt: int) -> None:
        super().__init__(message_of(error))
        self.error = error
        self.attempt = attempt


class Bodies:
    """Executes bodies; shared by all runs of one orchestrator."""

    def __init__(
        self,
        *,
        clock: Clock,
        limiters: Limiters,
        threads: int,
        hooks: Hooks | None = None,
        telemetry: "Telemetry | None" = None,
        systems: "Systems | None" = None,
    ) -> None:
        self._around = _around(hooks, telemetry)
        self.is_bare = self._around is None
        """Whether nobody is told of attempts, or awaited in their place."""
        self._clock = clock
        self._limiters = limiters
        self._systems = systems
        self._threads = BodyThreads(threads)

    async def execute(
        self, step: AnyStep, context: StepContext, tries: Tries, args: Args, kwargs: Kwargs
    ) -> BodyResult:
        """Execute under the policy.

        Raises:
            BodyFailed: every attempt failed, and so did the fallback if there is one, and there is no default.
        """
        policy = step.policy
        try:
            if policy.system is not None:  # what it waits for it is not its own time
                await self._enter(step, tries)
            async with self._time_limit(policy.deadline_seconds, since=tries.begun):
                try:
                    value = await self._attempts(step, context, tries, args, kwargs)
                    return BodyResult(value, tries.attempt)
                except Exception as error:
                    if policy.fallback is None:
                        raise
                    return await self._fall_back(step, context._replace(attempt=tries.next()), args, kwargs, error)
        except Exception as error:
            if isinstance(policy.on_failure, Default):
                return BodyResult(policy.on_failure.value, tries.attempt, "policy:default")
            raise BodyFailed(error, tries.attempt) from error

    async def _fall_back(
        self, step: AnyStep, context: StepContext, args: Args, kwargs: Kwargs, first: Exception
    ) -> BodyResult:
        assert step.policy.fallback is not None  # noqa: S101 -- asked by the caller
        other = Step(step.policy.fallback, step.name, step.kind)
        try:
            value = await self._bounded(other, step.policy, context, args, kwargs)
            return BodyResult(value, context.attempt, "policy:fallback")
        except Exception as error:
            raise error from first

    async def _attempts(self, step: AnyStep, context: StepContext, tries: Tries, args: Args, kwargs: Kwargs) -> Any:
        retry = step.policy.retry
        while True:
            this = context._replace(attempt=tries.next())
            try:
                value = await self._attempt(step, this, tries.holder, args, kwargs)
            except Exception as error:
                if self._systems is not None:
                    await self._systems.failed(step, tries, error)
                tries.failed += 1
                ids = {"run": this.run_id, "step": this.step, "attempt": this.attempt}
                _log.info("an attempt failed: %s: %s", error_type(error), message_of(error), extra=ids)
                if retry is None or tries.failed >= retry.attempts or not _is_worth_it(error, retry):
                    raise
                failure = error
            else:
                if step.policy.system is not None and self._systems is not None:
                    self._systems.answered(step, tries)
                return value
            jittered = delay_seconds(retry, tries.failed, random.random())  # noqa: S311 -- jitter
            await tries.pause(tries, max(jittered, asked_seconds(failure)), failure)
            if step.policy.system is not None:
                await self._enter(step, tries)

    async def _enter(self, step: AnyStep, tries: Tries) -> None:
        if self._systems is not None:
            await self._systems.enter(step, tries)

    async def _attempt(self, step: AnyStep, context: StepContext, holder: Holder, args: Args, kwargs: Kwargs) -> Any:
        async with self._turn(step, holder, args, kwargs), self._time_limit(step.policy.timeout_seconds):
            return await self._bounded(step, step.policy, context, args, kwargs)

    def _turn(self, step: AnyStep, holder: Holder, args: Args, kwargs: Kwargs) -> AbstractAsyncContextManager[None]:
        limit = step.policy.limit
        return nullcontext() if limit is None else self._limiters.of(limit, args, kwargs, step=step.name, holder=holder)

    async def judge(self, step: AnyStep, context: StepContext, holder: Holder, args: Args, kwargs: Kwargs) -> Any:
        """Call a judge once, within its limit."""
        if step.policy.limit is None:
            return await self.call(step, context, args, kwargs)
        async with self._turn(step, holder, args, kwargs):
            return await self.call(step, context, args, kwargs)

    async def _bounded(self, step: AnyStep, policy: Policy, context: StepContext, args: Args, kwargs: Kwargs) -> Any:
        """Call the body so that a time limit ends it, even if it swallows its cancel."""
        body = self.call(step, context, args, kwargs)
        if not step.is_async or (policy.timeout_seconds is None and policy.deadline_seconds is None):
            return await body
        ids = {"run": context.run_id, "step": context.step}
        message = "the step goes on although it was cancelled, again and again: it is left behind"
        return await on_a_leash(body, lambda: _log.warning(message, extra=ids))

    def call(self, step: AnyStep, context: StepContext, args: Args, kwargs: Kwargs) -> Awaitable[Any]:
        """Call the body once: awaited when it is async, in the loop when it is a quick rule, or else in a thread."""
        if self._around is None:
            return self._called(step, context, args, kwargs)
        return self._around(step, context, lambda: self._called(step, context, args, kwargs))

    def _called(self, step: AnyStep, context: StepContext, args: Args, kwargs: Kwargs) -> Awaitable[Any]:
        if step.is_async:
            return awaited(step.function, args, kwargs, context)
        return self._plainly_called(step, context, args, kwargs)

    async def _plainly_called(self, step: AnyStep, context: StepContext, args: Args, kwargs: Kwargs) -> Any:
        if step.policy.inline or (step.pace is not None and step.pace.in_loop):
            return timed(step, inside_of(context), args, kwargs)
        return await self._in_thread(step, context, args, kwargs)

    async def _in_thread(self, step: AnyStep, context: StepContext, args: Args, kwargs: Kwargs) -> Any:
        flag = StopFlag()
        inside = inside_of(context._replace(stop=flag))
        name = f"step {context.step!r} of run {context.run_id!r}"
        try:
            return await self._threads.call(lambda: timed(step, inside, args, kwargs), name=name)
        except asyncio.CancelledError:
            flag.raised = True  # a thread cannot be stopped, only asked
            raise

    @asynccontextmanager
    async def _time_limit(self, seconds: float | None, *, since: float | None = None) -> AsyncIterator[None]:
        if seconds is None:
            yield
            return
        loop = asyncio.get_running_loop()
        timeout = asyncio.timeout(None)
        now = self._clock.now()
        over = seconds + (now if since is None else since)
        if over <= now:
            raise TimeoutError(f"took longer than {seconds:g} s")
        rouse = rousing()

        def expire() -> None:
            rouse()
            timeout.reschedule(loop.time())

        timer = self._clock.call_at(over, expire)
        try:
            async with timeout:
                yield
        except TimeoutError as error:
            if timeout.expired():
                raise TimeoutError(f"took longer than {seconds:g} s") from error
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """Let threads that are still busy end by themselves."""
        self._threads.close()


def _around(hooks: Hooks | None, telemetry: "Telemetry | None") -> Around | None:
    """Return what is awaited in place of an attempt; None: the attempt itself, which costs nothing more."""
    if hooks is None:
        return None if telemetry is None else telemetry.attempt
    hooked = hooks.around
    if telemetry is None:
        return lambda _, context, body: hooked(context, body)
    told = telemetry.attempt
    return lambda step, context, body: told(step, context, lambda: hooked(context, body))


def inside_of(context: StepContext) -> contextvars.Context:
    """Return a copy of the current context in which the step has been entered; what a body sets stays in there."""
    inside = contextvars.copy_context()
    inside.run(enter_step, context)
    return inside


def _is_worth_it(error: Exception, retry: Retry) -> bool:
    return isinstance(error, retry.on) or (isinstance(error, Escaped) and isinstance(error.error, retry.on))


def timed(step: AnyStep, inside: contextvars.Context, args: Args, kwargs: Kwargs) -> Any:
    """Call a plain function, and take note of its pace."""
    pace = step.pace
    if pace is None:
        return inside.run(called, step.function, *args, **kwargs)
    begun = time.perf_counter()
    try:
        return inside.run(called, step.function, *args, **kwargs)
    finally:
        seconds = time.perf_counter() - begun
        if seconds > SLOW_SECONDS or not pace.in_loop:
            pace.took(seconds, step.name)
