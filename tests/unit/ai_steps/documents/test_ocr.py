"""Pictures of text, read by real engines in processes of their own, which die of too much and are started again."""

import io
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from handrail.documents import (
    BrokenDocument,
    LanguageMissing,
    Ocr,
    OcrPage,
    ReadingLimits,
    TooHeavy,
    rapid_ocr,
    tesseract_ocr,
)
from tests.unit.ai_steps.documents.pictures import picture

pytest.importorskip("tesserocr", reason="engines are in no environment of the lowest versions")

LIMITS = ReadingLimits()
LINES = ["Corner Shop Limited", "Invoice number 4711", "Issued 12 March 2024", "Total amount 120.00"]


@pytest.fixture(scope="module")
def quick() -> Iterator[Ocr]:
    try:
        engine = tesseract_ocr()
    except LanguageMissing as missing:
        pytest.skip(str(missing))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def good() -> Iterator[Ocr]:
    engine = rapid_ocr()
    yield engine
    engine.close()


def read(engine: Ocr, data: bytes, limits: ReadingLimits = LIMITS) -> OcrPage:
    return engine.read_page(data, limits)


@pytest.mark.dear
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_page_that_lies_is_set_upright_by_tesseract(quick: Ocr, turned: int) -> None:
    page = read(quick, picture(LINES, turned=turned))

    assert page.text.split("\n") == LINES
    assert page.turned == turned
    assert (page.width, page.height) == (900, 600)
    assert all(line.box and 60 <= line.box.left <= 90 and line.score and line.score > 0.5 for line in page.lines)


@pytest.mark.slow
@pytest.mark.parametrize("turned", [180, 270])
def test_a_page_that_lies_is_set_upright_by_rapidocr(good: Ocr, turned: int) -> None:
    page = read(good, picture(LINES, turned=turned))

    assert page.text.split("\n") == LINES
    assert page.turned == turned
    assert (page.width, page.height) == (900, 600)
    assert all(line.box and 55 <= line.box.left <= 90 and line.score and line.score > 0.5 for line in page.lines)


@pytest.mark.slow
@pytest.mark.parametrize("turned", [0, 90])
def test_single_letters_lie_as_their_page_does(good: Ocr, turned: int) -> None:
    # RapidAI/RapidOCR 259: a letter on its own is taken for a line that runs up or down
    rows = [
        "Qty             Price",
        "1             11.10",
        "7             66.90",
        "6             19.61",
        "Total due now",
    ]

    page = read(good, picture(rows, turned=turned))

    assert page.text.split("\n") == ["Qty\tPrice", "1\t11.10", "7\t66.90", "6\t19.61", "Total due now"]
    assert page.turned == turned


def test_pieces_of_a_row_are_parted_by_a_tab(quick: Ocr) -> None:
    page = read(quick, picture(["Screws             120.00", "Nails               35.50", "Delivery to the door"]))

    assert page.text.split("\n")[:2] == ["Screws\t120.00", "Nails\t35.50"]


@pytest.mark.dear
def test_a_picture_without_text_is_a_page_without_text(quick: Ocr) -> None:
    assert read(quick, picture([])) == OcrPage(text="", width=900, height=600)


@pytest.mark.dear
def test_a_damaged_picture_and_one_too_large_are_named_and_the_next_is_read(quick: Ocr) -> None:
    with pytest.raises(BrokenDocument, match="damaged"):
        read(quick, picture(LINES)[:500])
    with pytest.raises(TooHeavy, match="megapixels"):
        read(quick, picture(LINES), ReadingLimits(megapixels=0.1))

    assert read(quick, picture(LINES)).text.startswith("Corner Shop")


@pytest.mark.dear
def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read(quick: Ocr) -> None:
    many = picture([f"line {number} of a long page" for number in range(60)], size=(2000, 3600))

    with pytest.raises(TooHeavy, match="ocr_seconds"):
        read(quick, many, ReadingLimits(ocr_seconds=0.01))

    assert read(quick, picture(LINES)).text.startswith("Corner Shop")


@pytest.mark.dear
def test_a_process_that_was_killed_is_started_again() -> None:
    try:
        engine = tesseract_ocr()
    except LanguageMissing as missing:
        pytest.skip(str(missing))
    before = children_reading_pictures()
    read(engine, picture(LINES))
    for child in children_reading_pictures() - before:
        os.kill(child, signal.SIGKILL)

    assert read(engine, picture(LINES)).text.startswith("Corner Shop")
    engine.close()
    assert children_reading_pictures() == before


def children_reading_pictures() -> set[int]:
    """Return the processes of engines that this process has, where the system tells."""
    found: set[int] = set()
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and "documents.ocr.process" in (each / "cmdline").read_text():
                found.add(int(each.name))
    return found


@pytest.mark.dear
def test_a_language_without_data_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(LanguageMissing, match="apt install tesseract-ocr-eng tesseract-ocr-xyz"):
        tesseract_ocr(["eng", "xyz"], data=tmp_path)


@pytest.mark.slow
def test_scans_that_lie_are_read_as_the_upright_one_is(good: Ocr, quick: Ocr, shared_data: Path) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    said = "Docling bundles PDF document conversion to\nJSON and Markdown in an easy self contained\npackage"

    for name, turned in (("ocr_test", 0), ("ocr_test_rotated_90", 90), ("ocr_test_rotated_180", 180)):
        drawn = io.BytesIO()
        pdf = pypdfium2.PdfDocument(shared_data / "documents" / f"docling-{name}.pdf")
        pdf[0].render(scale=150 / 72).to_pil().save(drawn, "PNG")
        for engine in (quick,) if turned == 180 else (quick, good):
            page = read(engine, drawn.getvalue())

            assert (page.text, page.turned) == (said, turned)
