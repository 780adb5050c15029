"""Typed values as fields: read from what a model copies, kept with all readings, written so that they read again."""

import copy
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from handrail_ground.optional import LibraryMissing
from handrail_guards.grounding import locate
from handrail_guards.values.day import Date
from handrail_guards.values.identifier import Iban, Identifier, VatNumber
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.written import UnclearValue


class Invoice(BaseModel):
    total: Money
    issued: Date
    due: Date | None = None
    rate: Percentage | None = None


ANSWER: dict[str, Any] = {"total": "1.234,56 €", "issued": "03/04/2024", "due": "4. Mai 2024", "rate": "19 %"}


def test_a_field_is_read_and_what_is_written_reads_the_same_again() -> None:
    invoice = Invoice.model_validate(ANSWER)
    assert invoice.total == Money("1234.56", "EUR")
    assert invoice.issued.readings == (date(2024, 3, 4), date(2024, 4, 3))
    assert invoice.model_dump(mode="json") == {
        "total": "1234.56 EUR", "issued": "03/04/2024", "due": "2024-05-04", "rate": "19 %",
    }  # fmt: skip
    assert Invoice.model_validate_json(invoice.model_dump_json()) == invoice
    assert Invoice.model_validate(invoice.model_dump()) == invoice
    assert copy.deepcopy(invoice) == invoice


def test_models_are_asked_for_texts_and_told_what_to_write() -> None:
    properties = Invoice.model_json_schema()["properties"]
    assert properties["total"]["type"] == "string"
    assert "1.234,56 €" in properties["total"]["description"]
    assert properties["due"]["anyOf"][0]["type"] == "string"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("total", "nothing"), ("total", True), ("total", ["1"]), ("total", float("nan")), ("total", "19 %"),
        ("issued", "März 2024"), ("issued", 20240304), ("rate", "5 €"), ("rate", None.__class__),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_what_to_write(field: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=r"such as|finite"):
        Invoice.model_validate({**ANSWER, field: wrong})


def test_numbers_and_days_are_taken_as_they_are() -> None:
    invoice = Invoice.model_validate({"total": 1234.5, "issued": date(2024, 3, 4), "rate": 19})
    assert (invoice.total.amount, invoice.issued.day) == (Decimal("1234.5"), date(2024, 3, 4))
    assert Date(datetime(2024, 3, 4, 10, 15)) == Date.read("2024-03-04 10:15")  # noqa: DTZ001 -- papers have no zone


def test_a_number_with_three_decimals_is_written_so_that_it_stays_clear() -> None:
    price = Money.read("1,234 €").meaning(Decimal("1.234"))
    assert str(price) == "1.2340 EUR"
    assert Money.read(str(price)) == price


def test_equal_values_are_equal_however_they_were_written() -> None:
    assert Money.read("1.234,50 €") == Money.read("EUR 1,234.5") == Money("1234.5", "EUR")
    assert len({Money.read("5 €"), Money.read("5.00 EUR")}) == 1
    assert Money.read("5 €") != Money.read("5 $")
    assert Money.read("5.00 €").normal == Money.read("5 €").normal
    assert Date.read("4.3.2024") != Date.read("4 March 2024")


def test_a_typed_value_does_not_change() -> None:
    with pytest.raises(AttributeError, match="does not change"):
        Money("5")._readings = (Decimal(6),)  # noqa: SLF001 -- whoever tries


def test_a_value_alone_is_written_as_text_too() -> None:
    assert to_jsonable_python([Money("5", "EUR"), Identifier("iban", "DE02 1203 0000 0000 2020 51")]) == [
        "5 EUR",
        "DE02120300000000202051",
    ]


class Payee(BaseModel):
    iban: Iban
    vat: VatNumber | None = None
    tax: Identifier[Literal["de.stnr"]] | None = None


@pytest.mark.parametrize(
    ("kind", "written", "right"),
    [
        ("iban", "DE02 1203 0000 0000 2020 51", True),
        ("iban", "DE02 1203 0000 0000 2020 52", False),
        ("iban", "DE01234..", False),
        ("vat", "DE136695976", True),
        ("vat", "DE 123456789", False),
        ("vat", "ATU 12345678", False),
        ("vat", "EL094259216", True),
        ("vat", "GB980780684", True),
        ("vat", "123456789", False),
        ("bic", "DEUTDEFF500", True),
        ("ean", "4012345000093", False),
        ("ean", "4006381333931", True),
        ("de.stnr", "181/815/0815 5", True),
    ],
)
def test_check_digits_are_verified_and_a_wrong_number_is_kept_but_not_usable(
    kind: str, written: str, *, right: bool
) -> None:
    read = Identifier(kind, written)
    assert (read.problem == "") is right
    assert read.compact == "".join(filter(str.isalnum, written)).upper()
    if right:
        assert read.value == read.compact
    else:
        with pytest.raises(UnclearValue, match="no valid"):
            _ = read.value


def test_an_identifier_is_a_field_of_its_kind() -> None:
    payee = Payee.model_validate({"iban": "DE02 1203 0000 0000 2020 51", "vat": "DE136695976"})
    assert payee.iban.kind == "iban"
    assert Payee.model_validate_json(payee.model_dump_json()) == payee
    assert "IBAN" in Payee.model_json_schema()["properties"]["iban"]["description"]
    with pytest.raises(ValidationError, match="write it as a text"):
        Payee.model_validate({"iban": Identifier("vat", "DE136695976")})


def test_an_identifier_without_a_kind_or_of_an_unknown_one_is_refused() -> None:
    with pytest.raises(TypeError, match="needs its kind"):
        TypeAdapter(Identifier)
    with pytest.raises(ValueError, match="nobody knows identifiers of kind 'cat'"):
        Identifier("cat", "7")


def test_without_the_library_an_identifier_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "stdnum", None)
    with pytest.raises(LibraryMissing, match=r"handrail\[documents\]"):
        Identifier("iban", "DE02 1203 0000 0000 2020 51")


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (Money.read("1.234,56 €"), "Total EUR 1,234.56"),
        (Money.read("1,234"), "Weight 1.234"),
        (Money("-12.50"), "Credit 12,50-"),
        (Date.read("03/04/2024"), "on 3 April 2024"),
        (Date.read("2024-04-03 10:15"), "on 3 April 2024, 10:15"),
        (Percentage.read("19 %"), "USt 19,00 %"),
        (Percentage.read("19"), "USt-Satz 19,00"),
        (Identifier("iban", "DE02120300000000202051"), "IBAN: DE02 1203 0000 0000 2020 51"),
    ],
)
def test_a_typed_value_is_found_in_a_source(value: Any, source: str) -> None:
    assert locate(value, source)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (Money("12.50", "EUR"), "Total USD 12.50"),
        (Money("12.50"), "Credit 12,50-"),
        (Date.read("2024-04-03 10:15"), "on 3 April 2024, 10:16"),
        (Identifier("iban", "DE02120300000000202051"), "IBAN: DE02 1203 0000 0000 2020 52"),
    ],
)
def test_a_typed_value_that_is_not_there_is_not_found(value: Any, source: str) -> None:
    assert not locate(value, source)
