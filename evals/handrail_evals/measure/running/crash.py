"""What foreign code raised, as it is recorded."""

import traceback

from handrail_evals.measure.result.case_result import Crash
from handrail_ground.errors import is_order

TRACE_FRAMES = 12
TRACE_LENGTH = 4_000


def crash(error: BaseException) -> Crash:
    """Return what was raised, with the end of its trace."""
    trace = "".join(traceback.format_exception(error, limit=-TRACE_FRAMES))
    return Crash(type=type(error).__name__, message=words(error), trace=trace[-TRACE_LENGTH:])


def words(error: BaseException) -> str:
    """Return what an exception says, where it can say it."""
    try:
        return str(error)
    except BaseException as worse:
        if is_order(worse):
            raise
        return f"(it raises {type(worse).__name__} when it is asked what it says)"
