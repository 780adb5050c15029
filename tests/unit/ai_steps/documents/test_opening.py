"""Opening a file: its kind by content, its limits, its errors; read in a process of its own."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from handrail import Document
from handrail.documents import (
    BrokenDocument,
    EmptyDocument,
    EncryptedDocument,
    ReadingLimits,
    TooHeavy,
    TruncatedDocument,
    WrongKind,
    open_document,
)
from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf

INVOICE = pdf(lines_down(["Invoice 4711", "Total 120.00 EUR"]), lines_down(["Second page"]))


def test_a_pdf_is_its_pages_texts_under_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(INVOICE)

    document = Document.open(path)

    assert document.text == "Invoice 4711\nTotal 120.00 EUR\fSecond page"
    assert (document.kind, document.name, document.notes) == ("pdf", "invoice.pdf", ())
    assert document.id == hashlib.sha256(INVOICE).hexdigest()
    assert document.data == INVOICE
    assert [(page.number, page.width, page.height, page.source) for page in document.pages] == [
        (1, 300, 200, "layer"),
        (2, 300, 200, "layer"),
    ]


def test_bytes_are_read_as_a_file_is_and_get_a_name() -> None:
    assert open_document(INVOICE, name="a.pdf") == Document.open(INVOICE, name="a.pdf")
    assert Document.open(INVOICE).name == "document"


def test_a_name_that_says_another_kind_is_noted_and_not_believed() -> None:
    document = Document.open(INVOICE, name="invoice.docx")

    assert document.kind == "pdf"
    assert [(note.code, note.message) for note in document.notes] == [
        ("wrong_name", "its name says docx, its content is pdf")
    ]


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", EmptyDocument, "empty"),
        (INVOICE[:200], TruncatedDocument, "ends too early"),
        (b"%PDF-1.7\nnothing\n%%EOF\n", BrokenDocument, "no PDF"),
        (b"\x00\x01\x02" * 50, WrongKind, "none of the kinds"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, WrongKind, "old Office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), EncryptedDocument, "password"),
        (b"PK\x03\x04" + b"\0" * 100, WrongKind, "ZIP archive"),
    ],
)
def test_what_cannot_be_read_is_one_error_that_names_the_file(data: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=rf"^odd\.bin: .*{says}"):
        Document.open(data, name="odd.bin")


def test_a_file_of_more_bytes_than_allowed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(INVOICE)

    for source in (path, INVOICE):
        with pytest.raises(TooHeavy, match=r"ReadingLimits\.bytes"):
            Document.open(source, limits=ReadingLimits(bytes=100))


def test_what_is_no_file_is_said_as_the_system_says_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Document.open(tmp_path / "none.pdf")
    with pytest.raises(IsADirectoryError):
        Document.open(tmp_path)
    with pytest.raises(WrongKind, match="a device or a pipe"):
        Document.open("/dev/zero")


def test_pages_beyond_the_limit_are_left_out_with_a_note_that_blocks() -> None:
    document = Document.open(INVOICE, limits=ReadingLimits(pages=1))

    assert document.text == "Invoice 4711\nTotal 120.00 EUR"
    assert [(note.code, note.page) for note in document.blocking] == [("pages_left_out", None)]


def test_a_page_of_more_characters_than_allowed_is_cut_with_a_note_that_blocks() -> None:
    document = Document.open(INVOICE, limits=ReadingLimits(page_characters=15))

    assert [len(page.text) <= 15 for page in document.pages] == [True, True]
    assert document.pages[0].text.startswith("Invoice 4711")
    assert [(note.code, note.page) for note in document.blocking] == [("pages_left_out", 1)]


def test_a_pdf_without_any_text_is_no_empty_success() -> None:
    assert [note.code for note in Document.open(pdf("")).blocking] == ["empty"]


@pytest.mark.slow
def test_many_files_that_are_read_at_once_are_all_read() -> None:
    # The end of a child and of whoever waited for it may be seen in one look: neither ends the others.
    with ThreadPoolExecutor(16) as threads:
        texts = list(threads.map(lambda _: Document.open(INVOICE).text, range(200)))
    assert set(texts) == {"Invoice 4711\nTotal 120.00 EUR\fSecond page"}


def test_a_name_that_is_no_text_can_be_written_down(tmp_path: Path) -> None:
    path = tmp_path / b"in\xffvoice.pdf".decode("utf-8", "surrogateescape")
    path.write_bytes(INVOICE)

    assert Document.open(path).name == "in?voice.pdf"


@pytest.mark.dear
def test_every_module_that_needs_a_missing_library_says_what_to_install() -> None:
    program = """
import importlib, pkgutil, sys
from handrail_ai_steps import documents
from handrail_ground.optional import OPTIONAL, LibraryMissing

sys.modules.update(dict.fromkeys(OPTIONAL))
names = [each.name for each in pkgutil.walk_packages(documents.__path__, f"{documents.__name__}.")]
missing = 0
for name in names:
    try:
        importlib.import_module(name)
    except LibraryMissing as error:
        missing += 1
        assert 'pip install "handrail[' in str(error), error
print(len(names) > 40, missing > 10)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")
