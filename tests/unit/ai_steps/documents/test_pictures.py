"""Pictures: a page for each, read by what reads pictures where it is given, and told about where it is not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from handrail import Document
from handrail.documents import Box, BrokenDocument, DocumentError, ReadingLimits, TextLine, TooHeavy, TruncatedDocument
from handrail_ai_steps.documents.ocr.port import OcrPage
from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf, stream

PICTURE = stream(
    b"\x00\xff" * 32, "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
)
SCAN = pdf(
    "q 300 0 0 200 0 0 cm /Im0 Do Q",
    lines_down(["A page of text"]),
    page_entries="/Resources << /XObject << /Im0 100 0 R >> /Font << /F1 3 0 R >> >>",
    others={100: PICTURE},
)


@dataclass
class PictureReader:
    """Reads every picture as the same words, and keeps the pictures."""

    text: str = "Total 120.00"
    turned: int = 0
    error: DocumentError | None = None
    pictures: list[Image.Image] = field(default_factory=list)

    def read_page(self, picture: bytes, limits: ReadingLimits) -> OcrPage:  # noqa: ARG002 -- as the port has it
        if self.error is not None:
            raise self.error
        found = Image.open(BytesIO(picture))
        self.pictures.append(found)
        width, height = found.size if self.turned % 180 == 0 else found.size[::-1]
        line = TextLine(0, len(self.text), Box(0, 0, width / 2, height / 4), 0.9)
        return OcrPage(text=self.text, lines=(line,), width=width, height=height, turned=self.turned)


def drawing(*, mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    picture = Image.new(mode, size, "white")
    ImageDraw.Draw(picture).rectangle((20, 20, 60, 40), fill="black")
    return picture


def saved(kind: str, **options: object) -> bytes:
    out = BytesIO()
    drawing().save(out, kind, **options)
    return out.getvalue()


def test_fine_shades_of_grey_are_seen_as_they_are() -> None:
    scan = Image.new("I;16", (120, 80), 0xC000)
    scan.paste(Image.new("I;16", (40, 20), 0x1000), (20, 20))
    out = BytesIO()
    scan.save(out, "PNG")
    document = Document.open(out.getvalue())
    assert [note.code for note in document.notes] == ["no_text_layer"]  # it is no blank page
    seen = Image.open(BytesIO(document.page_image(1)))
    assert (seen.getpixel((5, 5)), seen.getpixel((30, 30))) == (0xC0, 0x10)
    out = BytesIO()
    Image.new("F", (20, 20), 0.5).save(out, "TIFF")
    with pytest.raises(BrokenDocument, match="measured values"):
        Document.open(out.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"])
def test_a_picture_is_a_page_without_text_and_says_so(kind: str) -> None:
    document = Document.open(saved(kind))

    (page,) = document.pages
    assert (document.kind, page.source, page.text) == ("image", "none", "")
    assert (page.width, page.height) == (120, 80)
    (note,) = document.blocking
    assert note.code == "no_text_layer"
    assert all(way in note.message for way in ("handrail[ocr]", "ocr=rapid_ocr()", "Image.of_page"))


def test_each_picture_of_a_tiff_is_a_page() -> None:
    document = Document.open(saved("TIFF", save_all=True, append_images=[drawing(size=(60, 200)), drawing()]))

    assert [(page.number, page.width) for page in document.pages] == [(1, 120), (2, 60), (3, 120)]


def test_a_film_is_its_first_picture_with_a_note_that_blocks() -> None:
    frames = [Image.new("RGB", (120, 80), colour) for colour in ("red", "blue")]
    document = Document.open(saved("GIF", save_all=True, append_images=frames))

    assert len(document.pages) == 1
    assert {note.code for note in document.blocking} == {"no_text_layer", "pages_left_out"}


def test_a_photograph_is_set_upright_as_the_camera_says() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by 90 degrees
    document = Document.open(saved("JPEG", exif=turned))

    assert (document.pages[0].width, document.pages[0].height) == (80, 120)
    assert Image.open(BytesIO(document.page_image(1))).size == (80, 120)


def test_an_empty_picture_has_no_text_to_be_read() -> None:
    out = BytesIO()
    Image.new("RGB", (50, 50), "white").save(out, "PNG")

    assert [note.code for note in Document.open(out.getvalue()).blocking] == ["empty"]


def test_a_picture_of_too_many_pixels_is_not_read() -> None:
    with pytest.raises(TooHeavy, match=r"ReadingLimits\.megapixels"):
        Document.open(saved("PNG"), limits=ReadingLimits(megapixels=0.005))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_that_was_cut_off_is_an_error(kind: str, share: float) -> None:
    out = BytesIO()
    noise = Image.effect_noise((120, 80), 90).convert("RGB")
    noise.save(out, kind)
    data = out.getvalue()

    with pytest.raises((TruncatedDocument, BrokenDocument)):
        Document.open(data[: int(len(data) * share)])


@pytest.mark.parametrize("make", [lambda: saved("PNG"), lambda: SCAN])
def test_pages_that_are_pictures_are_read_by_what_reads_them(make: Callable[[], bytes]) -> None:
    reader = PictureReader()

    document = Document.open(make(), ocr=reader)

    page = document.pages[0]
    assert (page.text, page.source) == ("Total 120.00", "ocr")
    box = page.lines[0].box
    assert box is not None
    assert (box.left, box.top) == (0, 0)
    assert box.right == pytest.approx(page.width / 2)
    assert box.bottom == pytest.approx(page.height / 4)
    assert page.lines[0].score == 0.9
    assert document.blocking == ()
    assert len(reader.pictures) == 1
    assert document.box_of(0, 5)[0][1].right == pytest.approx(page.width / 2 * 5 / 12)


def test_a_page_that_lies_on_its_side_is_set_upright_and_so_is_its_picture() -> None:
    document = Document.open(SCAN, ocr=PictureReader(turned=90))

    page = document.pages[0]
    assert (page.turned, page.width, page.height) == (90, 200, 300)
    assert [note.code for note in document.notes] == ["turned"]
    assert Image.open(BytesIO(document.page_image(1, 72))).size == (200, 300)


def test_a_picture_in_which_nothing_is_found_still_blocks() -> None:
    document = Document.open(SCAN, ocr=PictureReader(text=""))

    assert [(note.code, note.page) for note in document.blocking] == [("no_text_layer", 1)]


def test_what_goes_wrong_in_reading_a_picture_is_told_and_the_page_still_blocks() -> None:
    document = Document.open(SCAN, ocr=PictureReader(error=TooHeavy("it took longer than 30 s")))

    (note,) = document.blocking
    assert note.code == "no_text_layer"
    assert "it took longer than 30 s" in note.message
    assert document.pages[1].text == "A page of text"
