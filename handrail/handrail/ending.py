"""The end of the process where code that was called does not end: nobody waits for it."""

import os
import sys
from contextlib import suppress
from typing import Any


def leave_behind(code: Any) -> None:
    """End the process at once, with the code of ``SystemExit``, where a call did not let itself be cancelled.

    Python would tell such code once more to stop while it shuts down, and it may go round in circles for ever.
    """
    contained = sys.modules.get("handrail_evals.measure.running.contained")
    if contained is None or not contained.LEFT_BEHIND:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
