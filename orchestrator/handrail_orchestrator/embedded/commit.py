"""The commit of a batch of changes: what all runs wait for that have a change in it."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any


class Commit(asyncio.Future[None]):
    """Done when a batch is on disk; shared by every run in it, so one of them cannot cancel it.

    Whoever waits is woken in the order of asking, all by one entry in the event loop's queue: an entry for each costs
    as much as what a run does between two commits, and keeps the garbage collector busy.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._told: deque[tuple[Callable[[Any], object], Context]] = deque()
        super().add_done_callback(self._wake)

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 -- the signature of Future
        """Refuse: the task that waits is cancelled as soon as the commit is done."""
        return False

    def add_done_callback(self, fn: Callable[[Any], object], /, *, context: Context | None = None) -> None:
        """Have a function called, in its context, once this is done."""
        if self.done():
            super().add_done_callback(fn, context=context)
        else:
            self._told.append((fn, copy_context() if context is None else context))

    def remove_done_callback(self, fn: Callable[[Any], object], /) -> int:
        """Take all calls of a function back, and return how many there were."""
        left = [each for each in self._told if each[0] != fn]
        removed = len(self._told) - len(left)
        if removed:
            self._told = deque(left)
        return removed + super().remove_done_callback(fn)

    def _wake(self, _: object = None) -> None:
        told, loop = self._told, self.get_loop()
        try:
            while told:
                function, context = told.popleft()
                try:
                    context.run(function, self)
                except (SystemExit, KeyboardInterrupt):
                    raise  # they end the loop, as out of any entry of its queue
                except BaseException as error:  # noqa: BLE001 -- the others are woken whatever one of them raises
                    message = f"exception in callback {function!r}"
                    loop.call_exception_handler({"message": message, "exception": error, "future": self})
        finally:
            if told:  # those wait still, whether the loop goes on or is run once more to end its tasks
                loop.call_soon(self._wake)
