"""Where people read: lines wrapped to the width of their terminal, and left whole where no terminal is."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import typer

from handrail_orchestrator.cli.wrapping import TAB, lines_of, padded, width_of

Span: TypeAlias = tuple[int, int]

Style: TypeAlias = Literal["bold", "underline"]
CODES: Final[dict[Style, str]] = {"bold": "\x1b[1m", "underline": "\x1b[4m"}
PLAIN: Final = "\x1b[0m"

NARROWEST = 8
"""Columns below which nothing is drawn any narrower."""
MOST_LABEL = 2
"""The part of a line that may stand before a text that goes on beside it: a half."""


@dataclass(frozen=True, slots=True)
class TerminalScreen:
    """A place to print on; texts must be harmless already."""

    columns: int | None = None
    """How wide it is; None: it is no terminal."""
    lines: int = 24
    is_styled: bool = False
    """Whether it shows bold and underlined text; no colour is ever needed."""

    @classmethod
    def here(cls) -> "TerminalScreen":
        """Return the screen of this process, as large as it is now."""
        if not sys.stdout.isatty():
            return cls()
        size = shutil.get_terminal_size()
        is_styled = os.environ.get("TERM", "dumb") not in {"", "dumb", "unknown"} and not os.environ.get("NO_COLOR")
        return cls(max(NARROWEST, size.columns), size.lines, is_styled)

    def say(self, text: str = "", *, before: str = "", lit: Iterable[Span] = (), style: Style | None = None) -> None:
        """Print a text, with ``before`` in front of its first line and parts of it underlined."""
        for line in self.drawn(text, before=before, lit=lit, style=style):
            typer.echo(line)

    def drawn(
        self, text: str, *, before: str = "", lit: Iterable[Span] = (), style: Style | None = None
    ) -> Iterator[str]:
        """Yield the lines that a text takes."""
        if self.columns is None:
            yield f"{before}{text}"
            return
        if "\t" in text:
            text, lit = text.replace("\t", TAB), ()
        wide = width_of(before)
        if wide > self.columns // MOST_LABEL:
            yield from (self._styled(line, (), style) for line in TerminalScreen(self.columns).drawn(before.rstrip()))
            before, wide = "", min(4, self.columns // 4)
            first = " " * wide
        else:
            first = before
        spans = list(lit)
        for place, (indent, start, end) in enumerate(lines_of(text, self.columns - wide)):
            shown = [(max(begin, start) - start, min(stop, end) - start) for begin, stop in spans]
            moved = padded("" if place else first, wide) + " " * indent
            yield moved + self._styled(text[start:end], shown, style) if end > start else moved.rstrip()

    def rule(self, text: str) -> None:
        """Print a heading that goes over the whole width."""
        if self.columns is None:
            typer.echo(f"── {text} ──")
            return
        *above, last = self.drawn(text, before="── ", style="bold")
        for line in above:
            typer.echo(line)
        left = self.columns - 1 - width_of(last.replace(CODES["bold"], "").replace(PLAIN, ""))
        typer.echo(f"{last} {'─' * left}".rstrip())

    def _styled(self, text: str, lit: Iterable[Span], style: Style | None) -> str:
        if not self.is_styled:
            return text
        if style is not None:
            return f"{CODES[style]}{text}{PLAIN}" if text else text
        shown, end = "", 0
        for start, stop in sorted(lit):
            begin = max(start, end)
            if begin < stop:
                shown += f"{text[end:begin]}{CODES['underline']}{text[begin:stop]}{PLAIN}"
                end = stop
        return shown + text[end:]
