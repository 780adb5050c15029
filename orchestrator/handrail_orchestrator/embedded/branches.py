"""Branches of a workflow that run side by side, each with names and a place of its own."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from typing import Any

from handrail_orchestrator.embedded.escapes import all_ended, escaped
from handrail_orchestrator.embedded.readable import readable
from handrail_orchestrator.run import Call
from handrail_orchestrator.suspension import Suspended, halted, unwinding

scope: contextvars.ContextVar[str] = contextvars.ContextVar("handrail_scope", default="")
"""What the names of calls in the current branch begin with."""
branch: contextvars.ContextVar[str | None] = contextvars.ContextVar("handrail_branch", default=None)
"""The current branch, in words that are recorded; None: the workflow itself."""


def leave_branches() -> None:
    """Stand in no branch: whatever was executing when this task was made, such as a body that woke another run."""
    if scope.get():
        scope.set("")
    if branch.get() is not None:
        branch.set(None)
    if halted.get() is not None:
        halted.set(None)


class Branches:
    """The branches of one run."""

    def __init__(self, run_id: str, fell_beside: Callable[[Sequence[BaseException]], None]) -> None:
        """Tell ``fell_beside`` of failures of branches that ran side by side, the first of which is raised."""
        self._run_id = run_id
        self._fell_beside = fell_beside

    async def all(self, name: str, branches: list[Call[Any]], left: Callable[[], None]) -> tuple[object, ...]:
        """Run branches side by side and return their results in order.

        ``left`` is called when a branch ignores its cancel, and is left behind.
        """
        if not branches:
            return ()
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[object]] = []
        for index, each in enumerate(branches):
            context = contextvars.copy_context()
            context.run(scope.set, f"{name}.{index}/")
            context.run(branch.set, f"{branch.get() or ''}{name} of {len(branches)}/")
            tasks.append(loop.create_task(_contained(each), context=context, name=self._run_id))
        try:
            await all_ended(tasks, left)
        finally:
            errors = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        waiting = next((error for error in errors if error is not None and not isinstance(error, Exception)), None)
        failures = [error for error in errors if isinstance(error, Exception)]
        if len(failures) > 1:
            self._fell_beside(failures)
        if (problem := waiting or next(iter(failures), None)) is not None:
            raise unwinding(problem) if isinstance(problem, Suspended) else problem
        return tuple(task.result() for task in tasks)


async def _contained(branch: Call[Any]) -> object:
    """Await a branch in a task; errors that would leave the event loop, or cannot be looked at, are its failure."""
    try:
        return await branch
    except BaseException as error:
        shown = readable(error)
        if shown is error and not isinstance(error, SystemExit | KeyboardInterrupt):
            raise
    raise escaped(shown)
