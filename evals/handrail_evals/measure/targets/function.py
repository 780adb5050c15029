"""A plain function as a target, and what calls return as observations: async functions are awaited, others threaded."""

import asyncio
import contextvars
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.program import version_of
from handrail_evals.measure.target import Observation, Observe
from handrail_evals.measure.threads import Threads
from handrail_guards.outcome import THRESHOLD_DECIDES, Accepted, Attempt, Doubtful, Judgement

Out = TypeVar("Out")


def observed(returned: object) -> Observation[Any]:
    """Return what is known about a returned value: of an outcome much, of a plain value only the value."""
    match returned:
        case Observation():
            return returned
        case Accepted(value=value, judgement=judgement):
            return of_judgement(value, judgement, doubt="", reason="")
        case Doubtful(suggestion=suggestion, code=code, reason=reason, judgement=judgement):
            return of_judgement(suggestion, judgement, doubt=code, reason=reason)
        case _:
            return Observation(returned)


def of_judgement(value: object, judgement: Judgement, *, doubt: str, reason: str) -> Observation[Any]:
    """Return the observation of a judgement.

    A doubtful one without a suggestion has no answer, unless only the acceptance rule doubts it: then the answer is
    None, which says that no label fits.
    """
    attempts = judgement.attempts
    return Observation(
        value,
        answered=not doubt or value is not None or doubt in THRESHOLD_DECIDES,
        accepted=not doubt,
        doubt=doubt,
        reason=reason,
        confidence=judgement.confidence.value,
        source=judgement.confidence.source,
        model=judgement.model,
        input_tokens=total([each.input_tokens for each in attempts]),
        output_tokens=total([each.output_tokens for each in attempts]),
        money=money(attempts),
        verdicts=judgement.verdicts,
    )


def total(counts: list[int | None]) -> int | None:
    """Return the sum of what is known, None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def money(attempts: tuple[Attempt, ...]) -> float | None:
    """Return what the attempts cost; one unknown price makes the sum unknown."""
    prices = [each.money for each in attempts]
    known = [price for price in prices if price is not None]
    return sum(known) if prices and len(known) == len(prices) else None


@dataclass(frozen=True, slots=True)
class FunctionTarget(Generic[Out]):
    """Calls a function with a case's input; a tuple is given as several arguments.

    What it returns is the answer; an ``Accepted`` or ``Doubtful``, and an ``Observation``, say more than that.
    """

    function: Callable[..., Any]
    name: str

    @property
    def version(self) -> str:
        """Return a hash of the function's code, and of the code and constants of its project that it names."""
        return version_of(self.function)

    @property
    def output_type(self) -> Any:
        """Return the type of an answer by the return annotation, ``Any`` without one."""
        plain = self.function if inspect.isroutine(self.function) else type(self.function).__call__
        try:
            return answer_type(get_type_hints(plain, include_extras=True).get("return", Any))
        except NameError:
            return Any

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncIterator[Observe[Any, Out]]:  # noqa: ARG002 -- the port's shape
        """Hold the threads that a plain function runs in; one that does not come back is left behind."""
        if is_async(self.function):
            yield self._awaited
            return
        loop = asyncio.get_running_loop()
        with Threads() as threads:

            async def in_thread(case: AnyCase) -> Observation[Out]:
                inside = contextvars.copy_context()
                value, seconds = await loop.run_in_executor(threads, inside.run, self._timed, case)
                if inspect.isawaitable(value):
                    value, more = await _timed(value)
                    seconds += more
                return _told(value, seconds)

            yield in_thread

    async def _awaited(self, case: AnyCase) -> Observation[Out]:
        value, seconds = await _timed(self.function(*arguments(case.input)))
        return _told(value, seconds)

    def _timed(self, case: AnyCase) -> tuple[Any, float]:
        """Return what the function returns, and how long it took: without the wait for a thread and for the loop."""
        started = time.perf_counter()
        value = self.function(*arguments(case.input))
        return value, time.perf_counter() - started


async def _timed(value: Awaitable[Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    found = await value
    return found, time.perf_counter() - started


def _told(value: object, seconds: float) -> Observation[Any]:
    """Return what a call returned, and how long it took unless it says so itself."""
    found = observed(value)
    return replace(found, seconds=seconds) if found.seconds is None else found


def function_target(function: Callable[..., Any]) -> FunctionTarget[Any]:
    """Return a function as a target.

    Raises:
        InvalidSuite: it cannot be called, or has no name.
    """
    given: Any = function  # whatever a caller without a type checker gave
    name = getattr(given, "__name__", None) or getattr(given, "name", None)
    if not callable(given) or not isinstance(name, str) or name == "<lambda>":
        raise InvalidSuite(f"{given!r} cannot be measured: give an AI step, a def with a name, or a workflow target")
    return FunctionTarget(given, name)


def answer_type(returned: object) -> Any:
    """Return the type of the answer in what a function says that it returns: an observation and an outcome hold it."""
    if get_origin(returned) in {Union, UnionType}:
        held = [answer_type(each) for each in get_args(returned) if _holds_answer(each)]
        return held[0] if held else returned
    if not _holds_answer(returned):
        return returned
    return next(iter(get_args(returned)), Any)


def _holds_answer(returned: object) -> bool:
    return (get_origin(returned) or returned) in (Observation, Accepted, Doubtful)


def is_async(function: Callable[..., Any]) -> bool:
    """Return whether calling it gives something to await."""
    plain = inspect.unwrap(function)
    return inspect.iscoroutinefunction(plain if inspect.isroutine(plain) else type(plain).__call__)


def arguments(value: object) -> tuple[Any, ...]:
    """Return the arguments that a case's input stands for."""
    return value if type(value) is tuple else (value,)
