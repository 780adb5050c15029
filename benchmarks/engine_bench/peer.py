"""A peer engine, measured in a process of its own so that neither disturbs the other."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine_bench.child import MODULE, environment
from engine_bench.errors import PeerFailed
from engine_bench.load import Load
from engine_bench.peer_process import command
from engine_bench.spent import Spent

LONGEST_SECONDS = 600
"""After which a peer's measurement is given up."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine that is installed in another environment."""

    name: str
    """The name in the table."""
    module: str
    """The module that measures it, run as a process."""
    distribution: str
    """The installed package whose version is shown."""
    python: Path
    """The interpreter that has it."""

    def version(self) -> str | None:
        """Return the installed version, or None when the peer is not installed."""
        if not self.python.exists():
            return None
        code = f"from importlib.metadata import version; print(version({self.distribution!r}))"
        found = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=False)
        return found.stdout.strip() if found.returncode == 0 else None

    def measure(self, file: Path, load: Load) -> Spent:
        """Put the load on the peer in a new process and return what that process spent.

        Raises:
            PeerFailed: it crashed, or took longer than ``LONGEST_SECONDS``.
        """
        try:
            done = subprocess.run(
                [self.python, *MODULE, *command(self.module, file, load)],
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
                env=environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise PeerFailed(f"{self.name} took longer than {LONGEST_SECONDS} s") from error
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["nothing"]
            raise PeerFailed(f"{self.name} ended with {done.returncode} and wrote: {last[0]}")
        return Spent(**json.loads(done.stdout))


def peers(python: Path) -> tuple[Peer, ...]:
    """Return the peers we compare with, whether they are installed or not."""
    return (
        Peer("DBOS", "engine_bench.dbos_side", "dbos", python),
        Peer("LangGraph", "engine_bench.langgraph_side", "langgraph", python),
    )
