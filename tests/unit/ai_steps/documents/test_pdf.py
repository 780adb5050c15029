"""PDF files: rotation and crop, forms, attachments, pictures of pages, files that are damaged."""

from io import BytesIO

import pytest

from handrail import Document
from handrail.documents import Box, EncryptedDocument, ReadingLimits, TooHeavy, TruncatedDocument
from tests.unit.ai_steps.documents.small_pdf import attached, lines_down, pdf, shown, stream

FIELD = (
    "<< /Type /Annot /Subtype /Widget /FT /Tx /T (iban) /V (DE89 3704 0044 0532 0130 00) /DA (/F1 10 Tf 0 g) "
    "/Rect [20 100 220 120] /F {flags} /P 4 0 R {more} >>"
)
PICTURE = stream(
    b"\x00\xff" * 32, "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
)


def form(*, flags: int = 4, more: str = "", catalog: str = "") -> bytes:
    return pdf(
        lines_down(["Please pay to"]),
        page_entries="/Annots [100 0 R]",
        catalog_entries=f"/AcroForm << /Fields [100 0 R] /DR << /Font << /F1 3 0 R >> >> {catalog} >>",
        others={100: FIELD.format(flags=flags, more=more)},
    )


def codes(document: Document) -> list[str]:
    return [note.code for note in document.notes]


@pytest.mark.parametrize(("turned", "size"), [(0, (300, 200)), (90, (200, 300)), (180, (300, 200)), (270, (200, 300))])
def test_a_turned_page_has_its_size_and_boxes_as_it_is_displayed(turned: int, size: tuple[float, float]) -> None:
    data = pdf(shown((20, 180, "Total 120.00")), page_entries=f"/Rotate {turned}")

    (page,) = Document.open(data, places=True).pages

    assert (page.width, page.height) == size
    assert page.text == "Total 120.00"
    (line,) = page.lines
    assert line.box is not None
    near_the_upper_edge, near_the_left_edge = line.box.top < 25, line.box.left < 25
    assert (near_the_upper_edge, near_the_left_edge) == {
        0: (True, True),
        90: (True, False),
        180: (False, False),
        270: (False, True),
    }[turned]


def test_boxes_count_from_the_corner_of_what_is_displayed() -> None:
    data = pdf(shown((120, 150, "Total")), page_entries="/CropBox [100 100 300 200]")

    (page,) = Document.open(data, places=True).pages

    assert (page.width, page.height) == (200, 100)
    box = page.lines[0].box
    assert box is not None
    assert box.left == pytest.approx(20, abs=1.5)
    assert box.bottom == pytest.approx(50, abs=4)


def test_a_line_has_a_box_only_when_places_are_asked_for() -> None:
    data = pdf(lines_down(["Invoice 4711", "Total 120.00"]))

    assert [line.box for line in Document.open(data).pages[0].lines] == [None, None]
    boxes = [line.box for line in Document.open(data, places=True).pages[0].lines]
    assert all(isinstance(box, Box) for box in boxes)


def test_the_value_of_a_field_is_given_with_its_name_and_place_and_is_in_the_text_where_it_is_displayed() -> None:
    document = Document.open(form(catalog="/NeedAppearances true"))

    (value,) = document.form
    assert (value.name, value.value, value.page) == ("iban", "DE89 3704 0044 0532 0130 00", 1)
    assert value.box == Box(20, 80, 220, 100)
    if "form_not_shown" not in codes(document):
        assert value.value in document.text


def test_a_value_that_the_page_does_not_display_is_noted() -> None:
    blank = "/AP << /N 101 0 R >>"
    data = pdf(
        lines_down(["Please pay to"]),
        page_entries="/Annots [100 0 R]",
        catalog_entries="/AcroForm << /Fields [100 0 R] >>",
        others={
            100: FIELD.format(flags=4, more=blank),
            101: stream("", "/Type /XObject /Subtype /Form /BBox [0 0 200 20]"),
        },
    )

    document = Document.open(data)

    assert codes(document) == ["form_not_shown"]
    assert document.notes[0].message.endswith("iban")
    assert "DE89" not in document.text


def test_a_hidden_field_is_no_value_and_is_noted() -> None:
    document = Document.open(form(flags=2))

    assert document.form == ()
    assert codes(document) == ["form_not_shown"]


@pytest.mark.parametrize("places", [False, True])
def test_a_page_may_begin_with_characters_that_are_none(*, places: bool) -> None:
    """Damaged fonts give control characters, which are read as blanks, also in front of all text."""
    data = pdf("BT /F1 12 Tf 20 150 Td (\\001\\003Total 12.00) Tj ET")

    assert Document.open(data, places=places).text.strip() == "Total 12.00"


@pytest.mark.parametrize(("rendering", "code"), [("/NeedsRendering true", "pages_left_out"), ("", "form_not_shown")])
def test_pages_that_a_form_would_make_are_no_text(rendering: str, code: str) -> None:
    """pypdf #1224: of such a form its text was "Please wait", and all that was filled in was lost without a word."""
    data = pdf(
        lines_down(["Please wait...", "If this message is not eventually replaced"]),
        catalog_entries=f"{rendering} /AcroForm << /Fields [] /XFA 100 0 R >>",
        others={100: stream("<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><Total>12.00</Total></xdp:xdp>")},
    )

    document = Document.open(data)

    assert [note.code for note in document.notes] == [code]
    assert bool(document.blocking) == bool(rendering)


def test_files_in_a_pdf_are_parts_each_with_its_state_and_bytes() -> None:
    inner = pdf(lines_down(["An inner page"]))

    document = Document.open(
        attached(("a.pdf", inner), ("b.txt", b"some text"), ("c.pdf", b"%PDF-1.7 broken"), ("d.zip", b"PK\3\4"))
    )

    assert [(part.name, part.role, part.state, part.size) for part in document.parts] == [
        ("a.pdf", "attachment", "read", len(inner)),
        ("b.txt", "attachment", "read", 9),
        ("c.pdf", "attachment", "failed", 15),
        ("d.zip", "attachment", "kept", 4),
    ]
    first = document.parts[0].document
    assert first is not None
    assert (first.text, first.data) == ("An inner page", inner)
    assert [note.message for note in document.blocking] == [
        "c.pdf could not be read: it ends too early: ask for it again"
    ]


def test_a_page_that_is_a_picture_says_so_and_a_blank_one_does_not() -> None:
    drawn = "q 200 0 0 150 50 25 cm /Im0 Do Q"
    data = pdf(
        drawn,
        "",
        "1 1 1 rg 0 0 300 200 re f",
        lines_down(["A page with words"]),
        page_entries="/Resources << /XObject << /Im0 100 0 R >> /Font << /F1 3 0 R >> >>",
        others={100: PICTURE},
    )

    document = Document.open(data)

    (note,) = document.blocking
    assert (note.code, note.page) == ("no_text_layer", 1)
    assert "Image.of_page" in note.message
    assert [page.source for page in document.pages] == ["none", "layer", "layer", "layer"]


def test_a_stamp_on_a_picture_of_a_page_is_not_taken_for_its_text() -> None:
    data = pdf(
        "q 300 0 0 200 0 0 cm /Im0 Do Q " + shown((20, 10, "Page 1")),
        page_entries="/Resources << /XObject << /Im0 100 0 R >> /Font << /F1 3 0 R >> >>",
        others={100: PICTURE},
    )

    assert "no_text_layer" in codes(Document.open(data))


def test_a_page_tree_that_refers_to_itself_ends() -> None:
    data = pdf(lines_down(["The only page"])).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")

    document = Document.open(data)

    assert not document.text
    assert document.blocking


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_file_that_was_cut_off_is_an_error_or_has_a_note_that_blocks(tenth: int) -> None:
    data = pdf(*(lines_down([f"Page {number}", "Total 120.00"]) for number in range(8)))

    try:
        document = Document.open(data[: len(data) * tenth // 10])
    except TruncatedDocument:
        return
    assert "pages_left_out" in {note.code for note in document.blocking}


def test_an_update_that_was_cut_off_is_seen() -> None:
    data = pdf(lines_down(["Total 120.00"])) + b"5 0 obj\n<< /Length 40 >>\nstream\nBT /F1 12 Tf"

    assert "pages_left_out" in codes(Document.open(data))


def test_a_damaged_table_of_contents_is_noted() -> None:
    data = pdf(lines_down(["Total 120.00"])).replace(b"startxref\n", b"startxref\n9")

    document = Document.open(data)

    assert (document.text, codes(document)) == ("Total 120.00", ["repaired"])


def test_a_file_with_a_password_is_an_error_that_says_so() -> None:
    pikepdf = pytest.importorskip("pikepdf")

    out = BytesIO()
    with pikepdf.open(BytesIO(pdf(lines_down(["secret"])))) as file:
        file.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))

    with pytest.raises(EncryptedDocument, match="password"):
        Document.open(out.getvalue())


def test_a_file_that_only_its_owner_may_change_is_read() -> None:
    """pypdf #416, pdfminer #113: it opens without a password, and was called encrypted, or not allowed."""
    pikepdf = pytest.importorskip("pikepdf")

    out = BytesIO()
    with pikepdf.open(BytesIO(pdf(lines_down(["Total 120.00"])))) as file:
        nobody = pikepdf.Permissions(extract=False, accessibility=False)
        file.save(out, encryption=pikepdf.Encryption(owner="owner", user="", allow=nobody))

    assert Document.open(out.getvalue()).text == "Total 120.00"


@pytest.mark.parametrize(
    "box",
    [
        "[0 0 1e9 1e9]",
        "[0 0 14400000 14400000]",
        "[0 0 0 0]",
        "[300 200 0 0]",
        "[0 0 300]",
        "(abc)",
        "99 0 R",
        "[1e308 0 nan 5]",
    ],
)
def test_a_page_whose_box_makes_no_sense_is_read_and_its_picture_is_drawn_or_refused(box: str) -> None:
    """pdfminer #186, markitdown #2078: boxes that are no four numbers ended the reading of the whole file."""
    document = Document.open(pdf(lines_down(["Total 120.00"])).replace(b"[0 0 300 200]", box.encode()))

    assert document.text == "Total 120.00"
    assert [number for number, _ in document.box_of(0, 5)] == [1]
    if document.pages[0].width > 1e6:
        with pytest.raises(TooHeavy, match=r"ReadingLimits\.megapixels"):
            document.page_image(1, 20)
    else:
        assert document.page_image(1, 20).startswith(b"\x89PNG")


MANY = pdf(*(lines_down([f"Page {number} of many"]) for number in range(1, 131)))


def test_a_file_of_many_pages_that_two_processes_share_is_whole_and_in_order() -> None:
    document = Document.open(MANY)

    assert [page.text for page in document.pages] == [f"Page {number} of many" for number in range(1, 131)]
    assert document.notes == ()


@pytest.mark.parametrize("most", [1, 64, 65, 129, 130])
def test_limits_of_pages_hold_however_a_file_is_shared(most: int) -> None:
    document = Document.open(MANY, limits=ReadingLimits(pages=most))

    assert [page.number for page in document.pages] == list(range(1, most + 1))
    assert codes(document) == ([] if most == 130 else ["pages_left_out"])
