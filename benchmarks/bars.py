"""Run every benchmark that has bars, one after the other; end with 1 when one of them is missed.

python benchmarks/bars.py [--only NAME]
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
DATA = FOLDER.parent.parent / "shared" / "data"
"""The data beside the checkout, which most of the guards' figures need."""

SCRIPTS: dict[str, tuple[str, ...]] = {
    "startup": (),
    "guards": ("--strict",) if DATA.is_dir() else ("--strict", "--only", "chain"),
    "ai_steps": (),
    "evals": (),
    "gate": ("--strict", "--repetitions", "1000"),
    "engine": ("--strict",),
    "console": (),
    "documents": ("--strict",),
    "operations": ("--strict",),
    "distributed": ("--strict",),
    **({"promise": ("--streams", "40", "--pools", "8", "--learning-streams", "0")} if DATA.is_dir() else {}),
}
"""What each is asked for; the gate in its short form, whose seeds are fixed, and the promise in one that prints what it
misses: on this data, as its page says, the bars of a promise of 2% are not all reached."""


def main() -> int:
    """Run them, then say which kept their bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--only", action="append", choices=tuple(SCRIPTS), metavar="NAME", help=f"of {', '.join(SCRIPTS)}"
    )
    ended: dict[str, tuple[int, float]] = {}
    for name in parser.parse_args().only or SCRIPTS:
        print(f"\n== benchmarks/{name}.py {' '.join(SCRIPTS[name])}", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, str(FOLDER / f"{name}.py"), *SCRIPTS[name]], check=False).returncode
        ended[name] = code, time.monotonic() - began
    print()
    for name, (code, seconds) in ended.items():
        print(f"{name:10} {'ok' if code == 0 else 'missed' if code == 1 else f'failed ({code})':12} {seconds:5.0f} s")
    return int(any(code for code, _ in ended.values()))


if __name__ == "__main__":
    sys.exit(main())
