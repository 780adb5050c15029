"""A copy of this process that user code made with ``os.fork`` and let come back: it must not go on as the original.

It has the store and the locks of this process open, and would record its own failures in this process's name.
"""

import os
import traceback

FAILED = 1


def end_copy(original: int, error: BaseException | None = None) -> None:
    """End this process if it is not the one with that id, with the exit code that user code wanted."""
    if os.getpid() != original:
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
