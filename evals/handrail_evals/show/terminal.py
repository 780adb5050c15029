"""A summary on a terminal, as rich tables; nothing in them may move the cursor or change colours."""

from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.tables import Table, heading, one_line, tables
from handrail_ground.text import harmless

WIDEST = 60
"""Characters of a cell."""


def terminal(summary: Summary, result: Result | None = None) -> Group:
    """Return a summary to print on a rich console; with its result, failing cases with what was expected and got."""
    parts: list[RichTable | Text] = [cell(heading(summary), length=200)]
    for table in tables(summary, result):
        title = cell(table.title)
        title.stylize("bold")
        parts += [Text(), title, drawn(table)]
    return Group(*parts)


def drawn(table: Table) -> RichTable:
    """Return a table as rich draws it."""
    made = RichTable(box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(table.columns):
        made.add_column(cell(column), justify="right" if place in table.numbers else "left")
    for row in table.rows:
        made.add_row(*map(cell, row))
    return made


def cell(text: str, length: int = WIDEST) -> Text:
    """Return a text in one line without markup, control characters written out."""
    return Text(one_line(harmless(text), length))
