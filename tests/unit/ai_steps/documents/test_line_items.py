"""Line items are read over the pages of a table, and a row that was lost or misread is told."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Document
from handrail.documents import Page, line_items

INBOX = Path(__file__).parents[4] / "examples" / "invoices"


def document_of(*pages: str) -> Document:
    told = tuple(Page(number=number, text=text) for number, text in enumerate(pages, 1))
    return Document(id="0" * 64, name="invoice.pdf", kind="pdf", pages=told)


def amounts(*pages: str) -> list[str]:
    return [str(each.amount) for each in line_items(document_of(*pages)).items]


FRENCH = "Désignation Qté Prix unitaire HT Montant HT\n"
ENGLISH = "Description Qty Unit price Amount\n"


def test_quantity_times_price_tells_apart_what_blanks_leave_open() -> None:
    [item] = line_items(document_of(f"{FRENCH}Fauteuil Lund 12 277,13 3 325,56\nTotal TTC 3 325,56")).items
    assert (item.description, item.quantity, item.price, item.amount) == (
        "Fauteuil Lund",
        Decimal(12),
        Decimal("277.13"),
        Decimal("3325.56"),
    )


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ("Apple iPad Air Wifi 16 GB\t1\t€ 399,00\t21%\t€ 399,00", "399.00"),
        ("Huile d'olive 10 Liter(s) 19,80 € -198,00 €", "-198.00"),
        ("1 Physiotherapie 26,0000 10 Stk 0 % 260,00", "260.00"),
        ("Oak shelving, fitted 4 343.40 1,373.60", "1373.60"),
        ("Pose de parquet, m² 3 55.78 167.34", "167.34"),
    ],
)
def test_units_rates_and_signs_stand_beside_the_numbers(line: str, amount: str) -> None:
    found = line_items(document_of(f"{ENGLISH}{line}\nTotal: 9"))
    assert [str(each.amount) for each in found.items] == [amount]
    assert found.doubts == ()


def test_a_row_may_go_on_before_its_numbers_and_after_them() -> None:
    found = line_items(document_of(f"{ENGLISH}2.00 Design of\na sample\n7% 80.00 160.00\nby hand\nInk 1 5.00 5.00"))
    assert [(each.quantity, each.amount) for each in found.items] == [
        (Decimal(2), Decimal(160)),
        (Decimal(1), Decimal(5)),
    ]
    assert found.items[0].description.endswith("by hand")


def test_a_table_goes_on_where_its_header_stands_again() -> None:
    first = f"{ENGLISH}Ink 2 5.00 10.00\nCarried forward 10.00\nACME, 1 Road 2 3.00 6.00"
    last = f"ACME\n{ENGLISH}Brought forward 10.00\nPaper 1 4.00 4.00\nSubtotal 14.00\nTotal 14.00\nThanks 1 1.00 1.00"
    found = line_items(document_of(first, last))
    assert [(str(each.amount), each.page) for each in found.items] == [("10.00", 1), ("4.00", 2)]
    assert found.doubts == ()
    assert found.total == 14


@given(rows=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 99_999)), min_size=2, max_size=12), data=st.data())
def test_a_row_that_was_lost_is_told_where_a_sum_is_carried_over(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    lines = [
        f"Part {chr(97 + at)} {count} {cents / 100:.2f} {count * cents / 100:.2f}"
        for at, (count, cents) in enumerate(rows)
    ]
    total = f"{sum(count * cents for count, cents in rows) / 100:.2f}"
    cut = data.draw(st.integers(1, len(lines)))
    pages = [ENGLISH + "\n".join(lines[:cut]), ENGLISH + "\n".join([*lines[cut:], f"Subtotal {total}"])]
    whole = line_items(document_of(*pages))
    assert len(whole.items) == len(lines)
    assert whole.doubts == ()
    lost = data.draw(st.integers(0, len(lines) - 1))
    without = [page.replace(f"{lines[lost]}\n", "", 1).replace(f"\n{lines[lost]}", "", 1) for page in pages]
    assert line_items(document_of(*without)).doubts


@pytest.mark.dear
def test_a_line_of_thousands_of_numbers_ends() -> None:
    """It had cost time with the fourth power of its length, in the process that asked."""
    found = line_items(document_of(f"{ENGLISH}Ink {' '.join(str(100 + n % 900) for n in range(3000))}"))
    assert len(found.items) == 1
    assert found.doubts


def test_what_cannot_be_proven_is_told() -> None:
    found = line_items(document_of(f"{ENGLISH}Nougat 5 4.55 20.48\nTotal 20.48"))
    assert found.doubts == ("page 1: 'Nougat 5 4.55 20.48': its quantity times its price is not its amount",)


def test_places_are_those_of_the_row_in_the_documents_text() -> None:
    document = document_of("A letter.", f"{ENGLISH}Ink 2 5.00 10.00\nTotal 10.00")
    [item] = line_items(document).items
    assert document.text[item.start : item.end] == "Ink 2 5.00 10.00"


@pytest.mark.parametrize("text", ["", "Dear Sir,\nthe amount is 5.00", "Description\nQty", f"{ENGLISH}IBAN"])
def test_without_a_table_there_are_none(text: str) -> None:
    assert amounts(text) == []


@pytest.mark.slow
def test_every_row_of_the_example_invoices_is_read_as_it_is() -> None:
    tried = 0
    for case in map(json.loads, (INBOX / "truth.jsonl").read_text(encoding="utf-8").splitlines()):
        if not case["file"].endswith("-long.pdf"):
            continue
        found = line_items(Document.open(INBOX / "inbox" / case["file"]))
        assert found.doubts == ()
        assert [(each.description, str(each.amount)) for each in found.items] == [
            (each["description"], each["amount"]) for each in case["fields"]["lines"]
        ]
        tried += 1
    assert tried >= 4
