"""How much memory a process has held."""

import re
import resource
import subprocess
import sys
from pathlib import Path

PRINTED = r"""
import re
print(int(re.findall(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[0]) * 1024 / 1e6)
"""


def peak_megabytes() -> float:
    """Return the most memory this process ever had resident, in MB of 1,000,000 bytes.

    Linux counts a child's ``ru_maxrss`` from the parent it was forked from, so its own peak is read from ``/proc``.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) * 1024 / 1e6
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte / 1e6


def megabytes_of(program: str) -> float:
    """Return the most memory that a process of its own holds that does only this; where there is ``/proc``."""
    done = subprocess.run([sys.executable, "-c", program + PRINTED], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
