"""The processor time of this process and of all that it started, whether that is there or has ended."""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SETTLED_SECONDS = 0.02
"""Until what follows an answer has been done, and a process that has nothing more to do has ended."""
_SCHEDULED = 2
"""``CPUCLOCK_SCHED`` of Linux: what the scheduler has given a process, all its threads, those that ended too."""


def seconds_of(process: int) -> float:
    """Return the user and system time of a process to the nanosecond, its children excluded.

    Raises:
        OSError: there is no such process any more.
    """
    return time.clock_gettime((~process << 3) | _SCHEDULED)


def seconds_of_all() -> float:
    """Return the user and system time of this process and of all below it, to two hundredths of a second.

    To be looked at when they have nothing to do: it lets them come to rest, and a process that ended in between might
    be counted with its parent and by itself, or with neither.
    """
    time.sleep(SETTLED_SECONDS)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + ended.ru_utime + ended.ru_stime
    for process in below(os.getpid()):
        try:
            spent += seconds_of(process) + _ended_below(process)
        except OSError:  # it has ended
            continue
    return spent


def below(process: int) -> Iterator[int]:
    """Yield what a process started, and what they started, on Linux."""
    try:
        listed = [each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:  # it has ended
        return
    for child in map(int, " ".join(listed).split()):
        yield child
        yield from below(child)


def _ended_below(process: int) -> float:
    """Return the processor time of a process's children that ended, which is told in hundredths of a second."""
    told = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    fields = told.rpartition(")")[2].split()  # the name before it may hold anything
    return (int(fields[13]) + int(fields[14])) / TICKS
