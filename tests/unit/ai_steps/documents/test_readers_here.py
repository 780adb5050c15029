"""Readers called in this process, and what the child says that called them: the same, through frames and back."""

import warnings
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from handrail import Document
from handrail.documents import BrokenDocument, DocumentError, ReadingLimits, TooHeavy, TruncatedDocument
from handrail_ai_steps.documents.document import DocumentKind
from handrail_ai_steps.documents.frames import take
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers import pdf, pdf_places, picture
from handrail_ai_steps.documents.readers.piece import DocumentReader, Piece
from handrail_ai_steps.documents.readers.wire import piece_frame, piece_of
from tests.unit.ai_steps.documents.small_pdf import attached, lines_down, shown
from tests.unit.ai_steps.documents.small_pdf import pdf as made
from tests.unit.ai_steps.documents.test_pdf import PICTURE, form
from tests.unit.ai_steps.documents.test_pictures import saved
from tests.unit.ai_steps.documents.test_reading_order import LEFT, RIGHT, rows

READERS: dict[DocumentKind, DocumentReader] = {"pdf": pdf.read, "image": picture.read}
TABLE = rows(("Item", "Qty", "Amount"), ("Hammer", "2", "120.00"), ("Nails", "100", "5.00"), at=(30, 250, 380))
NOTES = [
    (30.0, 300.0 - 13 * line, text) for line, text in enumerate(["Goods remain", "ours until all", "are paid", "for."])
]
SCAN = "/Resources << /XObject << /Im0 100 0 R >> /Font << /F1 3 0 R >> >>"

FILES = {
    "columns": made(shown(*rows(*zip(LEFT, RIGHT, strict=True), at=(30, 270))), size=(500, 400)),
    "table": made(shown(*TABLE), size=(500, 400)),
    "notes beside a table": made(
        shown(*NOTES, *((left + 150, top + 6, text) for left, top, text in TABLE)), size=(700, 400)
    ),
    "turned": made(shown(*TABLE), size=(500, 400), page_entries="/Rotate 90 /CropBox [5 5 490 390]"),
    "glued": made(shown((20, 150, "163,16183,14"), (20, 100, "88802"), (56, 100, "Spielkreis"), (20, 60, "a   b"))),
    "twice": made(shown((20, 150, "Total"), (20, 100, "Other"), (20.3, 150, "Total"))),
    "form": form(catalog="/NeedAppearances true"),
    "hidden field": form(flags=2),
    "attachments": attached(("a.txt", b"text"), ("b.bin", b"\0\1")),
    "scan": made("q 300 0 0 200 0 0 cm /Im0 Do Q", "", page_entries=SCAN, others={100: PICTURE}),
    "stamp": made("q 300 0 0 200 0 0 cm /Im0 Do Q " + shown((5, 5, "1")), page_entries=SCAN, others={100: PICTURE}),
    "cut off": made(lines_down(["Total"])) + b"9 0 obj <<",
    "no table of contents": made(lines_down(["Total"])).replace(b"startxref\n", b"startxref\n9"),
}
PICTURES = {
    "pages": saved("TIFF", save_all=True, append_images=[Image.new("L", (30, 30), "white")]),
    "film": saved("GIF", save_all=True, append_images=[Image.new("RGB", (120, 80), "red")]),
    "photograph": saved("JPEG"),
}


@pytest.fixture(autouse=True)
def _limits_of_pillow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give back what the reader of pictures sets for its own process."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    with warnings.catch_warnings():
        yield


def through_frames(pieces: Iterator[Piece]) -> Iterator[Piece | None]:
    for piece in pieces:
        yield piece_of(*take(BytesIO(piece_frame(piece)).read))


@pytest.mark.parametrize("places", [False, True])
@pytest.mark.parametrize("name", [*FILES, *PICTURES])
def test_the_child_says_what_its_reader_finds(name: str, places: bool) -> None:  # noqa: FBT001 -- a case
    kind: DocumentKind = "pdf" if name in FILES else "image"
    data = {**FILES, **PICTURES}[name]

    found = list(through_frames(READERS[kind](data, name, ReadingLimits(), places=places)))
    document = Document.open(data, name=name)

    assert [each.text for each in found if isinstance(each, Page)] == [page.text for page in document.pages]
    if places:
        lines = [line for each in found if isinstance(each, Page) for line in each.lines]
        assert all(line.box is not None for line in lines)


@pytest.mark.parametrize("name", ["columns", "turned", "form"])
def test_places_and_pictures_of_a_page_are_what_the_document_gives(name: str) -> None:
    data = FILES[name]
    document = Document.open(data)
    text = document.pages[0].text

    (said, some), (_, all_of_it) = pdf_places.places(data, ReadingLimits(), number=1, text=text, start=2, end=5)
    ((_, drawn),) = pdf_places.picture(data, ReadingLimits(), number=1, dpi=72, turned=0)
    other, _ = pdf_places.places(data, ReadingLimits(), number=1, text="another reading of it", start=0, end=4)

    assert said == ["places", None]
    assert some == all_of_it[2 * 16 : 5 * 16]
    assert drawn == document.page_image(1, 72)
    assert other[0] == ["places", text]


@pytest.mark.parametrize(
    ("data", "limits", "error"),
    [
        (saved("PNG"), ReadingLimits(megapixels=0.001), TooHeavy),
        (saved("PNG")[:60], ReadingLimits(), DocumentError),
        (saved("TIFF")[:-3000], ReadingLimits(), DocumentError),
        (b"\x89PNG\r\n\x1a\nnothing", ReadingLimits(), BrokenDocument),
    ],
)
def test_a_picture_that_cannot_be_read_is_a_named_error(
    data: bytes, limits: ReadingLimits, error: type[DocumentError]
) -> None:
    with pytest.raises(error):
        list(picture.read(data, "picture", limits, places=False))


def test_what_is_no_pdf_is_a_named_error() -> None:
    with pytest.raises(BrokenDocument):
        list(pdf.read(b"%PDF-1.7 nothing %%EOF", "x", ReadingLimits(), places=False))
    with pytest.raises(TruncatedDocument):
        list(pdf.read(b"%PDF-1.7 nothing", "x", ReadingLimits(), places=False))


def test_transparent_places_of_a_picture_are_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")

    ((_, drawn),) = picture.picture(out.getvalue(), ReadingLimits(), number=1, dpi=72, turned=0)

    assert Image.open(BytesIO(drawn)).convert("L").getextrema() == (255, 255)
