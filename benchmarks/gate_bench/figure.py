"""A simulated rate beside its bar, and the table of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rich.console import Console
from rich.table import Table

MARKS = {True: "[green]✔ ok[/]", False: "[red]✘ missed[/]", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How often something happened."""

    part: str
    name: str
    hits: int
    of: int
    """Repetitions."""
    better: Literal["higher", "lower"] = "lower"
    bar: float | None = None
    """What it is held to, in percent; None: nothing."""
    note: str = ""

    @property
    def percent(self) -> float:
        """How often, in percent."""
        return 100.0 * self.hits / self.of

    @property
    def error(self) -> float:
        """Standard error of the simulation, in points."""
        share = self.hits / self.of
        return 100.0 * math.sqrt(share * (1.0 - share) / self.of)

    @property
    def holds(self) -> bool | None:
        """Return whether the rate holds its bar; None when it has none."""
        if self.bar is None:
            return None
        return self.percent >= self.bar if self.better == "higher" else self.percent <= self.bar


def print_table(console: Console, figures: Sequence[Figure]) -> None:
    """Print the figures by part, and how many bars hold."""
    table = Table(title="The gate", title_justify="left")
    table.add_column("simulated", overflow="fold")
    table.add_column("rate", justify="right", no_wrap=True)
    table.add_column("± s.e.", justify="right", no_wrap=True)
    table.add_column("bar", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("notes", overflow="fold")
    for part, members in groupby(figures, key=lambda figure: figure.part):
        table.add_section()
        table.add_row(f"[bold]{part}[/]")
        for figure in members:
            sign = "≥" if figure.better == "higher" else "≤"
            bar = "" if figure.bar is None else f"{sign} {figure.bar:g}"
            table.add_row(
                f"  {figure.name}",
                f"{figure.percent:.2f} %",
                f"{figure.error:.2f}",
                bar,
                MARKS[figure.holds],
                figure.note,
            )
    console.print(table)
    barred = [figure for figure in figures if figure.bar is not None]
    held = sum(bool(figure.holds) for figure in barred)
    console.print(f"{len(barred)} bars: {held} hold, {len(barred) - held} missed.")
