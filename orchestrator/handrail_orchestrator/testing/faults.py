"""Faults on purpose: fail this step so many times, slow that one, crash here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from handrail_guards.numbers import is_count
from handrail_orchestrator.clock import Clock, sleep
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_seconds


class InjectedFault(Exception):
    """The failure of a step that a test asked for."""


@dataclass(slots=True)
class _Fault:
    step: str
    left: int
    kind: str
    seconds: float = 0.0
    error: Exception | None = None


class Faults:
    """What shall go wrong, by the step's name in its run (``send`` or ``send#2``); each call adds to the plan."""

    def __init__(self) -> None:
        self._plan: list[_Fault] = []

    def fail(self, step: str, *, times: int = 1, error: Exception | None = None) -> "Faults":
        """Make a step's next attempts fail, with ``InjectedFault`` or the given error."""
        return self._add(_Fault(step, times, "fail", error=error))

    def slow(self, step: str, *, seconds: float, times: int = 1) -> "Faults":
        """Make a step's next attempts begin late, on the orchestrator's clock."""
        if not is_seconds(seconds):
            raise Misuse(f"slow({step!r}, seconds={seconds!r}): give a number of seconds, 0 or more")
        return self._add(_Fault(step, times, "slow", seconds=seconds))

    def crash(self, step: str, *, times: int = 1) -> "Faults":
        """Crash the worker when a step is about to begin: nothing that was not recorded survives."""
        return self._add(_Fault(step, times, "crash"))

    def _add(self, fault: _Fault) -> "Faults":
        if not is_count(fault.left, least=1):
            raise Misuse(f"a fault at step {fault.step!r} must happen at least once: times={fault.left!r}")
        self._plan.append(fault)
        return self

    @property
    def left(self) -> list[str]:
        """Return the steps whose faults have not all happened: a test that ends with some tested nothing."""
        return [fault.step for fault in self._plan if fault.left]

    def before(self, clock: Clock, crash: Callable[[], None]) -> Callable[[StepContext], Awaitable[None]]:
        """Return what is called before each body."""

        async def inject(context: StepContext) -> None:
            for fault in self._plan:
                if fault.left and fault.step == context.step:
                    fault.left -= 1
                    await _happen(fault, clock, crash)

        return inject


async def _happen(fault: _Fault, clock: Clock, crash: Callable[[], None]) -> None:
    if fault.kind == "slow":
        await sleep(clock, fault.seconds)
    elif fault.kind == "crash":
        asyncio.get_running_loop().call_soon(crash)
        await asyncio.get_running_loop().create_future()  # a dead process never gets further
    else:
        raise fault.error or InjectedFault(f"step {fault.step!r} was told to fail")
