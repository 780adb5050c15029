"""The command: draws labels again and again, and counts how often each method breaks its promise."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Figure, at_least, at_most
from bench.table import console, report
from guarantee_bench.command import CHOOSING, WAYS, Population, Way, ways
from guarantee_bench.gain import FITTED_ON, Gain, gains
from guarantee_bench.methods import METHODS
from guarantee_bench.predictions import FILES, ModelName, Tickets
from guarantee_bench.trial import Cell, World
from handrail_evals.decide.calibrate.promise import Promise

PROJECT = Path(__file__).parent.parent.parent
GOALS = {
    (0.02, 300): 34.0,
    (0.02, 1000): 78.0,
    (0.02, 3000): 94.0,
    (0.05, 300): 88.0,
    (0.05, 1000): 96.0,
    (0.05, 3000): 98.0,
}
"""Percent of the oracle's coverage to reach, by target and number of labels, as the mean over the populations."""
MOST_BROKEN = 5.0
FIRSTS: tuple[ModelName, ...] = ("local", "linear")
"""Whose answers an acceptor scores, while the other one of the two observes."""
ACCEPTOR_PROMISE = Promise(0.02)
SCORES = ("confidence", "margin", "acceptor", "chosen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/guarantee.py", description="Measure the guarantee.")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--only", choices=tuple(FILES), action="append", help="a population; all by default")
    parser.add_argument("--repetitions", type=int, default=400, help="draws of labels a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the cells there")
    parser.add_argument("--choosing", action="store_true", help="also a fifth that chooses the score: an hour")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a goal is missed")
    asked = parser.parse_args(arguments)
    tickets = asked.data / "tickets"
    if not tickets.is_dir():
        parser.error(f"there is no data in {tickets}; give the folder above it with --data")
    progress = Console(stderr=True)
    cells: list[Cell] = []
    found: list[Gain] = []
    commands: list[Way] = []
    tried = CHOOSING if asked.choosing else WAYS
    for data in asked.only or FILES:
        progress.log(f"{data}: predictions (minutes, the first time)")
        known = Tickets(data, tickets=tickets, cache=PROJECT / "build" / "guarantee")
        world = World(data, [each.scored() for each in known.population()])
        for target, labels in GOALS:
            progress.log(f"{data}: {target:.0%}, {labels} labels")
            cells += world.cells(Promise(target), labels, repetitions=asked.repetitions, seed=asked.seed)
        for first in FIRSTS:
            progress.log(f"{data}: what the command reaches with the {first} model")
            population = Population(data=data, first=first, cases=known.population(first))
            for target, labels in GOALS:
                commands += ways(
                    population, Promise(target), labels, repetitions=asked.repetitions, seed=asked.seed, tried=tried
                )
            progress.log(f"{data}: what an acceptor adds to the {first} model")
            found += gains(known, first, ACCEPTOR_PROMISE, repetitions=asked.repetitions, seed=asked.seed)
    printer = console()
    _print(printer, cells)
    _print_ways(printer, commands)
    _print_gains(printer, found)
    if asked.json is not None:
        measured = {
            "cells": [asdict(cell) for cell in cells],
            "command": [asdict(way) for way in commands],
            "acceptor": [asdict(gain) for gain in found],
        }
        asked.json.write_text(json.dumps(measured, indent=2) + "\n")
    missed = report("The guarantee", list(_figures(cells)))
    return missed if asked.strict else 0


def _print(printer: Console, cells: Sequence[Cell]) -> None:
    table = Table(title="Share of the oracle's coverage (promise broken)")
    for heading in ("data", "target", "labels", "oracle", *METHODS):
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for first in range(0, len(cells), len(METHODS)):
        row = cells[first : first + len(METHODS)]
        each = row[0]
        table.add_row(
            each.data,
            f"{each.target:.0%}",
            str(each.labels),
            f"{each.oracle:.1%}",
            *(f"{cell.share:.1%} ({cell.broken:.1%})" for cell in row),
        )
    printer.print(table)


def _print_ways(printer: Console, found: Sequence[Way]) -> None:
    names = list(dict.fromkeys(each.name for each in found))
    table = Table(title="handrail eval calibrate, without traffic: share of the oracle's coverage (promise broken)")
    for heading in ("data", "model", "target", "labels", *names):
        table.add_column(heading, justify="left" if heading in {"data", "model"} else "right")
    for first in range(0, len(found), len(names)):
        row = found[first : first + len(names)]
        each = row[0]
        shown = (f"{way.share:.1%} ({way.broken:.1%})" for way in row)
        table.add_row(each.data, each.first, f"{each.target:.0%}", str(each.labels), *shown)
    printer.print(table)


def _print_gains(printer: Console, found: Sequence[Gain]) -> None:
    table = Table(
        title=f"Coverage at {ACCEPTOR_PROMISE.target:.0%} by score (promise broken); acceptor of {FITTED_ON} cases"
    )
    for heading in ("data", "model", "labels", "oracle", *SCORES, "acceptor adds"):
        table.add_column(heading, justify="left" if heading in {"data", "model"} else "right")
    rows: dict[tuple[str, str, int], dict[str, Gain]] = {}
    for each in found:
        rows.setdefault((each.data, each.first, each.labels), {})[each.score] = each
    for (data, first, labels), by_score in rows.items():
        added = by_score["acceptor"].coverage - by_score["confidence"].coverage
        oracles = f"{by_score['confidence'].oracle:.1%}, {by_score['acceptor'].oracle:.1%}"
        shown = (f"{by_score[score].coverage:.1%} ({by_score[score].broken:.1%})" for score in SCORES)
        table.add_row(data, first, str(labels), oracles, *shown, f"{100 * added:+.1f} points")
    printer.print(table)


def _figures(cells: Sequence[Cell]) -> Iterator[Figure]:
    for (target, labels), goal in GOALS.items():
        reached = 100.0 * _mean(cells, target, labels)
        yield Figure("share of the oracle's coverage", f"{target:.0%}, {labels} labels", reached, bar=at_least(goal))
    for cell in cells:
        if cell.method == "guaranteed":
            name = f"{cell.data}, {cell.target:.0%}, {cell.labels} labels"
            yield Figure("promise broken", name, 100.0 * cell.broken, bar=at_most(MOST_BROKEN))


def _mean(cells: Sequence[Cell], target: float, labels: int) -> float:
    shares = [each.share for each in cells if (each.method, each.target, each.labels) == ("guaranteed", target, labels)]
    return sum(shares) / len(shares)
