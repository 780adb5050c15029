"""The order in which a page is read: columns one after the other, tables and labels row by row, each text once."""

import pytest

from handrail import Document
from tests.unit.ai_steps.documents.small_pdf import pdf, shown

LEFT = ["The left column of a page", "tells one story in lines", "that belong together and", "end before the other."]
RIGHT = ["While the right one has", "another that begins only", "where the left has come", "to its very last word."]


def text_of(*placed: tuple[float, float, str], size: tuple[float, float] = (500, 400)) -> str:
    return Document.open(pdf(shown(*placed), size=size)).text


def rows(
    *texts: tuple[str, ...], at: tuple[float, ...], top: float = 300, step: float = 16
) -> list[tuple[float, float, str]]:
    return [
        (at[column], top - step * row, text)
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
        if text
    ]


def test_columns_are_read_one_after_the_other_even_when_they_are_drawn_line_by_line() -> None:
    placed = rows(*zip(LEFT, RIGHT, strict=True), at=(30, 270))

    assert text_of(*placed) == "\n".join(LEFT + RIGHT)


def test_what_stands_above_and_below_columns_stays_there() -> None:
    placed = [
        (30, 350, "A heading that is as wide as the page and stands over both of its columns"),
        *rows(*zip(LEFT, RIGHT, strict=True), at=(30, 270)),
        (30, 200, "And a last line below that is as wide as the page and belongs to both of them"),
    ]

    lines = text_of(*placed).split("\n")

    assert lines == [placed[0][2], *LEFT, *RIGHT, placed[-1][2]]


def test_addresses_side_by_side_are_each_in_one_piece() -> None:
    placed = rows(
        ("Bill to", "Ship to"),
        ("Carl Sample", "Sample Ltd."),
        ("1 Main Street", "22 Dock Road"),
        ("10115 Berlin", "80331 Munich"),
        at=(30, 270),
    )

    assert "Carl Sample\n1 Main Street\n10115 Berlin\n" in text_of(*placed)
    assert text_of(*placed).endswith("Sample Ltd.\n22 Dock Road\n80331 Munich")


def test_a_table_is_read_row_by_row_with_tabs_between_its_cells() -> None:
    placed = rows(
        ("Item", "Quantity", "Price", "Amount"),
        ("Hammer with a long handle", "2", "60.00", "120.00"),
        ("Nails", "100", "0.05", "5.00"),
        at=(30, 250, 330, 410),
    )

    assert text_of(*placed).split("\n") == [
        "Item\tQuantity\tPrice\tAmount",
        "Hammer with a long handle\t2\t60.00\t120.00",
        "Nails\t100\t0.05\t5.00",
    ]


def test_labels_stay_beside_their_values() -> None:
    placed = rows(("Invoice date", "2024-03-12"), ("Terms", "net"), ("Customer", "Sample Ltd."), at=(30, 200))

    assert text_of(*placed) == "Invoice date\t2024-03-12\nTerms\tnet\nCustomer\tSample Ltd."


def test_a_small_gap_between_two_numbers_is_a_tab_so_that_they_are_never_one() -> None:
    assert text_of((30, 300, "QTY 2"), (70.5, 300, "120.00")) == "QTY 2\t120.00"


def test_what_is_drawn_from_the_bottom_up_is_read_from_the_top_down() -> None:
    assert text_of((30, 100, "third"), (30, 200, "second"), (30, 300, "first")) == "first\nsecond\nthird"


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_text_that_is_drawn_twice_to_make_it_bold_is_there_once(shift: float) -> None:
    placed = [(30.0, 300.0, "Total 120.00"), (30.0, 280.0, "Thank you"), (30.0 + shift, 300.0, "Total 120.00")]

    assert text_of(*placed) == "Total 120.00\nThank you"


def test_the_same_text_at_two_places_is_there_twice() -> None:
    assert text_of((30, 300, "Total 120.00"), (30, 280, "Total 120.00")) == "Total 120.00\nTotal 120.00"


def test_a_page_of_thousands_of_cells_is_read_whole() -> None:
    placed = [(10.0 + 40 * x, 10.0 + 9 * y, f"c{x}r{y}") for y in range(120) for x in range(12)]

    text = Document.open(pdf(shown(*placed, font_size=6), size=(500, 1100))).text

    assert sorted(text.split()) == sorted(cell for _, _, cell in placed)


def test_a_column_of_notes_beside_a_table_is_read_apart_from_it() -> None:
    notes = ["Goods remain", "ours until all", "of them are", "paid in full."]
    table = [("Item", "Qty", "Amount"), ("Hammer", "2", "120.00"), ("Nails", "100", "5.00"), ("Wood", "7", "31.50")]
    placed = [
        *((30.0, 300.0 - 13 * line, text) for line, text in enumerate(notes)),
        *rows(*table, at=(180, 300, 380), top=306, step=22),
    ]

    assert text_of(*placed).split("\n") == [*notes, *("\t".join(row) for row in table)]


def test_cells_of_two_lines_stay_in_their_table() -> None:
    placed = [
        (30, 300, "Item"),
        (300, 300, "Amount"),
        *(
            (30.0, 280.0 - 16 * line, text)
            for line, text in enumerate(["Hammer with a", "long handle", "Nails", "of steel"])
        ),
        (300, 280, "120.00"),
        (300, 248, "5.00"),
    ]

    lines = text_of(*placed).split("\n")

    assert lines == ["Item\tAmount", "Hammer with a\t120.00", "long handle", "Nails\t5.00", "of steel"]


def test_labels_without_colons_stay_beside_their_dates_above_a_heading() -> None:
    placed = [
        *rows(("Date", "13 July 2026"), ("Your order", "PO-8762"), ("Pay by", "27 July 2026"), at=(30, 160)),
        (30, 240, "INVOICE"),
    ]

    assert text_of(*placed) == "Date\t13 July 2026\nYour order\tPO-8762\nPay by\t27 July 2026\nINVOICE"


def test_a_number_whose_thousands_are_set_apart_by_a_wide_blank_is_one_number() -> None:
    courier = {3: "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"}
    page = "BT /F1 10 Tf 20 100 Td (Net a payer) Tj 0 -14 Td (2 412,56 EUR) Tj ET"

    assert Document.open(pdf(page, others=courier)).text == "Net a payer\n2 412,56 EUR"
