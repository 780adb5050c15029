"""Text without places as pages: cut where it says so, or where a page would be too long, with nothing lost."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from handrail_ai_steps.documents.document import PAGE_BREAK, DocumentNote
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenText, Page, TextLine

Hidden = Iterable[HiddenText]

_TAGS = re.compile("(?<!\U0001f3f4)[\U000e0000-\U000e007f]+")
"""Characters that no program shows and models read as letters; behind a black flag they are a flag's name."""
_SELECTORS = re.compile(
    "[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
    "|(?<![\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
"""Choices of a character's form that choose nothing: more than one of them, or one of a Chinese character's behind
another. Each can stand for a byte."""
_OVERRIDES = re.compile("[\u202d\u202e]")
"""What makes programs show the characters behind it in another order than they are in."""


def plain_pages(
    text: str, limits: ReadingLimits, *, hidden: Hidden = (), first: int = 1
) -> Iterator[Page | DocumentNote]:
    """Yield text as pages from number ``first`` on: one for each form feed, and more where one would be too long."""
    shown, invisible = without_invisible(text)
    beside = (*hidden, *invisible)
    pages = list(chain.from_iterable(_cut(each, limits.page_characters) for each in _sheets(shown)))
    for at, each in enumerate(pages[: limits.pages]):
        yield Page(number=first + at, text=each, lines=text_lines(each), hidden=beside if at == 0 else ())
    if len(pages) > limits.pages:
        message = f"{len(pages) - limits.pages} pages after the first {limits.pages} were left out: raise limits.pages"
        yield DocumentNote(code="pages_left_out", message=message)
    if beside:
        yield hidden_note(beside, page=first)
    if _OVERRIDES.search(shown):
        message = "it has signs (U+202E) by which letters and digits are shown in another order than they are read in"
        yield DocumentNote(code="garbled_text", message=message, page=first)


def text_lines(text: str) -> tuple[TextLine, ...]:
    """Return the lines of a text that are not blank."""
    lines: list[TextLine] = []
    start = 0
    for each in text.split("\n"):
        if each.strip():
            lines.append(TextLine(start, start + len(each)))
        start += len(each) + 1
    return tuple(lines)


def hidden_note(hidden: Iterable[HiddenText], *, page: int) -> DocumentNote:
    """Return the note that says what of a page is kept out of its text."""
    texts = list(hidden)
    why = ", ".join(sorted({each.by for each in texts}))
    characters = sum(len(each.text) for each in texts)
    message = f"{characters} characters that the page does not show ({why}) are kept out of its text"
    return DocumentNote(code="hidden_text", message=message, page=page)


def without_invisible(text: str) -> tuple[str, tuple[HiddenText, ...]]:
    """Return a text without characters that no program shows, and what they spell."""
    found = tuple(
        HiddenText(text="".join(chr(ord(each) - 0xE0000) for each in match.group()).strip("\0\x01\x7f"), by="marked")
        for match in _TAGS.finditer(text)
    )
    found += tuple(_selected(match.group()) for match in _SELECTORS.finditer(text))
    return (_SELECTORS.sub("", _TAGS.sub("", text)), found) if found else (text, ())


def _selected(selectors: str) -> HiddenText:
    """Return what variation selectors spell, the first for 0."""
    codes = bytes(ord(each) - (0xFE00 if ord(each) < 0xE0100 else 0xE0100 - 16) for each in selectors)
    return HiddenText(text=codes.decode("utf-8", "replace"), by="marked")


def _sheets(text: str) -> Iterator[str]:
    """Yield what stands between form feeds; one at the end opens no page."""
    sheets = text.split(PAGE_BREAK)
    while len(sheets) > 1 and not sheets[-1].strip():
        sheets.pop()
    yield from sheets


def _cut(text: str, most: int) -> Iterator[str]:
    """Yield a text in pieces of at most ``most`` characters, cut between lines where they are not longer than that."""
    while len(text) > most:
        end = text.rfind("\n", 1, most)
        if end < 0:
            yield text[:most]
            text = text[most:]
        else:
            yield text[:end]
            text = text[end + 1 :]
    yield text
