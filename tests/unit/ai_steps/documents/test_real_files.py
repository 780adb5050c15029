"""Files of other people: each is a document with text, or says why not; whole, cut off, and wherever it is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail import Document
from handrail.documents import DocumentError, ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers import pdf

FOLDER = Path(__file__).parents[4].parent / "shared" / "data" / "documents"
FILES = sorted(path for path in FOLDER.glob("*.*") if path.suffix not in {".md", ".jsonl"}) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(not FILES, reason="the documents of others are not beside the project")


def pdfs() -> Iterator[Path]:
    yield from (path for path in FILES if path.suffix == ".pdf")


def opened(data: bytes, name: str) -> Document | None:
    """Return what a file says; None: it is an error that names the file."""
    try:
        return Document.open(data, name=name)
    except DocumentError as error:
        told = str(error)
    assert told.startswith(f"{name}: ")
    return None


def text_of(name: str) -> str:
    return Document.open(FOLDER / name).text


@pytest.mark.dear
def test_every_file_has_text_or_says_why_not() -> None:
    for path in FILES:
        document = opened(path.read_bytes(), path.name)
        assert document is None or document.blocking or any(each.text.strip() for each in document.walk()), path.name


@pytest.mark.slow
def test_every_pdf_that_was_cut_off_is_an_error_or_has_a_note_that_blocks() -> None:
    for path in pdfs():
        data = path.read_bytes()
        for tenth in range(10):
            document = opened(data[: len(data) * tenth // 10], path.name)
            assert document is None or document.blocking, (path.name, tenth)


@pytest.mark.dear
def test_the_child_says_what_the_reader_says_in_this_process() -> None:
    for path in pdfs():
        if "encrypted.pdf" in path.name:
            continue
        read = [
            piece
            for piece in pdf.read(path.read_bytes(), path.name, ReadingLimits(), places=True)
            if isinstance(piece, Page)
        ]
        found = Document.open(path, places=True).pages
        assert [page.text for page in found] == [page.text for page in read], path.name
        assert [len(page.lines) for page in found] == [len(page.lines) for page in read]


@pytest.mark.dear
def test_every_part_of_a_text_has_its_place() -> None:
    for path in pdfs():
        if "encrypted.pdf" in path.name:
            continue
        document = Document.open(path)
        for page, start in zip(document.pages, document.page_starts, strict=True):
            boxes = document.box_of(start, start + len(page.text))
            lines = [line for line in page.text.split("\n") if line.strip()]
            assert len(boxes) == len(lines), path.name
            assert all(number == page.number for number, _ in boxes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "zugferd-Avoir_FR_type381_BASIC.pdf",
            "Ma jolie boutique\nAlexandre Payet\n35 rue de la République\n69001 Lyon",
        ),
        ("zugferd-Avoir_FR_type381_BASIC.pdf", "Nougat de l'Abbaye 250g\t5 Unit(s)\t4,55 €\t10%\t-20,48 €"),
        ("zugferd-acme_invoice-42_ZUGFeRD.pdf", "Rechnungsbetrag\t1.589,80"),
        ("invoice2data-AzureInterior.pdf", "Azure Interior\n4557 De Silva St\nFremont CA 94538\nUnited States"),
        ("invoice2data-coolblue1.pdf", "Pino Bluebird\nSessamestreet 32\n1025 RX Amsterdam"),
        ("invoice2data-QualityHosting.pdf", "Zahlungsform\tBanküberweisung\nZahlungsbedingungen\t14 Tage netto"),
        ("pdfjs-copy_paste_ligatures.pdf", "abcdef"),
    ],
)
def test_addresses_and_rows_of_real_invoices_are_in_one_piece(name: str, expected: str) -> None:
    assert expected in text_of(name)
