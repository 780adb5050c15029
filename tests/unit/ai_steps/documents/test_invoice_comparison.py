"""The page is held against the data: each contradiction is named with both values, and what is not printed is none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Document
from handrail.documents import (
    EmbeddedInvoice,
    InvoiceData,
    PageComparison,
    Prevailing,
    compare_with_page,
    invoices_in,
    read_invoice,
)
from handrail_ai_steps.documents.embedded.stated import explained_by
from handrail_guards.grounding.locate import locate
from tests.unit.ai_steps.documents.invoice_xml import Line, Written, cii, german, page, ubl

OTHER_IBAN = "DE89370400440532013000"


def data(said: Written = Written()) -> InvoiceData:  # noqa: B008 -- frozen
    found = read_invoice(cii(said))
    assert isinstance(found, InvoiceData)
    return found


def compared(said: Written, text: str) -> PageComparison:
    return compare_with_page(data(said), text)


def named(found: PageComparison) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {each.term: (each.stated, each.printed) for each in found.contradictions}


def test_a_page_that_says_the_same_contradicts_nothing() -> None:
    found = compared(Written(), page())
    assert found.contradictions == found.not_printed == ()
    assert found.alarms == ()
    assert found.told() == ""
    spans = {each.term: [page()[span.start : span.end] for span in each.spans] for each in found.values}
    assert spans["grand_total"] == spans["due_payable"] == ["381,90", "381,90"]
    assert spans["ibans.0"] == ["DE02 1203 0000 0000 2020 51"]


@pytest.mark.parametrize(
    ("other", "term", "stated", "printed"),
    [
        ({"number": "RE-2025-711"}, "number", "RE-2025-017", "RE-2025-711"),
        ({"issued": "2024-03-14"}, "issued", "2025-03-14", "14.03.2024"),
        ({"due": "2025-05-13"}, "due", "2025-04-13", "13.05.2025"),
        ({"total": "831.90", "payable": "831.90"}, "grand_total", "381.90", "831,90"),
        ({"total": "831.90", "payable": "831.90"}, "due_payable", "381.90", "831,90"),
        ({"basis": "430.00"}, "tax_basis", "330.00", "430,00"),
        ({"basis": "430.00"}, "line_total", "330.00", "430,00"),
        ({"tax": "61.90"}, "tax_total", "51.90", "61,90"),
        ({"taxes": (("19", "340.00", "64.60"), ("7", "90.00", "6.30"))}, "taxes.0.tax", "45.60", "64,60"),
        ({"seller_vat": "DE987654321"}, "seller.vat_number", "DE123456789", "DE987654321"),
        ({"iban": OTHER_IBAN}, "ibans.0", "DE02120300000000202051", "DE89 3704 0044 0532 0130 00"),
    ],
)
def test_a_contradiction_is_named_with_both_values(other: dict[str, str], term: str, stated: str, printed: str) -> None:
    """OpenXRechnungToolbox #7: people want to be able to check that the data and the page of a PDF agree."""
    found = compared(Written(), page(Written().but(**other)))
    assert named(found)[term] == (stated, (printed,))
    assert stated in found.told()
    assert printed in found.told()


@pytest.mark.parametrize("number", ["RE-2025-0171", "RE-2025-01", "RE-12025-017"])
def test_a_number_with_a_digit_more_or_less_is_another(number: str) -> None:
    found = compared(Written(), page(Written(number=number)))
    assert named(found)["number"] == ("RE-2025-017", (number,))


@pytest.mark.parametrize("number", ["RE/2025/017", "RE 2025-017", "2025-017", "RE-2025"])
def test_a_number_with_other_signs_or_without_a_part_is_no_other(number: str) -> None:
    assert "number" not in named(compared(Written(), page(Written(number=number))))


def test_a_day_is_that_which_the_page_shows_and_not_its_turn() -> None:
    said = Written(issued="2025-03-04", due="2025-04-13")
    found = compared(said, page(Written(issued="2025-04-03", due="2025-04-13")))
    assert named(found)["issued"] == ("2025-03-04", ("03.04.2025",))
    assert not named(compared(said, page(said)))


def test_a_line_with_another_amount_is_named() -> None:
    lines = (
        Line(name="Akkuschrauber 18 V", quantity="2", price="130.00", total="260.00"),
        Line(name="Fachbuch Holzbau", quantity="3", price="30.00", total="90.00", rate="7"),
    )
    assert named(compared(Written(), page(Written(lines=lines)))) == {"lines.0.total": ("240.00", ("260,00",))}


def test_another_account_on_the_page_is_an_alarm_of_its_own() -> None:
    found = compared(Written(), page(Written(iban=OTHER_IBAN)))
    assert found.alarms == ("other_account",)
    assert found.told().startswith("THE PAGE NAMES ANOTHER ACCOUNT")


def test_another_payee_on_the_page_is_an_alarm_of_its_own() -> None:
    found = compared(Written(payee="Inkasso Süd AG"), page(Written(payee="Schnellgeld Ost Limited")))
    assert named(found) == {"payee.name": ("Inkasso Süd AG", ("Schnellgeld Ost Limited",))}
    assert found.alarms == ("other_payee",)


def test_a_second_account_beside_that_of_the_data_is_no_contradiction() -> None:
    assert compared(Written(), f"{page()}\nIBAN: DE89 3704 0044 0532 0130 00").contradictions == ()


def test_data_of_another_invoice_is_seen_and_all_of_it_is_named() -> None:
    other = Written(
        number="2024-99", issued="2024-01-02", due="2024-01-30", seller="Möbel Krause e.K.", buyer="Anna Ohm"
    )
    other = other.but(seller_vat="DE999999990", iban=OTHER_IBAN, lines=(), taxes=(), line_total="", basis="50.00")
    found = compared(Written(), page(other.but(tax="9.50", total="59.50", payable="59.50")))
    assert "other_invoice" in found.alarms
    assert {"number", "issued", "seller.name", "buyer.name", "grand_total"} <= set(named(found))


# What is no contradiction ------------------------------------------------------------------------------------------


def test_a_value_that_is_not_printed_is_told_apart_from_one_that_contradicts() -> None:
    text = "\n".join(each for each in page().split("\n") if "Umsatzsteuer gesamt" not in each)
    found = compared(Written(), text)
    assert found.contradictions == ()
    assert [each.term for each in found.not_printed] == ["tax_total"]


def test_prices_with_tax_on_the_page_contradict_no_net_total() -> None:
    """A shop prints gross prices, its data has net ones."""
    lines = (
        Line(name="Akkuschrauber 18 V", quantity="2", price="142.80", total="285.60"),
        Line(name="Fachbuch Holzbau", quantity="3", price="32.10", total="96.30", rate="7"),
    )
    found = compared(Written(), page(Written(lines=lines)))
    assert found.contradictions == ()


@pytest.mark.parametrize("type_code", ["381", "384"])
def test_a_credit_note_may_be_printed_with_a_minus(type_code: str) -> None:
    """invoice2data #240, firefly #1938: a minus that one side leaves out made another amount of it."""
    text = page().replace("381,90", "-381,90").replace("330,00", "-330,00").replace("51,90", "-51,90")
    assert compared(Written(type_code=type_code), text).contradictions == ()


def test_an_invoice_whose_total_is_printed_with_a_minus_contradicts() -> None:
    found = compared(Written(), page().replace("381,90", "-381,90"))
    assert set(named(found)) == {"grand_total", "due_payable"}


def test_a_prepaid_amount_is_printed_with_a_minus_and_agrees() -> None:
    said = Written(prepaid="100.00", payable="281.90")
    found = compared(said, page(said))
    assert found.contradictions == found.not_printed == ()


def test_a_number_that_is_printed_in_part_contradicts_nothing() -> None:
    found = compared(Written(number="00.123.456.7-2014-1"), page(Written(number="00.123.456.7")))
    assert [each.term for each in found.contradictions] == []
    assert [(each.term, each.reason) for each in found.not_printed] == [("number", "it is printed in part")]


def test_a_name_in_another_order_agrees() -> None:
    found = compared(Written(buyer="Brandt KG Hafenkontor"), page())
    assert found.contradictions == found.not_printed == ()


def test_a_percentage_is_no_amount() -> None:
    said = Written(tax="19.00", basis="100.00", line_total="", lines=(), taxes=(), total="119.00", payable="119.00")
    text = page(said).replace("Umsatzsteuer gesamt:\t19,00 EUR", "Umsatzsteuer 19 %:\t17,00 EUR")
    assert named(compared(said, text))["tax_total"] == ("19.00", ("17,00",))


def test_amounts_that_the_data_states_elsewhere_do_not_contradict() -> None:
    text = page().replace("Umsatzsteuer gesamt:\t51,90 EUR", "Umsatzsteuer 19 %:\t45,60 EUR")
    assert compared(Written(), text).contradictions == ()


def test_pages_in_french_and_english_are_compared() -> None:
    french = "Facture FA-7\nDate de facture 14/03/2025\nTotal HT 330,00 €\nTotal TVA 51,90 €\nTotal TTC 831,90 €"
    found = named(compared(Written(number="FA-7"), french))
    assert found["grand_total"] == ("381.90", ("831,90",))
    english = "Invoice no. 7\nInvoice date: March 4, 2025\nSubtotal 330.00\nVAT 51.90\nTotal amount €831.90"
    found = named(compared(Written(number="7"), english))
    assert (found["grand_total"], found["issued"]) == (
        ("381.90", ("831.90",)),
        ("2025-03-14", ("March 4, 2025",)),
    )


@pytest.mark.dear
@given(cents=st.integers(1, 99_999_999))
def test_any_other_total_is_found_unless_the_data_explains_it(cents: int) -> None:
    amount = f"{cents / 100:.2f}"
    found = named(compared(Written(), page(Written(total=amount, payable=amount))))
    if Decimal(amount) not in explained_by(data()).amounts:
        assert found["grand_total"] == found["due_payable"] == ("381.90", (german(amount),))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "Rechnung " + "a" * 100_000,
        "1 " * 50_000,
        "Rechnung 5 " * 10_000,
        "Gesamtbetrag\n" * 8_000,
        "IBAN " + "DE00 " * 20_000,
        "USt-IdNr " + "DE 1.2.3 " * 10_000,
    ],
)
def test_a_page_that_is_made_to_take_long_does_not(text: str) -> None:
    """Each once took minutes, or never ended: the time for it must grow with its length, and not with its square."""
    assert compared(Written(), text).values


# Which part counts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "part", "cited"),
    [
        ({}, "data", "15 October 2024"),
        ({"issued": "2024-12-31"}, "not_known", "before 2025"),
        ({"guideline": "urn:factur-x.eu:1p0:basicwl"}, "not_known", "BASICWL"),
        ({"guideline": "urn:factur-x.eu:1p0:minimum"}, "not_known", "MINIMUM"),
        ({"seller_country": "FR", "seller_vat": "FR11999999998"}, "neither", "Factur-X"),
        ({"seller_country": "IT", "seller_vat": "IT00743110157"}, "not_known", "IT"),
        ({"seller_country": "", "seller_vat": ""}, "not_known", "ask"),
        ({"seller_country": ""}, "data", "Germany"),
    ],
)
def test_which_part_counts_is_the_rule_of_the_country_or_not_known(
    parts: dict[str, str], part: str, cited: str
) -> None:
    found = compared(Written().but(**parts), page())
    assert found.prevails.part == part
    assert cited in found.prevails.reason


def test_a_rule_of_ones_own_is_asked() -> None:
    mine = {"IT": lambda _: Prevailing("data", "SdI: only the data is the invoice")}
    found = compare_with_page(data(Written(seller_country="IT")), page(), rules=mine)
    assert found.prevails == Prevailing("data", "SdI: only the data is the invoice")


def test_both_syntaxes_are_compared_alike() -> None:
    text = page(Written(total="831.90", payable="831.90"))
    other = read_invoice(ubl())
    assert isinstance(other, InvoiceData)
    assert compare_with_page(other, text) == compared(Written(), text)


# Real ones ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hybrid:
    name: str
    carried: EmbeddedInvoice
    missing: list[str]
    """What the data states and the page does not have, by the truth beside the files."""

    @property
    def comparison(self) -> PageComparison:
        found = self.carried.compared()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def hybrids(shared_data: Path) -> list[Hybrid]:
    pytest.importorskip("pypdfium2")
    return list(_hybrids(shared_data / "documents"))


def _hybrids(folder: Path) -> Iterator[Hybrid]:
    for line in (folder / "truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        if "xml_fields" in truth:
            [carried] = invoices_in(Document.open(folder / truth["file"])).invoices
            assert carried.name == truth["attachments"][0]
            yield Hybrid(truth["file"], carried, [value for _, value in truth["xml_values_not_on_page"]])


@pytest.mark.slow
def test_every_contradiction_of_the_public_invoices_is_named_with_what_the_page_says(hybrids: list[Hybrid]) -> None:
    assert len(hybrids) == 16
    contradicting = {}
    for each in hybrids:
        came = each.comparison
        told = {one.stated.replace("-", "") for one in (*came.contradictions, *came.not_printed)}
        for value in each.missing:
            assert value.replace("-", "") in told, (each.name, value)
        if came.contradictions:
            contradicting[each.name.rpartition("_")[2]] = named(came)
    assert contradicting.keys() == {"504.pdf", "503.pdf", "ZUGFeRD.pdf"}
    assert contradicting["503.pdf"]["grand_total"] == ("571.04", ("406,82",))
    assert contradicting["503.pdf"]["lines.0.total"] == ("171.20", ("160,00",))
    assert contradicting["503.pdf"]["lines.1.total"] == ("376.04", ("158,00",))
    assert contradicting["504.pdf"] == {
        "issued": ("2014-10-08", ("08.10.2015",)),
        "due": ("2014-10-29", ("29.10.2015",)),
    }
    assert contradicting["ZUGFeRD.pdf"]["number"] == ("20131122-42", ("42",))
    assert contradicting["ZUGFeRD.pdf"]["grand_total"] == ("119", ("1.589,80",))
    assert contradicting["ZUGFeRD.pdf"]["seller.name"] == ("Seller Inc.", ())


@pytest.mark.slow
def test_the_data_of_one_public_invoice_never_passes_on_the_page_of_another(hybrids: list[Hybrid]) -> None:
    for one in hybrids:
        for other in hybrids:
            assert other.carried.page is not None
            same = one is other or compare_with_page(one.carried.invoice, other.carried.page.text).contradictions
            assert same, (one.name, other.name)


@pytest.mark.dear
def test_an_amount_is_found_where_the_grounding_guard_finds_it(hybrids: list[Hybrid]) -> None:
    for each in hybrids:
        assert each.carried.page is not None
        text = each.carried.page.text
        for value in each.comparison.values:
            if value.result == "agrees" and value.term in {"grand_total", "tax_basis", "line_total"}:
                assert set(value.spans) <= {*locate(Decimal(value.stated), text), *locate(-Decimal(value.stated), text)}
