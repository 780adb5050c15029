"""Texts of cases made fit for a message: one line, nothing that hides, nothing that calls people."""

import re

from handrail_ground.text import harmless

LONGEST_TITLE = 150
LONGEST_LINE = 300

_SPACE = re.compile(r"\s+")
_CALL = re.compile(r"[@#]|<(?=[!@#])")
APART = "\N{WORD JOINER}"


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """Return a text as one line, with what nobody would see written out, cut when it is long."""
    line = harmless(_SPACE.sub(" ", text[: most * 4])).strip()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def without_mentions(text: str) -> str:
    """Return a text in which no ``@everyone`` calls anybody: what begins a mention is set apart from its name."""
    return _CALL.sub(lambda match: f"{match[0]}{APART}", text)
