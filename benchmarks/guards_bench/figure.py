"""A measured figure beside its bar, and the table of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rich.console import Console
from rich.table import Table

MOST_DECIMALS = 6
MARKS = {True: "[green]✔ ok[/]", False: "[red]✘ missed[/]", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure."""

    part: str
    name: str
    value: float
    unit: str = "%"
    better: Literal["higher", "lower"] = "higher"
    bar: float | None = None
    """What it is held to, in its own unit; None: nothing."""
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Return whether the figure, as it is printed, holds its bar; None when it has none."""
        if self.bar is None:
            return None
        printed = float(self.shown)
        return printed >= self.bar if self.better == "higher" else printed <= self.bar

    @property
    def shown(self) -> str:
        """Return the value with one decimal, or as many as a small one needs: 1 of 4,520 is 0.02 and not 0.0."""
        decimals = 1
        while abs(self.value) > 0 and float(f"{self.value:.{decimals}f}") == 0 and decimals < MOST_DECIMALS:
            decimals += 1
        return f"{self.value:.{decimals}f}"


def share(hits: int, of: int) -> float:
    """Return a percentage; of nothing it is 0."""
    return 100.0 * hits / of if of else 0.0


def print_table(console: Console, figures: Sequence[Figure]) -> None:
    """Print the figures by part, and how many bars hold."""
    table = Table(title="The guards", title_justify="left")
    table.add_column("measured", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("bar", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("notes", overflow="fold")
    for part, members in groupby(figures, key=lambda figure: figure.part):
        table.add_section()
        table.add_row(f"[bold]{part}[/]")
        for figure in members:
            sign = "≥" if figure.better == "higher" else "≤"
            bar = "" if figure.bar is None else f"{sign} {figure.bar:g}"
            table.add_row(f"  {figure.name}", f"{figure.shown} {figure.unit}", bar, MARKS[figure.holds], figure.note)
    console.print(table)
    barred = [figure for figure in figures if figure.bar is not None]
    held = sum(bool(figure.holds) for figure in barred)
    console.print(f"{len(barred)} bars: {held} hold, {len(barred) - held} missed.")
