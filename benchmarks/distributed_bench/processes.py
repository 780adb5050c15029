"""What processes spend: the processor time and the memory of one, and of all that it started."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Stat:
    """Of ``/proc/PID/stat``, what is read here."""

    parent: int
    own: int
    """Ticks of the process itself, all its threads."""
    ended: int
    """Ticks of its children that ended."""


def _stat(pid: int) -> _Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None  # it has ended
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return _Stat(int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]))


def tree(pid: int) -> Iterator[int]:
    """Yield a process, and all that it and they started."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (found := _stat(int(entry.name))) is not None:
            children.setdefault(found.parent, []).append(int(entry.name))
    ahead = [pid]
    while ahead:
        each = ahead.pop()
        yield each
        ahead += children.get(each, ())


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process and all that it started, whether that is there or has ended."""
    stats = [found for each in tree(pid) if (found := _stat(each)) is not None]
    return sum(each.own + each.ended for each in stats) / TICKS


def memory_mb(pid: int) -> float:
    """Return the memory of a process and all that it started; what several share is counted once."""
    total = 0
    for each in tree(pid):
        try:
            rollup = (PROC / str(each) / "smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024
