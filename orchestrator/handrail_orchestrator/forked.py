"""A copy of this process that user code made with ``os.fork`` and let come back: it must not go on as the original.

It has the store and the locks of this process open, and would record its own failures in this process's name.
"""

import os
import traceback

FAILED = 1


class Process:
    """The process that this code runs in, as far as it is a copy; asking the system for its id costs as much as a step.

    ``generation`` is 0 in the first process and counts up in each copy that is made with ``os.fork``.
    """

    __slots__ = ("generation",)

    def __init__(self) -> None:
        self.generation = 0

    def became_copy(self) -> None:
        """Take note of being a copy from now on."""
        self.generation += 1


this_process = Process()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=this_process.became_copy)


def end_copy(original: int, error: BaseException | None = None) -> None:
    """End this process if it is not of that generation, with the exit code that user code wanted."""
    if this_process.generation != original:
        _end(error)


def _end(error: BaseException | None) -> None:
    code = error.code if isinstance(error, SystemExit) else FAILED
    if not (code is None or isinstance(code, int)):
        _say(str(code))
    elif not isinstance(error, SystemExit):
        _say("" if error is None else "".join(traceback.format_exception(error)))
        _say("handrail: a copy of this process that os.fork made came back into Handrail; end it with os._exit")
    os._exit(
        0 if code is None else code if isinstance(code, int) else FAILED
    )  # streams hold what the original will say


def _say(text: str) -> None:
    os.write(2, f"{text}\n".encode(errors="backslashreplace"))
