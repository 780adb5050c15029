"""What an engine does differently where runs are rehearsed or measured: other bodies and judges, and around them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from handrail_orchestrator.context import StepContext
    from handrail_orchestrator.judge import Judge
    from handrail_orchestrator.step import Step

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Hooks:
    """Inherit from it and say what is different: ``Settings(hooks=...)``; these methods change nothing.

    A step and a judge are asked about once for each engine, not for each call.
    """

    rolls_out: bool = True
    """Whether steps and versions are let loose as far as their rollout says, and challengers asked; False where what is
    new is measured: then it is used in every run."""

    def step(self, step: "Step[P, R]") -> "Step[P, R]":
        """Return what is executed in place of a step; what it is called with and returns is stored as the step's."""
        return step

    def judge(self, judge: "Judge[P, T]") -> "Judge[P, T]":
        """Return who is asked in place of a judge."""
        return judge

    def around(self, context: "StepContext", body: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """Return what is awaited in place of each attempt of a body; ``body()`` is that attempt.

        What waits for the engine's clock here (``handrail_orchestrator.clock.sleep``) counts as waiting, not as work.
        """
        del context
        return body()
