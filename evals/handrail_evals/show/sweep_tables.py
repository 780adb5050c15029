"""A sweep in a table, in words, as data, and as Markdown."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from handrail_evals.decide.sweep_confirmation import Confirmation
from handrail_evals.decide.sweep_verdicts import CellVerdict, SweepVerdict
from handrail_evals.decide.verdict import to_data as comparison_data
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.sweeping.purse import SweepPurse
from handrail_evals.numbers.metrics.answers import answered
from handrail_evals.numbers.metrics.scores import average_score
from handrail_evals.numbers.statistics.intervals import Certainty, value_at
from handrail_evals.show.markdown import inert, rows_of
from handrail_evals.show.tables import LEVEL_DIGITS, Table, figure, span
from handrail_ground.shares import in_digits, in_percent, signed

FORMAT = "handrail-sweep/1"
"""What the data of a sweep call themselves."""

PER_CASES = 1000
"""Money is told for so many cases."""

LEAST_FLATTERY = 0.001
"""Less is not worth a number."""


def table(verdict: SweepVerdict) -> Table:
    """Return the cells, the best score first."""
    baseline = verdict.baseline
    main = baseline.measured.evaluation.result.metrics[0]
    rows = [_row(each, verdict) for each in ranked(verdict)]
    columns = (
        "variant",
        main,
        "95%",
        "− baseline",
        f"{in_digits(verdict.level, LEVEL_DIGITS)} of all",
        "verdict",
        f"money/{PER_CASES:,}",
        "p50",
        "p95",
    )
    return Table("Variants", columns, rows, frozenset({1, 2, 3, 4, 6, 7, 8}))


def ranked(verdict: SweepVerdict) -> list[CellVerdict]:
    """Return the cells, the best score first; those without one last."""
    return sorted(verdict.cells, key=lambda each: -1e300 if each.score is None else -each.score)


def _row(cell: CellVerdict, verdict: SweepVerdict) -> tuple[str, ...]:
    result = cell.measured.evaluation.result
    main = average_score(result.cases, result.metrics[0], Certainty())
    seconds = _latency(result.cases)
    difference = ("", "")
    if cell.comparison is not None:
        found = next(iter(cell.comparison.metrics.values())).judgement.difference
        difference = (signed(found.estimate), f"[{signed(found.low)}, {signed(found.high)}]")
    return (
        f"{cell.measured.cell.name}{' ←' if cell is verdict.picked else ''}",
        figure(main.value, main.unit),
        span(main.interval, main.unit),
        *difference,
        word(cell, verdict),
        money(cell),
        figure(seconds[0], "seconds"),
        figure(seconds[1], "seconds"),
    )


def word(cell: CellVerdict, verdict: SweepVerdict) -> str:
    """Return how a cell stands, in a word or two."""
    if cell is verdict.baseline:
        return "baseline" if cell.measured.is_whole else f"baseline, {unfinished(cell)}"
    if cell.comparison is not None:
        broken = cell.comparison.broken
        return "WORSE, must-pass fails" if broken else cell.comparison.standing.value.upper()
    if cell.measured.same_as:
        return "the same"
    return unfinished(cell) or "not compared"


def unfinished(cell: CellVerdict) -> str:
    """Return what of a cell is missing; empty when nothing is."""
    evaluation = cell.measured.evaluation
    there = len(evaluation.result.cases)
    if evaluation.crashed:
        return f"{len(evaluation.crashed):,} crashed"
    return f"{there:,} of {evaluation.wanted:,} asked" if there < evaluation.wanted else ""


def money(cell: CellVerdict) -> str:
    """Return what so many cases cost; a dash where nobody knows."""
    return figure(None if cell.money is None else cell.money * PER_CASES, "money")


def _latency(cases: tuple[CaseResult, ...]) -> tuple[float | None, float | None]:
    seconds = sorted(each.seconds for each in answered(cases))
    return (value_at(seconds, 0.5), value_at(seconds, 0.95)) if seconds else (None, None)


def sentences(verdict: SweepVerdict, confirmation: Confirmation | None) -> Iterator[str]:
    """Yield what is to be said beside the table: the correction, what was picked, and how far to believe it."""
    if verdict.comparisons:
        yield (
            f"{verdict.comparisons:,} comparisons with the baseline: each interval at"
            f" {in_percent(verdict.level_each, 2)}, so that all hold together at"
            f" {in_digits(verdict.level, LEVEL_DIGITS)}"
        )
    for cell in verdict.cells:
        if cell.why_not and cell is not verdict.baseline:
            yield f"{cell.measured.cell.name}: {cell.why_not}"
    yield from _picked(verdict, confirmation)


def _picked(verdict: SweepVerdict, confirmation: Confirmation | None) -> Iterator[str]:
    picked = verdict.picked
    if picked is None:
        yield "picked: none; no variant is measured in whole, known not to be worse and of a known price"
        return
    name = picked.measured.cell.name
    if picked is verdict.baseline:
        yield f"picked: {name}, the baseline: no other variant may take its place by these cases"
        return
    yield f"picked: {name}"
    if verdict.flattery is not None and confirmation is None:
        flattered = f"about {verdict.flattery:.3f}" if verdict.flattery >= LEAST_FLATTERY else "less than 0.001"
        count = sum(each.measured.is_whole and not each.measured.same_as for each in verdict.cells)
        yield (
            f"the best of {count} variants looks better than it is, here by {flattered}: confirm it on cases"
            " that chose nothing, with --hold-out 0.3"
        )
    if confirmation is not None:
        yield from confirmation.lines()


def to_data(verdict: SweepVerdict, confirmation: Confirmation | None, purse: SweepPurse, suite: str) -> dict[str, Any]:
    """Return the sweep as JSON data."""
    return {
        "format": FORMAT,
        "suite": suite,
        "baseline": verdict.baseline.measured.cell.name,
        "picked": None if verdict.picked is None else verdict.picked.measured.cell.name,
        "level": verdict.level,
        "level_each": verdict.level_each,
        "comparisons": verdict.comparisons,
        "flattery": verdict.flattery,
        "paid": {"money": purse.money, "tokens": purse.tokens, "earlier_money": purse.earlier_money},
        "stopped": next((each.measured.evaluation.stopped for each in verdict.cells), ""),
        "cells": [_cell_data(each, verdict) for each in verdict.cells],
        "confirmation": None if confirmation is None else confirmation.to_data(),
    }


def _cell_data(cell: CellVerdict, verdict: SweepVerdict) -> dict[str, Any]:
    evaluation = cell.measured.evaluation
    result = evaluation.result
    main = average_score(result.cases, result.metrics[0], Certainty())
    median, high = _latency(result.cases)
    return {
        "name": cell.measured.cell.name,
        "settings": dict(cell.measured.cell.settings.values),
        "result": None if result.path is None else str(result.path),
        "whole": cell.measured.is_whole,
        "answers": len(result.cases),
        "crashed": len(evaluation.crashed),
        "score": cell.score,
        "interval": None if main.interval is None else asdict(main.interval),
        "standing": None if cell.standing is None else cell.standing.value,
        "verdict": word(cell, verdict),
        "same_as": cell.measured.same_as or None,
        "why_not_compared": cell.why_not or None,
        "comparison": None if cell.comparison is None else comparison_data(cell.comparison),
        "money_per_case": cell.money,
        "seconds": {"p50": median, "p95": high},
        "examples_left_out": [asdict(each) for each in cell.measured.cell.left_out],
    }


def to_markdown(verdict: SweepVerdict, confirmation: Confirmation | None, suite: str) -> str:
    """Return the sweep as Markdown for a pull request."""
    said = [f"* {inert(line, 400)}" for line in sentences(verdict, confirmation)]
    return "\n".join([f"### {inert(f'Sweep of {suite}')}", "", *rows_of(table(verdict)), "", *said]) + "\n"
