"""The command: measures every part asked for, and prints one table."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from documents_bench.embedded import embedded_rows
from documents_bench.extractor import extractor_rows
from documents_bench.formats import format_rows
from documents_bench.hidden import hidden_rows
from documents_bench.places import place_rows
from documents_bench.reading import reading_rows
from documents_bench.values import value_rows

PROJECT = Path(__file__).parent.parent.parent

PARTS: dict[str, Callable[[Path], Iterable[Figure]]] = {
    "reading": reading_rows,
    "formats": format_rows,
    "hidden": hidden_rows,
    "embedded": embedded_rows,
    "values": value_rows,
    "places": place_rows,
    "extractor": extractor_rows,
}
"""What is measured, in the order of the table."""
OF_ALL_DATA = ("reading", "embedded", "extractor")
"""Parts that look for what they need in the folder of the data, and do without; the others need its documents."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/documents.py", description="Measure the reading of documents.")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    progress = Console(stderr=True)
    figures: list[Figure] = []
    for name in asked.only or PARTS:
        folder = asked.data if name in OF_ALL_DATA else asked.data / "documents"
        if name not in OF_ALL_DATA and not folder.is_dir():
            progress.log(f"not measured: {name}; there are no documents in {folder}")
            continue
        progress.log(f"measuring: {name}")
        figures += PARTS[name](folder)
    missed = report("Documents", figures, write=asked.json)
    return missed if asked.strict else 0
