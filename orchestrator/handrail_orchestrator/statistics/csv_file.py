"""Figures as CSV: numbers from before read from it, and what a window came to written to it."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from handrail_ground.files import in_words
from handrail_ground.text import FORMULA, harmless
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.durations import Durations
from handrail_orchestrator.statistics.stats import Stats
from handrail_orchestrator.store.figures import BaselineRow

COLUMNS: Final = ("workflow", "metric", "value", "unit", "cases", "note")
NEEDED: Final = ("metric", "value")
MOST_ROWS: Final = 1_000
MOST_BYTES: Final = 1_000_000
LONGEST: Final = 200
HOW: Final = f"the first line names the columns, of {', '.join(COLUMNS)}; metric and value are needed"


def read_baseline(path: Path) -> list[BaselineRow]:
    """Return the numbers from before that a CSV file has; the first line names its columns.

    Raises:
        Misuse: it cannot be read as that; the message says line, column and what to write.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {in_words(error)}") from error
    if len(data) > MOST_BYTES:
        raise Misuse(f"{path} has {len(data):,} bytes: a baseline has {MOST_BYTES:,} at most")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Misuse(f"{path}:{line}: it is not UTF-8: save it as CSV in UTF-8") from error
    return _rows(path, text)


def _rows(path: Path, text: str) -> list[BaselineRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[tuple[str, str], BaselineRow] = {}
    names: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"{path}:{reader.line_num}"
            if names is None:
                names = _header(where, cells)
                continue
            row = _row(where, names, cells)
            if (row.workflow, row.metric) in found:
                of = f" of {row.workflow}" if row.workflow else ""
                raise Misuse(f"{where}: metric {row.metric!r}{of} stands above already: give each once")
            found[row.workflow, row.metric] = row
            if len(found) > MOST_ROWS:
                raise Misuse(f"{where}: a baseline has {MOST_ROWS:,} rows at most")
    except csv.Error as error:
        raise Misuse(f"{path}:{reader.line_num}: it is no CSV: {error}") from error
    if not found:
        raise Misuse(f"{path} has no numbers: {HOW}")
    return list(found.values())


def _header(where: str, cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if len(names) == 1 and ";" in names[0]:
        raise Misuse(f"{where}: its columns are parted by semicolons: write commas, and a point in numbers")
    for place, name in enumerate(names, 1):
        if name not in COLUMNS:
            raise Misuse(f"{where}, column {place}: there is no column {name!r}: {HOW}")
        if name in names[: place - 1]:
            raise Misuse(f"{where}, column {place}: {name!r} stands there twice")
    for name in NEEDED:
        if name not in names:
            raise Misuse(f"{where}: column {name!r} is missing: {HOW}")
    return names


def _row(where: str, names: Sequence[str], cells: Sequence[str]) -> BaselineRow:
    if len(cells) != len(names):
        raise Misuse(f"{where}: it has {len(cells)} cells, the first line {len(names)}: a text with a comma is quoted")
    told = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    places = {name: f"{where}, column {place} ({name})" for place, name in enumerate(names, 1)}
    for name, cell in told.items():
        if len(cell) > LONGEST:
            raise Misuse(f"{places[name]}: {len(cell)} characters, {LONGEST} at most")
        if harmless(cell) != cell:
            raise Misuse(f"{places[name]}: {cell!r} has signs that cannot be seen")
    if not told["metric"]:
        raise Misuse(f"{places['metric']}: it is empty: say what the number is called, such as cycle_p50")
    return BaselineRow(
        workflow=told.get("workflow", ""),
        metric=told["metric"],
        value=_number(places["value"], told["value"]),
        unit=told.get("unit", ""),
        cases=_cases(places["cases"], told["cases"]) if told.get("cases") else None,
        note=told.get("note", ""),
    )


def _number(where: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise Misuse(f"{where}: {text!r} is no number: write it as 1234.5, without unit or percent sign")
    return value


def _cases(where: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Misuse(f"{where}: {text!r} is no count: write a whole number, such as 40, or nothing")
    return int(text)


def stats_csv(stats: Stats) -> Iterator[str]:
    """Yield figures as lines of CSV: metric, of what, value, unit; no text begins like a formula."""
    yield _line(("metric", "of", "value", "unit"))
    for metric, of, value, unit in _figures(stats):
        if value is not None:
            yield _line((cell(metric), cell(of), repr(value), unit))


def cell(text: str) -> str:
    """Return a text as a spreadsheet may be given it: one that it would reckon begins with an apostrophe."""
    seen = harmless(text)
    return f"'{seen}" if FORMULA.match(seen) else seen


def _line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


Figures = Iterator[tuple[str, str, float | int | None, str]]


def _figures(stats: Stats) -> Figures:
    funnel = stats.funnel
    yield "started", "", funnel.started, "runs"
    for bar, count in funnel.bars:
        yield bar, "", count, "runs"
    yield from _durations("cycle", "", stats.cycle.ended)
    for path, each in stats.cycle.by_path.items():
        yield from _durations("cycle", path, each)
    yield "open_age_p50", "", stats.cycle.open_age.p50, "s"
    yield "open_age_oldest", "", stats.cycle.open_age.oldest, "s"
    yield "exception_rate", "", stats.exceptions.rate, "share"
    yield "completion_rate", "", stats.completion.rate, "share"
    yield "human_wait", "", stats.human_wait, "share"
    yield "audit_error_rate", "", stats.audits.rate, "share"
    yield "money", "", stats.money, ""
    yield from _durations("approval_delay", "", stats.questions.approval_delay)
    yield from _durations("hands_on", "", stats.questions.hands_on)
    yield "rework", "", stats.questions.rework.rate, "share"
    yield "touches", "", stats.questions.touches, "people"
    for field, share in stats.changed.items():
        yield "changed", field or "the whole answer", share.rate, "share"
    for step in stats.steps:
        of = f"{step.workflow}/{step.step}"
        yield "executed", of, step.executed, "times"
        yield "fail_rate", of, step.fail_rate, "share"
        yield "share_of_cycle", of, step.share, "share"
        yield from _durations("wait", of, step.wait)
        yield from _durations("work", of, step.work)
    for outcome in stats.outcomes:
        for value in outcome.values:
            yield f"outcome {outcome.name}={value}", outcome.path, outcome.share(value).rate, "share"
    for row in stats.baseline:
        yield f"baseline {row.metric}", row.workflow, row.value, row.unit


def _durations(name: str, of: str, each: Durations) -> Figures:
    yield f"{name}_p50", of, each.p50, "s"
    yield f"{name}_p95", of, each.p95, "s"
