"""Where tests put their files: into memory where there is enough of it, for thousands of them make a store on a disk.

A commit waits for the disk, and the tests make a hundred thousand of them. That a store is whole after ``kill -9``,
memory shows as a disk does; that a commit waits for the disk is SQLite's to keep.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- the folder of every Linux for files in memory
ENOUGH = 4 * 2**30
"""Bytes: a run of all tests leaves one gigabyte at the most, two of them side by side two."""


def choose_scratch() -> None:
    """Let this process and its children make their temporary files in memory, unless the caller chose a folder."""
    if not os.environ.get("TMPDIR") and _has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # found anew when it is asked for


def _has_room(folder: Path) -> bool:
    """Tell whether programs may run there and both the folder and the machine have room."""
    try:
        system = os.statvfs(folder)
        memory = Path("/proc/meminfo").read_text("ascii")
    except OSError:
        return False
    available = next((int(line.split()[1]) * 1024 for line in memory.splitlines() if "MemAvailable" in line), 0)
    room = min(system.f_bavail * system.f_frsize, available)
    return room >= ENOUGH and not system.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK)
