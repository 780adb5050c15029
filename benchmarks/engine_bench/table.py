"""The table at the end of a run, for people and as JSON."""

import dataclasses
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table

from engine_bench.bar import Mark
from engine_bench.machine import Machine
from engine_bench.row import Row, number

MARKS: dict[Mark | None, str] = {
    "aim": "[green]✔ ok, aim[/]",
    "holds": "[green]✔ ok[/]",
    "missed": "[red]✘ missed[/]",
    "failed": "[red]✘ failed[/]",
    None: "",
}


def as_json(rows: Sequence[Row], machine: Machine) -> dict[str, Any]:
    """Return the whole result as JSON data."""
    return {"machine": dataclasses.asdict(machine), "rows": [row.as_json() for row in rows]}


def print_table(console: Console, rows: Sequence[Row], machine: Machine) -> None:
    """Print the rows by part, the bars beside the figures, and a count of what was missed."""
    table = Table(title="The embedded engine", caption=str(machine), title_justify="left", caption_justify="left")
    table.add_column("measured", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("must", justify="right", no_wrap=True)
    table.add_column("aim", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("spread, notes", overflow="fold")
    for part, members in groupby(rows, key=lambda row: row.part):
        table.add_section()
        table.add_row(f"[bold]{part}[/]")
        for row in members:
            table.add_row(*_cells(row))
    console.print(table)
    barred = [row for row in rows if row.bar is not None]
    missed = [row for row in barred if row.mark == "missed"]
    console.print(f"{len(barred)} bars: {len(barred) - len(missed)} hold, {len(missed)} missed.")


def _cells(row: Row) -> tuple[str, ...]:
    value = "—" if row.value is None else f"{number(row.value)} {row.unit}"
    if row.bar is None:
        return f"  {row.name}", value, "", "", MARKS[row.mark], row.note
    must, aim = ("" if limit is None else f"{row.bar.sign} {number(limit)}" for limit in (row.bar.must, row.bar.aim))
    return f"  {row.name}", value, must, aim, MARKS[row.mark], row.note
