"""Places of a text on its pages, pictures of pages, and the bytes of parts: made when they are asked for."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from handrail import Document
from handrail.documents import Box, BytesMissing, ReadingLimits, TooHeavy, WrongKind
from tests.unit.ai_steps.documents.small_pdf import attached, pdf, shown

PAGES = pdf(
    shown((20, 180, "Invoice 4711"), (20, 160, "Total"), (200, 160, "120.00")),
    shown((20, 180, "Thank you")),
)


def place_of(document: Document, text: str) -> tuple[int, Box]:
    start = document.text.index(text)
    ((number, box),) = document.box_of(start, start + len(text))
    return number, box


def ink(picture: Image.Image, box: Box, scale: float) -> int:
    corners = (box.left, box.top, box.right, box.bottom)
    left, top, right, bottom = (round(each * scale) for each in corners)
    part = picture.convert("L").crop((left, top, right, bottom))
    return sum(part.histogram()[:128])


def recorded(document: Document) -> Document:
    return replace(document)


def test_a_part_of_the_text_has_its_page_and_box() -> None:
    document = Document.open(PAGES)

    number, box = place_of(document, "120.00")

    assert number == 1
    assert box.left == pytest.approx(200, abs=2)
    assert box.bottom == pytest.approx(40, abs=5)
    assert place_of(document, "Thank")[0] == 2
    assert place_of(document, "120.00") == (number, box), "asked again, it is answered from what is kept"


def test_a_part_over_lines_and_pages_has_a_box_for_each_line() -> None:
    document = Document.open(PAGES)

    places = document.box_of(0, len(document.text))

    assert [number for number, _ in places] == [1, 1, 2]
    assert all(box.left < box.right and box.top < box.bottom for _, box in places)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", ["", "/CropBox [10 20 290 190]"])
def test_the_box_lies_on_the_ink_of_the_page_picture(turned: int, cropped: str) -> None:
    data = pdf(shown((40, 150, "IIII"), (200, 60, "HHHH")), page_entries=f"/Rotate {turned} {cropped}")
    document = Document.open(data)
    picture = Image.open(BytesIO(document.page_image(1, 144)))

    boxes = [place_of(document, text)[1] for text in ("IIII", "HHHH")]

    inside = sum(ink(picture, box, 2) for box in boxes)
    assert all(ink(picture, box, 2) > 20 for box in boxes)
    assert inside == ink(picture, Box(0, 0, document.pages[0].width, document.pages[0].height), 2)


def test_a_record_gives_places_once_it_has_its_bytes_again() -> None:
    document = Document.open(PAGES)
    record = recorded(document)

    assert record.data is None
    with pytest.raises(BytesMissing, match=r"document\.opened"):
        record.box_of(0, 7)
    assert record.opened(PAGES).box_of(0, 7) == document.box_of(0, 7)


def test_lines_with_boxes_give_places_without_any_bytes() -> None:
    record = recorded(Document.open(PAGES, places=True))

    ((number, box),) = record.box_of(0, 12)

    assert number == 1
    assert box.left == pytest.approx(20, abs=2)


def test_a_format_without_places_has_none() -> None:
    assert Document.open(b"plain text").box_of(0, 5) == ()


def test_what_is_no_part_of_the_text_is_refused() -> None:
    document = Document.open(b"plain text")

    for start, end in ((-1, 3), (3, 2), (0, 11)):
        with pytest.raises(ValueError, match="no part"):
            document.box_of(start, end)


def test_hidden_text_does_not_shift_the_places() -> None:
    unseen = "q BT 3 Tr /F1 12 Tf 1 0 0 1 20 120 Tm (hidden words) Tj ET Q\n"
    document = Document.open(pdf(unseen + shown((20, 180, "first line"), (20, 60, "last line"))))

    assert "hidden" not in document.text
    assert place_of(document, "last")[1].bottom == pytest.approx(140, abs=5)


@pytest.mark.dear
def test_a_page_picture_has_the_size_that_was_asked_for() -> None:
    document = Document.open(PAGES)

    assert Image.open(BytesIO(document.page_image(2, 72))).size == (300, 200)
    with pytest.raises(TooHeavy, match=r"ReadingLimits\.megapixels"):
        document.page_image(1, 10_000, limits=ReadingLimits(megapixels=1))
    with pytest.raises(ValueError, match="no page 3"):
        document.page_image(3)
    with pytest.raises(WrongKind):
        Document.open(b"plain text").page_image(1)


def test_bytes_of_a_part_are_given_again_though_nothing_reads_it() -> None:
    data = attached(("a.txt", b"some text"), ("b.zip", b"PK\3\4"))
    document = Document.open(data)

    assert [document.part_bytes(index) for index in (0, 1)] == [b"some text", b"PK\3\4"]
    assert recorded(document).opened(data).part_bytes(1) == b"PK\3\4"
    with pytest.raises(BytesMissing):
        recorded(document).part_bytes(1)
