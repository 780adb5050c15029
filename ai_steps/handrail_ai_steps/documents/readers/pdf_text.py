"""The text of a page of a PDF, in reading order, and where each part of it is among PDFium's characters."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from handrail_ai_steps.documents.page import TextLine
from handrail_ai_steps.documents.readers.order import TextRun, in_order
from handrail_ai_steps.documents.readers.pdf_page import PdfPage, around, pdfium_lines
from handrail_ai_steps.documents.readers.pdf_runs import UNSEEN, WIDE, PageRuns, Rectangles

_SINGLE_SPACED = re.compile(r"[^ ]+(?: [^ ]+)*")
_UNSEEN_IN_LINES = {code: shown for code, shown in UNSEEN.items() if code != ord("\n")}


class PdfText(NamedTuple):
    """A part of the page's text whose characters stand one after the other in PDFium's list, too."""

    start: int
    """Place in the page's text."""
    character: int
    """Place in PDFium's list."""
    length: int


class PageText(NamedTuple):
    """The text of a page, in reading order."""

    text: str
    lines: tuple[TextLine, ...]
    """Empty: they are the lines of the text, and nothing more is known of them."""
    pieces: tuple[PdfText, ...]


def read_page(page: PdfPage, hidden: Sequence[tuple[int, int]] = (), *, places: bool = False) -> PageText:
    """Return the page's text in reading order; with ``places`` each line has its box."""
    if not (hidden or places):
        plain = _plain(page)
        if plain is not None:
            return PageText(plain, (), ())
    return arranged(page, hidden, places=places)


def arranged(page: PdfPage, hidden: Sequence[tuple[int, int]] = (), *, places: bool = False) -> PageText:
    """Return the same, and where each of its pieces is in PDFium's list."""
    parts: list[str] = []
    lines: list[TextLine] = []
    pieces: list[PdfText] = []
    at = 0
    for line in in_order(list(PageRuns(page).lines(hidden))):
        began = at
        for number, run in enumerate(line):
            if number:
                parts.append(_between(line[number - 1], run))
                at += 1
            for place, words in _single_spaced(run.text):
                if place and parts and parts[-1] != " ":
                    parts.append(" ")
                    at += 1
                pieces.append(PdfText(at, run.start + place, len(words)))
                parts.append(words)
                at += len(words)
        lines.append(TextLine(began, at, around([run[3:] for run in line]) if places else None))
        parts.append("\n")
        at += 1
    return PageText("".join(parts[:-1]), tuple(lines), tuple(pieces))


def plainly(page: PdfPage) -> PageText | None:
    """Return the same of a page whose lines stand one under the other, each in one piece; None: it is no such page."""
    text = _plain(page)
    if text is None:
        return None
    pieces: list[PdfText] = []
    at = 0
    for first, last in pdfium_lines(page.characters):
        line = page.characters[first:last]
        length = len(line.strip())
        if length:
            pieces.append(PdfText(at, last - len(line.lstrip()), length))
            at += length + 1
    return PageText(text, (), tuple(pieces))


def _plain(page: PdfPage) -> str | None:
    """Return the text of a page whose lines stand one under the other, each in one piece; None: it is no such page.

    That is most pages of running text, and reading them this way takes a fifth of the time.
    """
    if page.rotation:
        return None
    rectangles = Rectangles(page)
    lines = [line for each in page.characters.split("\r\n") if (line := each.strip())]
    text = "\n".join(lines)
    if rectangles.count() != len(lines) or "  " in text:
        return None
    bottom = float("inf")
    for line, (left, top, right, next_bottom) in zip(lines, rectangles.all(len(lines)), strict=True):
        # PDF counts from below: the next line must begin under the last, or nearly.
        height = top - next_bottom
        if top > bottom + 0.2 * height or right - left > height * len(line):
            return None
        bottom = next_bottom
    return text if text.replace("\n", " ").isprintable() else text.translate(_UNSEEN_IN_LINES)


def _between(before: TextRun, after: TextRun) -> str:
    """Return what separates two runs of a line: a tab, unless there is only a blank's room, and no two numbers."""
    gap = max(after.left - before.right, before.left - after.right)
    numbers = before.text[-1:].isdigit() and after.text[:1].isdigit()
    return "\t" if numbers or gap > WIDE * max(before.height, after.height) else " "


def _single_spaced(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text between several blanks in a row, with their places in it."""
    if "  " not in text:
        yield 0, text
        return
    for part in _SINGLE_SPACED.finditer(text):
        yield part.start(), part[0]
