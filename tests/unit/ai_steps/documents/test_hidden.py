"""What a PDF has as text and its page does not show: it is no part of the page's text, and it is named."""

import pytest

from handrail import Document
from tests.documents.hidden_pdfs import HIDDEN, hidden_pages
from tests.unit.ai_steps.documents.small_pdf import pdf, stream

SEEN = "BT /F1 12 Tf 20 150 Td (Total 120.00) Tj ET\n"

ALPHA = "/ExtGState << /A << /ca 0 /CA 0 >> /M << /SMask << /S /Luminosity /G 100 0 R >> >> >>"
BLACK_MASK = stream(
    "0 g 0 0 300 200 re f",
    "/Type /XObject /Subtype /Form /BBox [0 0 300 200] /Group << /S /Transparency /CS /DeviceGray >>",
)


def hidden(
    content: str, *, page: str = "", resources: str = "", catalog: str = "", **others: str | bytes
) -> list[tuple[str, str]]:
    """Return what is hidden on a page, after making sure that what is seen is its text."""
    document = opened(content, page=page, resources=resources, catalog=catalog, **others)
    (one,) = document.pages
    assert one.text.split() == ["Total", "120.00"]
    notes = [note.code for note in document.notes]
    assert notes == (["hidden_text"] if one.hidden else [])
    return [(each.by, each.text.strip()) for each in one.hidden]


def opened(content: str, *, page: str = "", resources: str = "", catalog: str = "", **others: str | bytes) -> Document:
    entries = f"{page} /Resources << /Font << /F1 3 0 R >> {resources} >>"
    numbered = {int(name.removeprefix("o")): each for name, each in others.items()}
    return Document.open(pdf(content, page_entries=entries, catalog_entries=catalog, others=numbered), name="page.pdf")


def in_drawn_letters(drawing: str) -> Document:
    """Return a page whose second line is in a font (Type 3) each letter of which is this drawing."""
    codes = " ".join(f"<{code:02x}> <{code:04x}>" for code in range(32, 127))
    to_unicode = (
        "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange "
        f"95 beginbfchar {codes} endbfchar endcmap"
    )
    font = (
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /FirstChar 32 /LastChar 126 "
        f"/Widths [{'0.8 ' * 95}] /CharProcs << /a 101 0 R >> /Resources << >> /ToUnicode 102 0 R "
        f"/Encoding << /Type /Encoding /Differences [32 {'/a ' * 95}] >> >>"
    )
    entries = "/Resources << /Font << /F1 3 0 R /F2 100 0 R >> >>"
    others: dict[int, str | bytes] = {100: font, 101: stream(f"0.8 0 d0 {drawing}"), 102: stream(to_unicode)}
    content = SEEN + "BT /F2 12 Tf 20 100 Td (Total 900.00) Tj ET"
    return Document.open(pdf(content, page_entries=entries, others=others), name="drawn.pdf")


def test_letters_whose_drawing_is_empty_are_hidden_and_others_stay() -> None:
    (empty,) = in_drawn_letters("").pages
    (painted,) = in_drawn_letters("0 0 0.6 0.7 re f").pages

    assert (empty.text, [(each.by, each.text) for each in empty.hidden]) == (
        "Total 120.00", [("transparent", "Total 900.00")],
    )  # fmt: skip
    assert (painted.text.split(), painted.hidden) == (["Total", "120.00", "Total", "900.00"], ())


@pytest.mark.parametrize(
    ("by", "content"),
    [
        ("render_mode", SEEN + "BT /F1 12 Tf 3 Tr 20 100 Td (Total 900.00) Tj ET"),
        ("render_mode", SEEN + "BT /F1 12 Tf 7 Tr 20 100 Td (Total 900.00) Tj ET"),
        ("render_mode", "BT /F1 12 Tf 3 Tr 20 150 Td (Total 900.00) Tj ET 0 Tr\n" + SEEN),
        ("same_colour", SEEN + "1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
        ("same_colour", SEEN + ".99 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
        ("same_colour", SEEN + "0 0 0 0 k BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
        ("same_colour", SEEN + ".2 .4 .6 rg 0 80 300 50 re f BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
        ("covered", SEEN + "BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET 1 g 0 80 300 50 re f"),
        ("covered", SEEN + "BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET 0 g 0 80 300 50 re f"),
        ("off_page", SEEN + "BT /F1 12 Tf 20 -100 Td (Total 900.00) Tj ET"),
        ("off_page", SEEN + "BT /F1 12 Tf 4000 100 Td (Total 900.00) Tj ET"),
        ("tiny", SEEN + "BT /F1 .5 Tf 20 100 Td (Total 900.00) Tj ET"),
        ("tiny", SEEN + "q .01 0 0 .01 0 0 cm BT /F1 12 Tf 2000 10000 Td (Total 900.00) Tj ET Q"),
        ("tiny", SEEN + "BT /F1 12 Tf .02 0 0 1 20 100 Tm (Total 900.00) Tj ET"),
        ("tiny", SEEN + "BT /F1 .6 Tf .7 .7 -.7 .7 20 100 Tm (Total 900.00 and more of it) Tj ET"),
        ("cropped", SEEN + "q 0 0 9 9 re W n BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET Q"),
    ],
)
def test_text_that_is_not_to_be_seen_is_named_and_left_out(by: str, content: str) -> None:
    assert [each for each, _ in hidden(content)] == [by]
    assert "900.00" in hidden(content)[0][1] or by == "tiny"


@pytest.mark.parametrize("kind", HIDDEN)
def test_wherever_it_stands_hidden_text_is_found_and_what_is_beside_it_is_kept(kind: str) -> None:
    for page in hidden_pages(kind, 4):
        (read,) = Document.open(page.data, name="page.pdf").pages

        assert page.hidden not in read.text
        assert any(page.hidden in each.text for each in read.hidden)
        assert all(each in read.text for each in page.shown)


def test_text_outside_the_crop_box_is_cut_away() -> None:
    content = SEEN + "BT /F1 12 Tf 20 20 Td (Total 900.00) Tj ET"

    assert hidden(content, page="/CropBox [0 50 300 200]") == [("cropped", "Total 900.00")]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_page_is_inspected_as_it_is_displayed(turned: int) -> None:
    content = SEEN + "1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET 0 g BT /F1 12 Tf 20 20 Td (Total 700.00) Tj ET"

    found = hidden(content, page=f"/Rotate {turned} /CropBox [10 50 290 190]")

    assert sorted(found) == [("cropped", "Total 700.00"), ("same_colour", "Total 900.00")]


@pytest.mark.parametrize("state", ["A", "M"])
def test_transparent_text_is_hidden(state: str) -> None:
    content = SEEN + f"q /{state} gs BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET Q"

    assert hidden(content, resources=ALPHA, o100=BLACK_MASK) == [("transparent", "Total 900.00")]


def test_text_of_a_layer_that_is_switched_off_is_hidden() -> None:
    off = "/OCProperties << /OCGs [100 0 R] /D << /OFF [100 0 R] >> >>"
    content = SEEN + "/OC /L BDC BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET EMC"
    layer = {"resources": "/Properties << /L 100 0 R >>", "o100": "<< /Type /OCG /Name (Draft) >>"}

    assert hidden(content, catalog=off, **layer) == [("marked", "Total 900.00")]
    on = opened(content, catalog=off.replace("/OFF [100 0 R]", ""), **layer)
    assert "Total 900.00" in on.text


def test_a_form_that_is_cut_off_or_switched_off_hides_its_text() -> None:
    inside = "BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"
    entries = "/Type /XObject /Subtype /Form /Resources << /Font << /F1 3 0 R >> >>"
    off = "/OCProperties << /OCGs [101 0 R] /D << /OFF [101 0 R] >> >>"
    resources = "/XObject << /X 100 0 R >>"

    cut = hidden(SEEN + "/X Do", resources=resources, o100=stream(inside, f"{entries} /BBox [0 0 9 9]"))
    assert cut == [("cropped", "Total 900.00")]
    layer = stream(inside, f"{entries} /BBox [0 0 300 200] /OC 101 0 R")
    switched_off = hidden(
        SEEN + "/X Do", resources=resources, catalog=off, o100=layer, o101="<< /Type /OCG /Name (Draft) >>"
    )
    assert [text for _, text in switched_off] == ["Total 900.00"]


def test_a_note_stuck_over_text_hides_it() -> None:
    box = stream("0 g 0 0 200 30 re f", "/Type /XObject /Subtype /Form /BBox [0 0 200 30]")
    note = "<< /Type /Annot /Subtype /Square /Rect [10 90 210 120] /F 4 /AP << /N 101 0 R >> >>"
    content = SEEN + "BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"

    assert hidden(content, page="/Annots [100 0 R]", o100=note, o101=box) == [("covered", "Total 900.00")]


def test_a_value_that_was_covered_and_written_over_is_the_one_on_top() -> None:
    changed = "BT /F1 12 Tf 20 150 Td (Total 900.00) Tj ET 1 g 15 140 200 25 re f 0 g " + SEEN

    assert hidden(changed) == [("covered", "Total 900.00")]


def test_only_the_covered_characters_are_hidden() -> None:
    document = opened("BT /F1 12 Tf 20 150 Td (Total 120.00) Tj ET 1 g 51 140 6.7 25 re f")

    assert document.text.split() == ["Total", "20.00"]
    assert [(each.by, each.text) for each in document.pages[0].hidden] == [("covered", "1")]


@pytest.mark.parametrize(
    "content",
    [
        "1 g .2 .4 .6 rg 0 100 300 80 re f 1 g BT /F1 12 Tf 20 150 Td (Total 120.00) Tj ET",
        "1 g 0 0 300 200 re f 0 g BT /F1 12 Tf 20 150 Td (Total 120.00) Tj ET",
        ".8 g BT /F1 8 Tf 20 150 Td (Total 120.00) Tj ET",
        SEEN + "20 148 m 100 148 l S",
        SEEN + "20 154 m 100 154 l S",
        SEEN + "10 140 200 30 re S",
        "2 Tr " + SEEN,
        "1 Tr " + SEEN,
        ".7 g BT /F1 12 Tf 21 149 Td (Total 120.00) Tj ET 0 g " + SEEN,
        "1 g BT /F1 12 Tf 20.4 149.6 Td (Total 120.00) Tj ET 0 g " + SEEN,
        SEEN + ".9 g 0 0 300 120 re f",
        "q 10 140 200 40 re W n " + SEEN + "Q",
        "q 0 0 m 300 0 l 300 200 l 150 210 l 0 200 l h W n " + SEEN + "Q",
        "BT /F1 1 Tf 12 0 0 12 20 150 Tm (Total 120.00) Tj ET",
        "BT /F1 12 Tf 0 1 -1 0 100 50 Tm (Total 120.00) Tj ET",
        "BT /F1 12 Tf 292 150 Td (T) Tj ET BT /F1 12 Tf 20 150 Td (otal 120.00) Tj ET",
    ],
)
def test_what_is_to_be_seen_stays(content: str) -> None:
    document = opened(content)

    assert "".join(sorted("".join(document.text.split()))) == "".join(sorted("Total120.00"))
    assert document.pages[0].hidden == ()


def test_text_that_says_by_a_mark_something_else_than_is_painted_reads_as_painted() -> None:
    marked = "/Span << /ActualText (Total 900.00) >> BDC " + SEEN + "EMC"

    assert hidden(marked) == [("marked", "Total 900.00")]


@pytest.mark.parametrize(
    ("painted", "said", "reads"),
    [("fi", "<FEFFFB01>", "fi"), ("co-", "(co)", "co"), ("A", "<EFBBBF61>", "a"), ("A", "<FFFE6100>", "a")],
)
def test_a_mark_that_says_what_is_painted_is_believed(painted: str, said: str, reads: str) -> None:
    mark = f"/Span << /ActualText {said} >> BDC BT /F1 12 Tf 20 %d Td ({painted}) Tj ET EMC "

    document = opened(mark % 100 + mark % 50)

    assert "".join(document.text.split()) == 2 * reads
    assert document.pages[0].hidden == ()


def scan(layer: str, picture: str) -> Document:
    """Return a page with a picture as large as itself, and a text layer under or over it."""
    image = stream(
        "0 " * 0 + picture,
        "/Type /XObject /Subtype /Image /Width 30 /Height 20 /ColorSpace /DeviceGray /BitsPerComponent 8",
    )
    return opened(layer, resources="/XObject << /P 100 0 R >>", o100=image)


INK = "".join("\x00" if (across // 2 + down) % 2 else "\xff" for down in range(20) for across in range(30))
BLANK = "\xff" * 600
PICTURE = "q 300 0 0 200 0 0 cm /P Do Q "


@pytest.mark.parametrize(
    "layer",
    [
        PICTURE + "3 Tr " + SEEN,
        "3 Tr " + SEEN + PICTURE,
        SEEN + PICTURE,
    ],
)
def test_text_laid_unseen_over_a_scan_is_its_text_and_is_told_apart(layer: str) -> None:
    document = scan(layer, INK)

    assert document.text.split() == ["Total", "120.00"]
    assert document.pages[0].source == "ocr"
    assert [note.code for note in document.blocking] == ["scanned_layer"]


def test_text_laid_unseen_over_an_empty_picture_is_hidden() -> None:
    document = scan(PICTURE + "3 Tr " + SEEN, BLANK)

    assert document.text.split() == []
    assert [each.by for each in document.pages[0].hidden] == ["render_mode"]


def test_what_cannot_be_inspected_counts_as_hidden() -> None:
    # Twenty pieces of white text at one place: more than can be told apart.
    over_each_other = "".join(f"1 g BT /F1 12 Tf 20 100 Td (Total {900 + n}) Tj ET\n" for n in range(20))

    document = opened(SEEN + over_each_other)

    assert document.text.split() == ["Total", "120.00"]
    assert {each.by for each in document.pages[0].hidden} == {"unchecked"}
    assert [note.code for note in document.blocking] == ["broken_page"]


def test_a_page_as_large_as_a_field_is_inspected_too() -> None:
    document = Document.open(
        pdf(SEEN + "1 g BT /F1 12 Tf 20 560000 Td (Total 900.00) Tj ET", size=(567_000, 567_000)), name="field.pdf"
    )

    assert document.text.split() == ["Total", "120.00"]
    assert [each.by for each in document.pages[0].hidden] == ["same_colour"]
