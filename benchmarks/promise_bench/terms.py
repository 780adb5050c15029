"""The command: how often each kind of promise is broken, where all is bad by a hair and where it is not."""

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figure import Figure, at_least, at_most
from bench.table import console, report
from handrail_guards.promise import PromiseTerms, promise
from promise_bench.measured import most_broken
from promise_bench.parts import PartCase, play_parts

LABELS = ("refund", "urgent", "other")
CASES = 6_000
"""In a population."""
HAIR = 1.01
"""So many times the bar is wrong, at every threshold, in the bad populations."""
BAR = 0.1
BAD, RISING = RISKS = ("bad by a hair", "rising")
"""All thresholds break the promise, or the lower half of the scores is wrong in three of ten cases, and the upper in
one of a hundred."""


class Wrongs:
    """What is wrong in a population whose cases come by falling score: by chance, or, with none, by a quota.

    A quota makes every threshold bad by a hair: of the surest cases of each sort, however many, more is wrong than the
    bar allows.
    """

    def __init__(self, chance: random.Random | None) -> None:
        self._chance = chance
        self._counts: dict[str, int] = {}

    @property
    def is_quota(self) -> bool:
        """Whether all thresholds are bad."""
        return self._chance is None

    def wrong(self, sort: str, score: float) -> bool:
        """Return whether the next case of a sort is wrong."""
        if self._chance is not None:
            return self._chance.random() < (0.01 if score > 0.5 else 0.3)
        count = self._counts[sort] = self._counts.get(sort, 0) + 1
        return math.ceil(count * HAIR * BAR) > math.ceil((count - 1) * HAIR * BAR)


def by_tier(score: float, place: int, wrongs: Wrongs) -> PartCase:
    """Return a case of one of three groups, of which one is as bad as the others."""
    group = ("gold", "silver", "bronze")[place % 3]
    return PartCase(score, "other", "refund" if wrongs.wrong(group, score) else "other", group)


def by_label(score: float, place: int, wrongs: Wrongs) -> PartCase:
    """Return a case that is answered with one of three labels."""
    answer, another = LABELS[place % 3], LABELS[(place + 1) % 3]
    return PartCase(score, answer, another if wrongs.wrong(answer, score) else answer)


def missing(score: float, place: int, wrongs: Wrongs) -> PartCase:
    """Return a case of one of three labels; what is urgent is answered otherwise, and is surest if all is bad."""
    truth = LABELS[place % 3]
    if truth == "urgent" and wrongs.wrong("urgent", score):
        return PartCase(1.0 if wrongs.is_quota else score, "other", truth)
    return PartCase(score, truth, truth)


def both(score: float, place: int, wrongs: Wrongs) -> PartCase:
    """Return a case where urgent ones are missed and others are wrong."""
    case = missing(score, place, wrongs)
    if case.truth == "urgent" or not wrongs.wrong(case.answer, score):
        return case
    return PartCase(score, case.answer, "refund" if case.answer == "other" else "other")


def by_field(score: float, place: int, wrongs: Wrongs) -> PartCase:
    """Return a record of which fields are wrong, one apart from the other."""
    del place
    return PartCase(score, wrong_fields=tuple(name for name in ("number", "total") if wrongs.wrong(name, score)))


KINDS: dict[str, tuple[PromiseTerms, Callable[[float, int, Wrongs], PartCase]]] = {
    "groups": (promise(wrong_at_most=BAR, by="tier"), by_tier),
    "labels": (promise(wrong_at_most=dict.fromkeys(LABELS, BAR)), by_label),
    "missed": (promise(missed_at_most=BAR, label="urgent"), missing),
    "wrong and missed": (promise(wrong_at_most=BAR, missed_at_most=BAR, label="urgent"), both),
    "labels and missed": (
        promise(wrong_at_most=dict.fromkeys(LABELS, BAR), missed_at_most=BAR, label="urgent"), both,
    ),
    "fields": (promise(wrong_at_most={"number": BAR, "total": BAR}), by_field),
    "costs": (promise(cost_of_wrong=1 / BAR, cost_of_review=1.0), by_label),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/promise_terms.py", description="Measure each kind of promise.")
    parser.add_argument("--only", choices=tuple(KINDS), action="append", help="a kind; all by default")
    parser.add_argument("--streams", type=int, default=200, help="streams a cell")
    parser.add_argument("--cases", type=int, default=3_000, help="cases a stream")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the cells there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    progress, cells = Console(stderr=True), []
    for kind in asked.only or KINDS:
        for name in RISKS:
            began = time.perf_counter()
            cells.append(_cell(kind, name, asked))
            progress.log(f"{kind}, {name}: {asked.streams} streams in {time.perf_counter() - began:.0f} s")
    _print(console(), cells, asked.streams)
    if asked.json is not None:
        asked.json.write_text(json.dumps(cells, indent=2) + "\n")
    missed = report("The terms of a promise", _figures(cells, asked.streams))
    return missed if asked.strict else 0


def _cell(kind: str, name: str, asked: Any) -> dict[str, Any]:
    terms, made = KINDS[kind]
    broken: dict[str, int] = {}
    coverage, ever = [], 0
    for number in range(asked.streams):
        chance = random.Random(asked.seed + number)
        wrongs = Wrongs(None if name == BAD else chance)
        cases = [made(1 - (place + 0.5) / CASES, place, wrongs) for place in range(CASES)]
        chance.shuffle(cases)
        played = play_parts(terms, cases, asked.cases, seed=asked.seed + number, by_field=kind == "fields")
        coverage.append(played.coverage)
        ever += bool(played.broken)
        for each in played.broken:
            broken[each] = broken.get(each, 0) + 1
    # each group has a promise of its own, and all other parts hold at once
    worst = max(broken.values(), default=0) if terms.by is not None else ever
    return {"kind": kind, "risk": name, "broken": worst, "parts": broken, "coverage": fmean(coverage)}


def _print(printer: Console, cells: Sequence[dict[str, Any]], streams: int) -> None:
    table = Table(title=f"Broken of {streams} streams, at 95%, and what is accepted in the end")
    for heading in ("kind", "risk", "broken", "by part", "coverage"):
        table.add_column(heading, justify="left" if heading in {"kind", "risk", "by part"} else "right")
    for cell in cells:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(cell["parts"].items()))
        table.add_row(cell["kind"], cell["risk"], str(cell["broken"]), parts, f"{cell['coverage']:.1%}")
    printer.print(table)


def _figures(cells: Sequence[dict[str, Any]], streams: int) -> list[Figure]:
    most = float(most_broken(streams))
    found: list[Figure] = []
    for cell in cells:
        where = f"{cell['kind']}, {cell['risk']}"
        found.append(Figure(where, f"broken of {streams} streams", float(cell["broken"]), unit="", bar=at_most(most)))
        if cell["risk"] == RISING:
            found.append(Figure(where, "accepted in the end", 100 * cell["coverage"], bar=at_least(20.0)))
    return found
