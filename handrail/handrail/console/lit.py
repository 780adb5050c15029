"""A text with its evidence lit: cut into lines, and each line where a piece of evidence begins or ends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from handrail_guards.picture_words import in_place
from handrail_guards.verdict import Span

NOTHING: Mapping[str, str] = {}
_ENDS = re.compile("[\n\f]")
"""What ends a line; between pages stands a form feed."""


@dataclass(frozen=True, slots=True)
class LitPart:
    """A piece of a line, and what it is evidence of."""

    text: str
    fields: tuple[str, ...] = ()
    """The fields found here; the whole answer is ``""``."""
    look: str = ""
    """How it is lit, as the name of a style: ``first``, ``second``, ``soft``; empty: it is not."""
    start: int = 0
    """Where it begins in the whole text."""


@dataclass(frozen=True, slots=True)
class LitLine:
    """A line of the text."""

    number: int
    start: int
    """Where it begins in the whole text."""
    parts: tuple[LitPart, ...]


def lit_lines(
    text: str,
    evidence: Mapping[str, Sequence[Span]],
    looks: Mapping[str, str],
    other: str = "soft",
    *,
    told: Mapping[str, str] = NOTHING,
) -> list[LitLine]:
    """Return the lines of a text; evidence of a field is lit as ``looks`` says of it, the first that does wins.

    ``told`` is shown in place of words, which keep their places in the text.
    """
    found = [
        (max(0, span.start), min(len(text), span.end), field)
        for field, spans in evidence.items()
        for span in spans
        if span.document is None and span.start < span.end and span.start < len(text)
    ]
    lines, start = [], 0
    for number, line in enumerate(_ENDS.split(text), 1):
        lines.append(LitLine(number, start, tuple(_parts(line, start, found, looks, other, told))))
        start += len(line) + 1
    return lines


def _parts(
    line: str,
    start: int,
    found: Sequence[tuple[int, int, str]],
    looks: Mapping[str, str],
    other: str,
    told: Mapping[str, str],
) -> Iterable[LitPart]:
    end = start + len(line)
    here = [each for each in found if each[0] < end and each[1] > start]
    cuts = sorted({start, end, *(max(start, each[0]) for each in here), *(min(end, each[1]) for each in here)})
    for left, right in pairwise(cuts):
        fields = tuple(dict.fromkeys(field for begin, until, field in here if begin <= left and right <= until))
        look = next((looks[field] for field in looks if field in fields), other if fields else "")
        yield LitPart(in_place(line[left - start : right - start], told), fields, look, left)


def line_at(text: str, place: int) -> int:
    """Return the number of the line that a character stands on, from 1."""
    return len(_ENDS.findall(text, 0, max(0, place))) + 1
