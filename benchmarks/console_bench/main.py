"""Fill a store, measure the queue alone, the server and the browser on it, and print one table.

python benchmarks/console.py [--items 100000] [--only desk] [--store queue.db]
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.figure import Figure
from bench.table import console, report
from console_bench.browser import browser_rows
from console_bench.desk import desk_rows
from console_bench.figures import figure_rows
from console_bench.packages import package_rows
from console_bench.seed import seed
from console_bench.server import server_rows

PARTS: dict[str, Callable[[Path, int], Sequence[Figure]]] = {
    "desk": desk_rows,
    "figures": figure_rows,
    "server": server_rows,
    "browser": browser_rows,
    "packages": package_rows,
}


def main() -> int:
    """Measure, print the table, and return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--items", type=int, default=100_000, help="open items, ten step records each")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the full store: made once, copied for each part")
    parser.add_argument("--fill", action="store_true", help="only make the full store")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="handrail-console-"))
    figures: list[Figure] = []
    try:
        full = options.store or folder / "queue.db"
        if not full.exists():
            console().log(f"filling a store with {options.items:,} open items")
            seed(full, options.items)
        if options.fill:
            return 0
        for name in options.only or PARTS:
            console().log(f"measuring: {name}")
            file = folder / f"{name}.db"
            shutil.copyfile(full, file)
            figures += PARTS[name](file, options.items)
            file.unlink()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report("The console", figures)
