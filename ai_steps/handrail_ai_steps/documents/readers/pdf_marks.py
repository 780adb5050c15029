"""Text that says by a mark what it is to be read as: believed where the page paints the same letters and digits.

A PDF may give a piece of text an ``/ActualText``, which PDFium returns in its place. That is meant for ligatures,
hyphens and pictures of letters. Where it says something else than what is painted, it is text that nobody sees.
"""

import unicodedata
from collections.abc import Iterator
from ctypes import c_ubyte, c_ulong, create_string_buffer
from itertools import groupby
from typing import Any, Final, NamedTuple

import pypdfium2.raw as pdfium

from handrail_ai_steps.documents.readers import pdf_calls as calls
from handrail_ai_steps.documents.readers.pdf_objects import PageObjects

KEY: Final = b"ActualText"
UNREADABLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
"""Unicode's categories of what a font without a table of characters gives."""


class LoadedText(NamedTuple):
    """A page's text as PDFium has it, and what marks said that the page does not show."""

    text: Any
    """PDFium's; close it."""
    replaced: tuple[str, ...] = ()


class _Run(NamedTuple):
    """Pieces of text, one after the other, that one mark gives another reading."""

    pieces: tuple[tuple[int, int], ...]
    """Handles of the piece and of its mark."""
    said: str


def load_text(document: Any, page: Any, objects: PageObjects | None) -> LoadedText:
    """Load the text of a page that is open in PDFium, without readings that are not painted."""
    if objects is None or not objects.replaced:
        return LoadedText(pdfium.FPDFText_LoadPage(page))
    runs = [_Run(tuple(group), said) for said, group in groupby(objects.replaced, key=lambda each: _string_of(each[1]))]
    for handle, mark in objects.replaced:
        calls.remove_mark_string(handle, mark, KEY)
    text = pdfium.FPDFText_LoadPage(page)
    handle_of_text = calls.handle_of(text)
    believed = [run for run in runs if _agree(run.said, "".join(_texts(run, handle_of_text)))]
    if believed:
        pdfium.FPDFText_ClosePage(text)
        for run in believed:
            for handle, mark in run.pieces:
                _set_string(document, handle, mark, run.said)
        text = pdfium.FPDFText_LoadPage(page)
    return LoadedText(text, tuple(run.said for run in runs if run not in believed and run.said.strip()))


def _agree(said: str, painted: str) -> bool:
    """Return whether two readings have the same letters and digits, or the painted one cannot be read."""
    if not painted.strip() or any(unicodedata.category(each) in UNREADABLE or each == "\ufffd" for each in painted):
        return True
    return _core(said) == _core(painted)


def _core(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def _texts(run: _Run, text: int) -> Iterator[str]:
    for handle, _ in run.pieces:
        size = calls.object_text(handle, text, None, 0)
        buffer = create_string_buffer(2 * size + 2)
        calls.object_text(handle, text, buffer, size)
        yield buffer.raw.decode("utf-16-le", "replace").split("\0", 1)[0]


def _string_of(mark: int) -> str:
    size = calls.Numbers(c_ulong, 1)
    calls.mark_string(mark, KEY, None, 0, size.at[0])
    buffer = create_string_buffer(size.values[0] + 2)
    calls.mark_string(mark, KEY, buffer, size.values[0], size.at[0])
    return buffer.raw.decode("utf-16-le", "replace").split("\0", 1)[0]


def _set_string(document: Any, handle: int, mark: int, text: str) -> None:
    data = b"\xfe\xff" + text.encode("utf-16-be", "surrogatepass")
    calls.set_mark_string(calls.handle_of(document), handle, mark, KEY, (c_ubyte * len(data))(*data), len(data))
