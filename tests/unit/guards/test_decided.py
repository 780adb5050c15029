"""Values that may be read in two ways are decided by their document's own evidence, in order, or not at all."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from handrail_guards.decided import decided
from handrail_guards.values.day import Date
from handrail_guards.values.languages import language_of
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.roles import role_of

MARCH, APRIL = date(2024, 3, 4), date(2024, 4, 3)
GERMAN = "Rechnung und Betrag für die Leistung, bitte zahlen Sie den Betrag bis zum Datum.\n"
ENGLISH = "This is the invoice for your order. Please pay the amount to the account by the date.\n"


class Invoice(BaseModel):
    issued: Date
    due: Date | None = None


def day(source: str, *, written: str = "03/04/2024", day_first: bool | None = None) -> tuple[date | None, str]:
    value, (decision,) = decided(Date.read(written), f"{source}\nDate: {written}\n", day_first=day_first)
    return (value.day if value.is_clear else None), decision.by


@pytest.mark.parametrize(
    ("source", "meant", "by"),
    [
        ("Delivered 25/03/2024", APRIL, "25/03/2024 in the same document has the day first"),
        ("Delivered 03/25/2024", MARCH, "03/25/2024 in the same document has the month first"),
        (GERMAN + "Delivered 03/25/2024", MARCH, "same document"),  # the style goes before the language
        (GERMAN, APRIL, "language is 'de'"),
        ("TVA : FR11999999998", APRIL, "begins with FR"),
        (ENGLISH + "VAT GB 980780684", APRIL, "begins with GB"),
        ("Total 12.00 EUR", APRIL, "currency is EUR"),
        ("Total £12.00", APRIL, "currency is GBP"),
        (ENGLISH + "Total USD 12.00", MARCH, "currency is USD"),
        (ENGLISH + "12 Main St, Springfield, IL 62704\nTotal $12.00", MARCH, "United States"),
    ],
)
def test_a_date_is_decided_by_what_its_document_shows(source: str, meant: date, by: str) -> None:
    found, told = day(source)
    assert found == meant
    assert by in told


@pytest.mark.parametrize(
    "source",
    [
        "",
        "Total $12.00",
        ENGLISH,
        ENGLISH + "Total $12.00",
        "Delivered 25.03.2024",  # another style
        "Delivered 25/03/2024 or 03/25/2024",  # they contradict each other
        GERMAN + "Delivered 25/03/2024 or 03/25/2024",
        "Paid 05/05/2024",  # the same either way
    ],
)
def test_what_shows_nothing_decides_nothing_and_both_readings_stay(source: str) -> None:
    assert day(source) == (None, "")


def test_the_step_decides_last() -> None:
    assert day("", day_first=True) == (APRIL, "the step says day_first=True")
    assert day("", day_first=False)[0] == MARCH
    assert day("Delivered 25/03/2024", day_first=False)[0] == APRIL


def test_an_invoice_is_not_issued_after_it_is_due() -> None:
    value, decisions = decided(
        Invoice(issued=Date.read("04/03/2024"), due=Date(date(2024, 3, 20))), "", day_first=False
    )
    assert value.issued.day == MARCH
    assert decisions[0].by == "issued is not after due"
    value, _ = decided(Invoice(issued=Date(MARCH), due=Date.read("02/05/2024")), "")
    assert value.due is not None
    assert value.due.day == date(2024, 5, 2)


def test_two_unclear_days_stay_unclear_where_both_orders_fit() -> None:
    _, decisions = decided(Invoice(issued=Date.read("01/02/2024"), due=Date.read("03/04/2024")), "")
    assert [(each.path, each.by) for each in decisions] == [("issued", ""), ("due", "")]
    assert decisions[1].readings == ("2024-03-04", "2024-04-03")


def test_an_amount_is_decided_by_the_decimal_marks_of_the_others() -> None:
    def amount(source: str, written: str = "1,234 €") -> Decimal | None:
        value, _ = decided(Money.read(written), source)
        return value.amount if value.is_clear else None

    assert amount("Milk 2,50\nTotal 12,00") == Decimal("1.234")
    assert amount("Milk 2.50\nTotal 1,234.00") == Decimal(1234)
    assert amount("Milk 2.50\nTotal 12,00") is None
    assert amount("Milk 2 Total 12") is None
    assert amount("Milk 2,50", "1.234 €") == Decimal(1234)


def test_a_share_without_a_sign_is_decided_by_the_signs_in_the_document() -> None:
    value, _ = decided(Percentage.read("0.19"), "MwSt 19 %: 5,00")
    assert value.percent == 19
    value, _ = decided(Percentage.read("0.19"), "nothing")
    assert not value.is_clear


def test_clear_values_are_left_alone() -> None:
    invoice = Invoice(issued=Date(MARCH))
    assert decided(invoice, "25/03/2024") == (invoice, ())
    assert decided({"a": 1, "b": "03/04/2024"}, "25/03/2024")[1] == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"),
        (ENGLISH, "en"),
        ("Facture et montant pour vous, les conditions de paiement sont sur votre facture", "fr"),
        ("Factura y importe con el pago, fecha de la factura por su cuenta", "es"),
        ("12.00 EUR", None),
    ],
)
def test_a_language_is_told_by_its_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("path", "kind", "role"),
    [
        ("due_date", "date", "due"), ("dueDate", "date", "due"), ("faelligkeit", "date", "due"),
        ("issued", "date", "issued"), ("invoice_date", "date", "issued"), ("Rechnungsdatum", "date", "issued"),
        ("delivery_date", "date", "delivered"), ("total", "amount", "total"), ("GrandTotalAmount", "amount", "total"),
        ("DuePayableAmount", "amount", "payable"), ("TaxTotalAmount", "amount", "tax"), ("net_total", "amount", "net"),
        ("number", "text", "number"), ("invoice_number", "text", "number"),
        ("customer_number", "text", "customer_number"), ("lines.0.x", "amount", None),
        ("iban", "text", "iban"), ("seller_vat", "text", "tax_number"), ("note", "text", None),
    ],
)  # fmt: skip
def test_the_role_of_a_field_is_told_by_its_name(path: str, kind: Any, role: str | None) -> None:
    assert role_of(path, kind) == role


@pytest.mark.parametrize(
    ("said", "source", "readings"),
    [
        (Date(MARCH), "Date: 03/04/2024", [MARCH, APRIL]),
        (Date.read("4 March 2024"), "Date: 03/04/2024", [MARCH, APRIL]),
        (Money("1234", "EUR"), "Total 1,234 EUR", [Decimal("1.234"), Decimal(1234)]),
        (Money("-1234"), "Credit -1.234", [Decimal(-1234), Decimal("-1.234")]),
        (Percentage.read("1234 %"), "1,234 %", [Decimal("1.234"), Decimal(1234)]),
    ],
)
def test_a_clear_value_that_the_source_writes_unclearly_is_as_unclear_as_the_source(
    said: Any, source: str, readings: list[Any]
) -> None:
    value, (decision,) = decided(said, source)
    assert sorted(value.readings) == sorted(readings)
    assert value.written in source
    assert decision.by == ""
    assert decided(said, source, exact=[""]) == (said, ())


@pytest.mark.parametrize(
    ("said", "source"),
    [
        (Date(MARCH), "Date: 03/04/2024, that is 4 March 2024"),  # once is enough
        (Date(MARCH), "Date: 05/06/2024"),  # it stands nowhere: that is for grounding to say
        (Date(MARCH), "Date: 2024-03-04"),
        (Money("1234", "EUR"), "Total 1,234.00 EUR, in words: 1,234"),
        (Money("1234", "EUR"), ""),
    ],
)
def test_a_clear_value_that_the_source_writes_clearly_stays(said: Any, source: str) -> None:
    assert decided(said, source) == (said, ())


def test_a_reading_that_was_chosen_is_kept_where_the_source_shows_the_same_one() -> None:
    value, (decision,) = decided(Date(APRIL), "Date: 03/04/2024\nDelivered 25/03/2024")
    assert value.day == APRIL
    assert "same document" in decision.by


@pytest.mark.parametrize("day_first", [None, True, False])
def test_a_reading_that_was_chosen_against_what_the_source_shows_is_for_a_person(*, day_first: bool | None) -> None:
    value, (decision,) = decided(Date(MARCH), "Date: 03/04/2024\nDelivered 25/03/2024", day_first=day_first)
    assert list(value.readings) == [MARCH, APRIL]
    assert decision.by == ""


def test_a_field_that_a_rule_read_is_not_held_to_how_the_page_writes_it() -> None:
    invoice = Invoice(issued=Date(MARCH), due=Date(APRIL))
    value, decisions = decided(invoice, "Date: 03/04/2024", exact=["issued"])
    assert value.issued.day == MARCH
    assert [each.path for each in decisions] == ["due"]
