"""The command: plays streams of real tickets under a promise, and prints what was reached beside the bars."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figure import Figure, at_least, at_most
from bench.table import console, report
from guarantee_bench.predictions import FILES, Tickets
from handrail_evals.decide.keeping.keeper import KeeperSettings
from promise_bench.stream import Played, play
from promise_bench.traffic import Traffic

PROJECT = Path(__file__).parent.parent.parent
MARKS = (1_000, 2_000, 5_000)
BARS: dict[tuple[str, float], tuple[float, ...]] = {
    ("banking77", 0.02): (65.0, 87.0, 93.0),
    ("clinc150", 0.02): (10.0, 38.0, 70.0),
    ("banking77", 0.05): (91.0, 94.0, 95.0),
    ("clinc150", 0.05): (86.0, 91.0, 94.0),
}
"""Percent of the oracle's coverage to reach after so many cases."""
DELTA = 0.05
BY_HAND = 0.8
HIGHEST_MICROSECONDS = 100.0
SURELY_BROKEN = 0.01
"""Streams broken so often that a true chance of DELTA gives as many once in a hundred times miss the bar."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/promise.py", description="Measure the keeper of promises.")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--only", choices=tuple(FILES), action="append", help="a population; all by default")
    parser.add_argument("--streams", type=int, default=100, help="streams a cell")
    parser.add_argument("--splits", type=int, default=3, help="splits into thresholds and traffic, streams in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong-labels", type=float, default=0.0, help="share of the labels that say the contrary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the cells there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    tickets = asked.data / "tickets"
    if not tickets.is_dir():
        parser.error(f"there is no data in {tickets}; give the folder above it with --data")
    progress, cells = Console(stderr=True), []
    for data in asked.only or FILES:
        progress.log(f"{data}: predictions (minutes, the first time)")
        known = Tickets(data, tickets=tickets, cache=PROJECT / "build" / "guarantee")
        answers = [(each.shares[0], each.right) for each in known.population()]
        splits = [Traffic.of(data, answers, seed=asked.seed + number) for number in range(asked.splits)]
        for (name, target), bars in BARS.items():
            if name == data:
                began = time.perf_counter()
                cells.append(_cell(splits, target, bars, asked))
                progress.log(f"{data}: {target:.0%}, {asked.streams} streams in {time.perf_counter() - began:.0f} s")
    _print(console(), cells)
    if asked.json is not None:
        asked.json.write_text(json.dumps(cells, indent=2) + "\n")
    missed = report("The promise", _figures(cells, asked.streams))
    return missed if asked.strict else 0


def _cell(splits: Sequence[Traffic], target: float, bars: tuple[float, ...], asked: Any) -> dict[str, Any]:
    settings = KeeperSettings(target=target, delta=DELTA)
    played: list[tuple[Traffic, Played]] = []
    for number in range(asked.streams):
        traffic = splits[number % len(splits)]
        stream = play(traffic, settings, MARKS, seed=asked.seed + number, wrong_labels=asked.wrong_labels)
        played.append((traffic, stream))
    by_hand = [traffic.truth(BY_HAND) for traffic in splits]
    return {
        "data": splits[0].name,
        "target": target,
        "oracle": fmean(traffic.oracle(target) for traffic in splits),
        "reached": [
            100 * fmean(each.marks[place].coverage / traffic.oracle(target) for traffic, each in played)
            for place in range(len(MARKS))
        ],
        "bars": list(bars),
        "reviews": [fmean(each.marks[place].reviews for _, each in played) for place in range(len(MARKS))],
        "broken": sum(each.marks[-1].is_broken for _, each in played),
        "microseconds": 1e6 * sum(each.keeper_seconds for _, each in played) / (len(played) * MARKS[-1]),
        "by_hand": [fmean(coverage for coverage, _ in by_hand), fmean(risk for _, risk in by_hand)],
    }


def _print(printer: Console, cells: Sequence[dict[str, Any]]) -> None:
    table = Table(title="Percent of the oracle's coverage after so many cases (bar); reviews of accepted cases")
    for heading in ("data", "target", "oracle", *(f"{mark:,}" for mark in MARKS), "broken", f"{BY_HAND} by hand"):
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for cell in cells:
        shown = zip(cell["reached"], cell["bars"], cell["reviews"], strict=True)
        coverage, risk = cell["by_hand"]
        table.add_row(
            cell["data"],
            f"{cell['target']:.0%}",
            f"{cell['oracle']:.1%}",
            *(f"{reached:.0f} ({bar:.0f}); {reviews:,.0f}" for reached, bar, reviews in shown),
            str(cell["broken"]),
            f"{coverage:.0%}, {risk:.1%} wrong",
        )
    printer.print(table)


def _figures(cells: Sequence[dict[str, Any]], streams: int) -> list[Figure]:
    most = most_broken(streams)
    found: list[Figure] = []
    for cell in cells:
        where = f"{cell['data']}, {cell['target']:.0%}"
        for mark, reached, bar in zip(MARKS, cell["reached"], cell["bars"], strict=True):
            found.append(Figure(where, f"of the oracle's coverage, {mark:,} cases", reached, bar=at_least(bar)))
        broken, spent = float(cell["broken"]), cell["microseconds"]
        found.append(Figure(where, f"broken of {streams} streams", broken, unit="", bar=at_most(float(most))))
        found.append(Figure(where, "the keeper's work a case", spent, unit="µs", bar=at_most(HIGHEST_MICROSECONDS)))
    return found


def most_broken(streams: int) -> int:
    """Return how many of so many streams may be broken where a bar is not missed."""
    return next(count for count in range(streams + 1) if _chance_of_more(count, streams) <= SURELY_BROKEN)


def _chance_of_more(count: int, streams: int) -> float:
    """Return how often more than so many streams are broken whose true chance is DELTA."""
    chance, total = (1 - DELTA) ** streams, 0.0
    for each in range(count + 1):
        total += chance
        chance *= (streams - each) / (each + 1) * DELTA / (1 - DELTA)
    return 1 - total
