"""Our own errors and other people's: what we raise on purpose, and what foreign code may raise.

A guard, a judge, a validator, a rule, a model: each may raise anything at all, ``SystemExit`` and a cancellation that
nobody asked for included. None of it may end more than the one call it happened in: its own failures become values,
orders to stop pass.
"""

import sys
from typing import Any

LONGEST = 300
"""Characters of an exception's own words that a reason repeats."""


class HandrailError(Exception):
    """The root of every error this project raises on purpose."""


class Order(BaseException):
    """The root of what our own code raises to stop everything above it, foreign code included."""


def is_order(error: BaseException) -> bool:
    """Return whether an exception caught around foreign code is meant for us, and has to be raised again.

    To be called in the ``except`` clause. Such are Ctrl-C, the cancellation of the running task, and the closing of
    the coroutine that waits, and an ``Order``. Everything else is a failure of the code that raised it.
    """
    if isinstance(error, KeyboardInterrupt | Order):
        return True
    asyncio: Any = sys.modules.get("asyncio")  # guards load no event loop; where one runs, somebody has
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return _is_cancelled(asyncio)
    # A coroutine that is closed is told so where it waits, so that no frame of the code below it is in the traceback.
    return isinstance(error, GeneratorExit) and (error.__traceback__ is None or error.__traceback__.tb_next is None)


def told(error: BaseException) -> str:
    """Return an exception in words: its type, and what it says where it can say it."""
    kind = type(error).__name__
    try:
        said = " ".join(str(error).split())
    except BaseException as worse:
        if is_order(worse):
            raise
        return f"{kind} (which raises {type(worse).__name__} when it is asked what it says)"
    said = said[:LONGEST].encode(errors="backslashreplace").decode()  # half of a surrogate pair can be stored nowhere
    return f"{kind}: {said}" if said else kind


def told_in_thread(error: BaseException) -> str:
    """Return an exception in words where no order to stop can come to: in a thread beside the main one."""
    try:
        return told(error)
    except BaseException as worse:  # noqa: BLE001 -- its own code runs here, and would end the thread
        return f"{type(error).__name__} (which raises {type(worse).__name__} when it is asked what it says)"


def _is_cancelled(asyncio: Any) -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread, so nobody can have cancelled it
        return False
    return bool(task is not None and task.cancelling() > 0)
