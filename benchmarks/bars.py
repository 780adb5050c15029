"""Run every benchmark that has bars, in turn; end with 1 when one is missed, and say which and by how much.

python benchmarks/bars.py [--full] [--only NAME]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.table import GATHERED

FOLDER = Path(__file__).parent
DATA = FOLDER.parent.parent / "shared" / "data"
"""The data beside the checkout, which most of the guards' figures need."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a benchmark is asked for."""

    short: tuple[str, ...] | None = ()
    """For `make bench`: as small as a ratio can be that is what it is in full; None: it has no short form."""
    full: tuple[str, ...] = ()
    """For `make bench-full`, from which the figures in the documentation are taken."""


GUARDS = ("--strict",) if DATA.is_dir() else ("--strict", "--only", "chain")

SCRIPTS: Mapping[str, Script] = {
    "startup": Script(("--rounds", "9"), ("--rounds", "15")),
    "guards": Script(GUARDS, GUARDS),
    "ai_steps": Script(("--calls", "60", "--rounds", "5")),
    "evals": Script(),
    "gate": Script(("--strict", "--repetitions", "250"), ("--strict", "--repetitions", "1000")),
    "engine": Script(("--strict", "--short"), ("--strict",)),
    "console": Script(("--items", "20000")),
    "documents": Script(("--strict",), ("--strict",)),
    "operations": Script(("--strict", "--short"), ("--strict",)),
    "distributed": Script(("--strict", "--short"), ("--strict",)),
    **({"promise": Script(None)} if DATA.is_dir() else {}),
}
"""In order; the seeds of the gate are fixed. The promise prints what it misses: on this data, as its page says, the
bars of a promise of 2% are not all reached."""


def main() -> int:
    """Run them, then say which kept their bars, and each bar that was missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true", help="everything at full size: hours")
    parser.add_argument(
        "--only", action="append", choices=tuple(SCRIPTS), metavar="NAME", help=f"of {', '.join(SCRIPTS)}"
    )
    asked = parser.parse_args()
    chosen = {name: SCRIPTS[name] for name in asked.only or SCRIPTS}
    ended: dict[str, tuple[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        missed = Path(folder) / "missed"
        environment = {**os.environ, GATHERED: str(missed)}
        for name, script in chosen.items():
            options = script.full if asked.full else script.short
            if options is None:
                print(f"\n== benchmarks/{name}.py is a part of the full run: --full")
                continue
            print(f"\n== benchmarks/{name}.py {' '.join(options)}", flush=True)
            began = time.monotonic()
            command = [sys.executable, str(FOLDER / f"{name}.py"), *options]
            known = _lines(missed)
            code = subprocess.run(command, check=False, env=environment).returncode
            ended[name] = called(code, says=_lines(missed) != known), time.monotonic() - began
        lines = _lines(missed)
    print()
    for name, (how, seconds) in ended.items():
        print(f"{name:12} {how:12} {seconds:5.0f} s")
    print(f"{'all':12} {'':12} {sum(seconds for _, seconds in ended.values()):5.0f} s")
    for line in lines:
        print(f"missed: {line}")
    return int(any(how != "ok" for how, _ in ended.values()))


def called(code: int, *, says: bool) -> str:
    """Return how a benchmark ended; one that ends with 1 and says of no bar that it was missed did not measure."""
    if code == 0:
        return "ok"
    return "missed" if code == 1 and says else f"failed ({code})"


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


if __name__ == "__main__":
    sys.exit(main())
