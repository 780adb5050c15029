"""The process a peer is measured in: reads its load from the command line, prints what it spent as JSON."""

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from engine_bench.load import Load
from engine_bench.spent import Spent

Measure = Callable[[Path, Load], Coroutine[Any, Any, Spent]]
"""Puts a load on a new database file."""


def command(module: str, file: Path, load: Load) -> list[str]:
    """Return the module and its arguments that put the load on a peer."""
    numbers = ("--runs", str(load.runs), "--concurrency", str(load.concurrency), "--warm-up", str(load.warm_up))
    return [module, str(file), *numbers]


def main(measure: Measure) -> None:
    """Measure as the command line says and print one line of JSON, whatever the peer itself prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    arguments = parser.parse_args()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    load = Load(arguments.runs, arguments.concurrency, arguments.warm_up)
    spent = asyncio.run(measure(arguments.file, load))
    print(json.dumps(dataclasses.asdict(spent)), file=output, flush=True)
