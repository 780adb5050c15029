"""Text in lines that fit a terminal, measured in its columns: wide characters take two, marks above a letter none."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import get_character_cell_size

JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
"""Asks for the picture of a character that is text else: two columns where that took one."""
TAB = " " * 4
MOST_INDENT = 3
"""The part of a line that may be indentation: one third."""


class WrappedLine(NamedTuple):
    """One line of a wrapped text: what of the text stands in it, and how far it is moved in."""

    indent: int
    start: int
    end: int


def width_of(text: str) -> int:
    """Return how many columns a text takes at most; a terminal that joins emoji into one may need fewer."""
    if text.isascii():
        return len(text)
    return sum(columns for _, _, columns in _clusters(text))


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text in lines of at most so many columns; nothing but white space at the breaks is left out."""
    text = text.replace("\t", TAB)
    return [" " * line.indent + text[line.start : line.end] for line in lines_of(text, columns)]


def lines_of(text: str, columns: int) -> list[WrappedLine]:
    """Return where the lines of a text without tabs begin and end; a line that goes on keeps its indentation."""
    found: list[WrappedLine] = []
    start = 0
    for line in text.split("\n"):
        found += _broken(text, start, start + len(line), max(2, columns))
        start += len(line) + 1
    return found


def fitting(text: str, columns: int) -> str:
    """Return a text of one line, cut with an ellipsis where it takes more columns."""
    if width_of(text) <= columns:
        return text
    end = taken = 0
    for _, stop, wide in _clusters(text):
        if taken + wide > columns - 1:
            break
        taken, end = taken + wide, stop
    return f"{text[:end]}…"


def padded(text: str, columns: int) -> str:
    """Return a text with spaces up to so many columns."""
    return text + " " * max(0, columns - width_of(text))


def without_last(text: str) -> str:
    """Return a text without what people see as its last character."""
    start = 0
    for begin, _, _ in _clusters(text):
        start = begin
    return text[:start]


def _broken(text: str, start: int, end: int, columns: int) -> Iterator[WrappedLine]:
    """Break one line: after white space, beside wide characters, and in a word only where it is longer than a line."""
    line = text[start:end]
    if line.isascii() and len(line) <= columns:
        yield WrappedLine(0, start, end)
        return
    led = len(line) - len(line.lstrip(" "))
    indent = min(led, columns // MOST_INDENT)
    room = columns - indent
    first, taken, last_break = start + led, 0, -1
    is_beside_wide = False
    for begin, stop, wide in _pieces(text, start + led, end, room):
        is_space = text[begin:stop] == " "
        if (wide > 1 or is_beside_wide) and not is_space:
            last_break = begin
        is_beside_wide = wide > 1
        while taken + wide > room and not is_space and begin > first:
            at = last_break if last_break > first else begin
            yield WrappedLine(indent, first, _without_spaces(text, first, at))
            first, taken = at, width_of(text[at:begin])
        taken += wide
        if is_space:
            last_break = stop
    yield WrappedLine(indent, first, _without_spaces(text, first, end) if taken > room else end)


def _pieces(text: str, start: int, end: int, room: int) -> Iterator[tuple[int, int, int]]:
    """Yield the clusters of a part of a text; one that fits no line comes apart into its characters."""
    for begin, stop, wide in _clusters(text[start:end]):
        if wide <= room:
            yield start + begin, start + stop, wide
            continue
        for place in range(start + begin, start + stop):
            yield place, place + 1, width_of(text[place])


def _without_spaces(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip(" "))


def _clusters(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, columns) of what is not to be torn apart: a character with its marks, joined emoji."""
    start, columns, is_joined, is_narrow = 0, 0, False, False
    for place, character in enumerate(text):
        wide = get_character_cell_size(character)
        if character == EMOJI_STYLE and is_narrow:
            columns, is_narrow = columns + 1, False
        begins = wide > 0 and not is_joined and place > start
        if begins:
            yield start, place, columns
            start, columns = place, 0
        columns += wide
        if wide:
            is_narrow = wide == 1
        is_joined = character == JOINER
    if start < len(text):
        yield start, len(text), columns
