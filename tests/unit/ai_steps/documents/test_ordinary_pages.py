"""Ordinary pages lose nothing that is to be seen on them, and none of them is called garbled."""

from collections import Counter
from pathlib import Path

import pypdfium2
import pytest

from handrail import Document
from tests.documents.ordinary_pdfs import LOOKS, ordinary_pages

PAGES = tuple(ordinary_pages(len(LOOKS)))

WITH_HIDDEN_TEXT = ("docling-invisible", "pdfjs-file_pdfjs_form", "pdfjs-scan-bad", "pypdfium2-forms")
"""Files that have text that is not to be seen, looked at by eye."""


def letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


def raw_letters(data: bytes) -> Counter[str]:
    """Return all that PDFium has as text in a file."""
    file = pypdfium2.PdfDocument(data)
    try:
        return letters("".join(page.get_textpage().get_text_range() for page in file))
    finally:
        file.close()


@pytest.mark.parametrize("number", range(len(LOOKS)), ids=[each.__name__.strip("_") for each in LOOKS])
def test_an_ordinary_page_loses_nothing(number: int) -> None:
    document = Document.open(PAGES[number], name="ordinary.pdf")

    assert document.pages[0].hidden == ()
    assert document.notes == ()
    assert letters(document.text) == raw_letters(PAGES[number])


@pytest.mark.slow
def test_real_invoices_lose_nothing(shared_data: Path) -> None:
    for path in sorted((shared_data / "documents").glob("*.pdf")):
        if path.name.startswith(WITH_HIDDEN_TEXT) or "encrypted.pdf" in path.name:
            continue
        document = Document.open(path)
        assert all(page.hidden == () for page in document.pages), path.name
        assert "garbled_text" not in [note.code for note in document.notes], path.name
