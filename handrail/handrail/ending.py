"""The end of the process where code that was called does not end: nobody waits for it for long."""

import os
import sys
import threading
from contextlib import suppress
from typing import Any

PATIENCE_SECONDS = 5.0
"""How long threads that measured code left at work, and what it wants to do at the end, may hold up the end."""


def leave_behind(code: Any) -> None:
    """End the process with the code of ``SystemExit``, although code that was measured goes on.

    A call that did not let itself be cancelled is left at once: Python would tell it once more to stop while it shuts
    down, and it may go round in circles for ever. Threads that Python would wait for have a little time.
    """
    measured = sys.modules.get("handrail_evals.measure.running.contained")
    executed = sys.modules.get("handrail_orchestrator.cli.leftovers")
    if measured is None and executed is None:
        return
    number = code if isinstance(code, int) else 0 if code is None else 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if any(module is not None and module.LEFT_BEHIND for module in (measured, executed)):
        os._exit(number)
    last = threading.Timer(PATIENCE_SECONDS, os._exit, (number,))
    last.daemon = True  # Python waits for the others, and not for this one
    last.start()
