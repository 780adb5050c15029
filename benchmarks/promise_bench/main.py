"""The command: plays streams of real tickets under a promise, and prints what was reached beside the bars."""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from bench.figure import Figure
from bench.table import console, report
from guarantee_bench.predictions import FILES, Tickets
from handrail_ai_steps.models.learning import EMBEDDINGS
from promise_bench import measured
from promise_bench.exchanged import TwoModels
from promise_bench.kept import KeptStreams
from promise_bench.traffic import Traffic

PROJECT = Path(__file__).parent.parent.parent
Part: TypeAlias = Callable[[measured.Bench], list[Figure]]
PARTS: Mapping[str, Part] = {
    "streams": measured.streams,
    "few": measured.few,
    "designed": measured.designed,
    "late": measured.late,
    "errors": measured.errors,
    "drift": measured.drift,
    "rescored": measured.rescored,
    "batch": measured.batch,
    "learning": measured.learning,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/promise.py", description="Measure the keeper of promises.")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--population", choices=tuple(FILES), action="append", help="all by default")
    parser.add_argument("--target", type=float, choices=(0.02, 0.05), action="append", help="all by default")
    parser.add_argument("--only", choices=tuple(PARTS), action="append", help="a part; all by default")
    parser.add_argument("--streams", type=int, default=400, help="streams a cell")
    parser.add_argument("--pools", type=int, default=40, help="pools a cell of the part batch")
    parser.add_argument("--long", action="store_true", help="streams of 20,000 cases, not of 5,000")
    parser.add_argument("--splits", type=int, default=3, help="splits into thresholds and traffic, streams in turn")
    parser.add_argument(
        "--learning-streams", type=int, default=1, help="streams of the part learning, minutes of processor time each"
    )
    parser.add_argument("--embedding", choices=EMBEDDINGS, default="", help="of the model of the part learning")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="FILE",
        default=PROJECT / "build" / "promise" / "streams.jsonl",
        help="where streams are kept as they are played: the same command goes on where it was stopped",
    )
    parser.add_argument("--peers-python", type=Path, default=PROJECT / ".venv-bench" / "bin" / "python")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    if not (asked.data / "tickets").is_dir():
        parser.error(f"there is no data in {asked.data / 'tickets'}; give the folder above it with --data")
    progress, figures = Console(stderr=True), list[Figure]()
    if not asked.peers_python.exists():
        progress.log(f"no {asked.peers_python}: packages to compare with are left out; `make bench` installs them")
    bench = measured.Bench(
        traffic=_traffic(asked, progress) if asked.only != ["learning"] else {},
        two_models=_two_models(asked) if "rescored" in (asked.only or PARTS) else {},
        streams=asked.streams,
        pools=asked.pools,
        is_long=asked.long,
        seed=asked.seed,
        peers=asked.peers_python if asked.peers_python.exists() else None,
        tickets=asked.data / "tickets",
        kept=KeptStreams(asked.kept),
        targets=asked.target or (0.02, 0.05),
        learning_streams=asked.learning_streams,
        embedding=asked.embedding,
    )
    for name in asked.only or PARTS:
        began = time.perf_counter()
        figures += PARTS[name](bench)
        progress.log(f"{name}: {time.perf_counter() - began:.0f} s")
    missed = report("The promise", figures)
    if "streams" in (asked.only or PARTS):
        console().print(measured.bars_table(bench))
    if asked.json is not None:
        told = [[each.part, each.name, each.value, each.unit, each.mark, each.note] for each in figures]
        asked.json.write_text(json.dumps(told, indent=1) + "\n")
    return missed if asked.strict else 0


def _traffic(asked: Any, progress: Console) -> Mapping[tuple[str, measured.Score], list[Traffic]]:
    found: dict[tuple[str, measured.Score], list[Traffic]] = {}
    for data in asked.population or FILES:
        progress.log(f"{data}: predictions (minutes, the first time)")
        known = Tickets(data, tickets=asked.data / "tickets", cache=PROJECT / "build" / "guarantee")
        numbers = range(asked.seed, asked.seed + asked.splits)
        strong, weak = known.population("local"), known.population("linear")
        found[data, "strong"] = [Traffic.of(data, strong, seed=number) for number in numbers]
        found[data, "weak"] = [Traffic.of(data, weak, seed=number) for number in numbers]
        found[data, "useless"] = [Traffic.of(data, weak, seed=number, is_useless=True) for number in numbers]
    return found


def _two_models(asked: Any) -> Mapping[str, list[TwoModels]]:
    found: dict[str, list[TwoModels]] = {}
    for data in asked.population or FILES:
        known = Tickets(data, tickets=asked.data / "tickets", cache=PROJECT / "build" / "guarantee")
        weak, strong = known.population("linear"), known.population("local")
        found[data] = [TwoModels.of(weak, strong, seed=asked.seed + number) for number in range(asked.splits)]
    return found
