"""A child process that speaks lines of JSON: what a worker of the benchmark is to the benchmark."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from engine_bench.errors import ChildFailed

BENCHMARKS = Path(__file__).parent.parent
"""The folder that makes ``engine_bench`` importable."""

MODULE = ("-P", "-m")
"""Runs a module without looking for others in the current folder first."""


def environment() -> dict[str, str]:
    """Return the environment of a child: ours, with the benchmark importable."""
    return {**os.environ, "PYTHONPATH": str(BENCHMARKS)}


def emit(**message: Any) -> None:
    """Say something to the parent; called in the child."""
    os.write(1, json.dumps(message).encode() + b"\n")


class Child:
    """A worker process of ours, ended with the block it is opened in."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, *MODULE, module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def listen(self) -> dict[str, Any]:
        """Return the next message of the child.

        Raises:
            ChildFailed: it ended without one.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildFailed(f"{self._module} ended with {self._process.wait()} before it said what was asked")
        message: dict[str, Any] = json.loads(line)
        return message

    def tell(self, word: str) -> None:
        """Send the child a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Kill the child with -9, unless it has ended, and reap it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
