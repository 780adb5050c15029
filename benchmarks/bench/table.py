"""The table at the end of a run, its figures as JSON, and the exit code."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Bar, Figure, Mark, number

MARKS: Mapping[Mark | None, str] = {
    "aim": "[green]✔ ok, aim[/]",
    "holds": "[green]✔ ok[/]",
    "missed": "[red]✘ missed[/]",
    "failed": "[red]✘ failed[/]",
    None: "",
}
GATHERED = "HANDRAIL_BENCH_MISSED"
"""The variable that names the file to which missed bars are added."""
FILE_COLUMNS = 150
"""Width of a table that goes into a file or a pipe."""


def console() -> Console:
    """Return where tables are printed."""
    return Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)


def report(title: str, figures: Sequence[Figure], *, caption: str = "", write: Path | None = None) -> int:
    """Print the figures by part, the bars beside them; return 1 when one is missed or a part failed, else 0."""
    aims = any(figure.bar is not None and figure.bar.aim is not None for figure in figures)
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("measured", overflow="fold")
    for column in ("value", "must", *(("aim",) if aims else ())):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("notes, spread", overflow="fold")
    for part, members in groupby(figures, key=lambda figure: figure.part):
        table.add_section()
        table.add_row(f"[bold]{part}[/]")
        for figure in members:
            table.add_row(*_cells(figure, aims=aims))
    printer = console()
    printer.print(table)
    marks = [figure.mark for figure in figures if figure.bar is not None]
    missed, failed = marks.count("missed"), marks.count("failed")
    more = f", {failed} not measured" if failed else ""
    printer.print(f"{len(marks)} bars: {len(marks) - missed - failed} hold, {missed} missed{more}.")
    _tell_missed(title, figures)
    if write is not None:
        told = [{**asdict(figure), "mark": figure.mark} for figure in figures]
        write.write_text(json.dumps({"caption": caption, "figures": told}, indent=2) + "\n")
    return int(missed > 0 or any(figure.failed for figure in figures))


def _tell_missed(title: str, figures: Sequence[Figure]) -> None:
    """Say each missed bar with its number, and write it where ``bars.py`` gathers those of all."""
    lines = [
        f"{title}, {each.part}, {each.name}: {number(each.value, each.unit)} {each.unit}, the bar is"
        f" {_limit(each.bar, each.bar.must)}"
        for each in figures
        if each.mark == "missed" and each.bar is not None and each.value is not None
    ]
    lines += [f"{title}, {each.part}, {each.name}: not measured, {each.note}" for each in figures if each.failed]
    for line in lines:
        print(f"missed: {line}")
    if lines and (gathered := os.environ.get(GATHERED)):
        with Path(gathered).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


def _cells(figure: Figure, *, aims: bool) -> tuple[str, ...]:
    value = "—" if figure.value is None else f"{number(figure.value, figure.unit)} {figure.unit}"
    must = _limit(figure.bar, None if figure.bar is None else figure.bar.must)
    aim = (_limit(figure.bar, None if figure.bar is None else figure.bar.aim),) if aims else ()
    return f"  {figure.name}", value, must, *aim, MARKS[figure.mark], figure.note


def _limit(bar: Bar | None, limit: float | None) -> str:
    if bar is None or limit is None:
        return ""
    return f"{'≥' if bar.better == 'higher' else '≤'} {number(limit)}"
