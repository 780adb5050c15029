"""Run a page in a process and a folder of its own, with the environment a reader has."""

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_SECONDS = 540
LOADS = ".loads"


@dataclass(frozen=True, slots=True)
class PageRun:
    """What came of running a page."""

    code: int
    """0 when every block did what the page says."""
    output: str
    """Everything its blocks printed, the reason of a failure last."""
    loaded: frozenset[str] = frozenset()
    """The libraries that it loaded, by the first part of their import names."""


def run_page(page: Path, folder: Path, *, once: bool = False) -> PageRun:
    """Run every block of the page in ``folder``, which should be empty; kill it after ``TIMEOUT_SECONDS``.

    The program of its Python blocks runs once more over what it left, unless ``once``.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.docs.page_process", str(page), str(folder), *(["once"] if once else [])],
        cwd=ROOT,
        env=_readers_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that what the page started ends with it
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nnot done after {TIMEOUT_SECONDS} seconds"
    said = folder / LOADS
    return PageRun(process.returncode, output, frozenset(said.read_text("utf-8").split() if said.exists() else ()))


def _readers_environment(folder: Path) -> dict[str, str]:
    # A page shows and the tests measure: what its commands run is not counted, which would double their time.
    left_out = ("PYTHONDONTWRITEBYTECODE", "COVERAGE_", "COV_CORE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {
        **inherited,
        # What a reader has installed is compiled; every command of a page would compile it anew.
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"handrail-docs-{os.getuid()}"),
        "HOME": str(folder),
        "HANDRAIL_PAGE_LOADS": str(folder / LOADS),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "120",
    }
