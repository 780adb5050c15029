"""Text that says by a mark what it is to be read as: believed where the page paints the same letters and digits.

A PDF may give a piece of text an ``/ActualText``, which PDFium returns in its place. That is meant for ligatures,
hyphens and pictures of letters. Where it says something else than what is painted, it is text that nobody sees.
"""

import unicodedata
from codecs import BOM_UTF8
from collections.abc import Iterator
from ctypes import c_ubyte, c_ulong, create_string_buffer
from itertools import groupby
from typing import Any, Final, NamedTuple

from handrail_ai_steps.documents.painting import calls
from handrail_ai_steps.documents.painting.objects import PageObjects
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium


KEY: Final = b"ActualText"
UNREADABLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
"""Unicode's categories of what a font without a table of characters gives."""
MOST_OF_A_SIGN: Final = 4
"""Letters that one sign may stand for."""


class LoadedText(NamedTuple):
    """A page's text as PDFium has it, and what marks said that the page does not show."""

    text: Any
    """PDFium's; close it."""
    replaced: tuple[str, ...] = ()


class _Run(NamedTuple):
    """Pieces of text, one after the other, that one mark gives another reading."""

    pieces: tuple[int, ...]
    mark: int
    data: bytes

    @property
    def said(self) -> str:
        """Return the other reading."""
        return _decoded(self.data)


def load_text(document: Any, page: Any, objects: PageObjects | None) -> LoadedText:
    """Load the text of a page that is open in PDFium, without readings that are not painted."""
    if objects is None or not objects.replaced:
        return LoadedText(pdfium.FPDFText_LoadPage(page))
    groups = groupby(objects.replaced, key=lambda each: each[1])  # pieces of one mark have the same handle of it
    runs = [_Run(tuple(handle for handle, _ in group), mark, _bytes_of(mark)) for mark, group in groups]
    for handle, mark in objects.replaced:
        calls.remove_mark_string(handle, mark, KEY)
    text = pdfium.FPDFText_LoadPage(page)
    handle_of_text = calls.handle_of(text)
    believed = [run for run in runs if _agree(run.said, "".join(_texts(run, handle_of_text)))]
    if believed:
        pdfium.FPDFText_ClosePage(text)
        for run in believed:
            data = (c_ubyte * len(run.data))(*run.data)
            calls.set_mark_bytes(calls.handle_of(document), run.pieces[0], run.mark, KEY, data, len(run.data))
        text = pdfium.FPDFText_LoadPage(page)
    return LoadedText(text, tuple(run.said for run in runs if run not in believed and run.said.strip()))


def _agree(said: str, painted: str) -> bool:
    """Return whether two readings have the same letters and digits; a sign that cannot be read stands for a few."""
    unreadable = sum(unicodedata.category(each) in UNREADABLE or each == "\ufffd" for each in painted)
    more, core = _core(said), _core(painted)
    if not unreadable:
        return more == core or not painted.strip()
    left = iter(more)
    return all(each in left for each in core) and len(more) - len(core) <= MOST_OF_A_SIGN * unreadable


def _core(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def _texts(run: _Run, text: int) -> Iterator[str]:
    for handle in run.pieces:
        size = calls.object_text(handle, text, None, 0)
        buffer = create_string_buffer(2 * size + 2)
        calls.object_text(handle, text, buffer, size)
        yield buffer.raw.decode("utf-16-le", "replace").split("\0", 1)[0]


def _bytes_of(mark: int) -> bytes:
    size = calls.Numbers(c_ulong, 1)
    calls.mark_bytes(mark, KEY, None, 0, size.at[0])
    buffer = create_string_buffer(size.values[0] + 1)
    calls.mark_bytes(mark, KEY, buffer, size.values[0], size.at[0])
    return buffer.raw[: size.values[0]]


def _decoded(data: bytes) -> str:
    """Return a text string of PDF, whose first bytes say how it is written."""
    for start, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (BOM_UTF8, "utf-8")):
        if data.startswith(start):
            return data[len(start) :].decode(encoding, "replace")
    return data.decode("latin-1")
