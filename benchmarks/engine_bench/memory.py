"""How much memory this process has held."""

import resource
import sys
from pathlib import Path


def peak_megabytes() -> float:
    """Return the most memory this process ever had resident, in MB of 1,000,000 bytes.

    Linux counts a child's ``ru_maxrss`` from the parent it was forked from, so its own peak is read from ``/proc``.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte / 1e6
