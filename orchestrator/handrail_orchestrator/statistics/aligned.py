"""Rows of text in columns, for mails and commands that need no library to draw a table."""

from collections.abc import Iterator, Sequence

from handrail_ground.text import harmless


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return a line for each row, the cells of a column below each other; no rows have no lines.

    Raises:
        ValueError: rows differ in their number of cells.
    """
    shown = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
