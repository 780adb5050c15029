"""One invoice is one, by whatever way and however often it comes; another with its number is a finding."""

import hashlib
from decimal import Decimal

import pytest

from handrail import Document
from handrail.documents import (
    AttachedInvoices,
    InvoiceData,
    InvoiceIdentity,
    NoIdentity,
    Page,
    Part,
    identity_of_values,
    invoice_identity,
    invoices_in,
    read_invoice,
)
from tests.unit.ai_steps.documents.invoice_xml import Written, cii, page, ubl


def identity(text: str) -> InvoiceIdentity:
    found = read_invoice(text)
    assert isinstance(found, InvoiceData)
    return invoice_identity(found)


def xml(text: str, name: str = "factur-x.xml") -> Document:
    data = text.encode()
    return Document(id=digest(data), name=name, kind="xml", pages=(), invoice=read_invoice(data))


def part(document: Document) -> Part:
    return Part(name=document.name, role="attachment", state="read", size=1, document=document)


def pdf(*parts: Document, text: str = "", name: str = "r.pdf") -> Document:
    pages = (Page(number=1, text=text or page()),)
    return Document(id=digest(name.encode()), name=name, kind="pdf", pages=pages, parts=tuple(map(part, parts)))


def mail(*parts: Document) -> Document:
    body = (Page(number=1, text="Anbei unsere Rechnung."),)
    return Document(id="m" * 64, name="m.eml", kind="mail", pages=body, parts=tuple(map(part, parts)))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def names(found: AttachedInvoices) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.name, each.again) for each in found.invoices]


def test_both_syntaxes_of_one_invoice_have_one_key() -> None:
    assert identity(cii()).key == identity(ubl()).key
    assert len(identity(cii()).key) == 32


@pytest.mark.parametrize(
    "other",
    [
        {"number": " re-2025-017 "},
        {"seller_vat": "DE 123 456 789"},
        {"seller": "Nordlicht Werkzeuge GmbH &amp; Co. KG"},
        {"total": "381.9"},
        {"iban": "DE02 1203 0000 0000 2020 51"},
    ],
)
def test_how_it_is_written_makes_no_other_invoice(other: dict[str, str]) -> None:
    one, again = identity(cii()), identity(cii(Written().but(**other)))
    assert again.key == one.key
    assert again.against([one]).result == "same"


@pytest.mark.parametrize(
    "other",
    [{"number": "RE-2025-018"}, {"number": "RE-202501-7"}, {"seller_vat": "DE987654321", "seller": "Anders AG"}],
)
def test_another_number_or_seller_is_another_invoice(other: dict[str, str]) -> None:
    one, new = identity(cii()), identity(cii(Written().but(**other)))
    assert new.key != one.key
    assert new.against([one]).result == "new"


@pytest.mark.parametrize(("type_code", "family"), [("381", "credit_note"), ("384", "correction"), ("380", "invoice")])
def test_a_credit_note_and_a_correction_are_others_even_with_the_same_number(type_code: str, family: str) -> None:
    one, other = identity(cii()), identity(cii(Written(type_code=type_code)))
    assert other.family == family
    assert (other.key == one.key) == (family == "invoice")
    assert other.against([one]).result == ("same" if family == "invoice" else "new")


def test_the_same_number_with_another_total_is_a_finding_and_no_repetition() -> None:
    """eu_einvoice #158, odoo #73918: a second invoice with a known number was made twice, or dropped without a word."""
    one, other = identity(cii()), identity(cii(Written(total="481.90", payable="481.90")))
    assert other.key == one.key, "the total is no part of the key: it would be paid as if it were new"
    check = other.against([one])
    assert check.result == "other_total"
    assert "381.90 EUR" in check.reason
    assert "481.90 EUR" in check.reason


def test_the_same_invoice_with_another_account_is_a_finding() -> None:
    check = identity(cii(Written(iban="DE89370400440532013000"))).against([identity(cii())])
    assert check.result == "other_account"


def test_values_read_from_a_page_have_the_key_of_the_data() -> None:
    read = identity_of_values(
        number="RE-2025-017",
        seller="Nordlicht Werkzeuge",
        vat_number="DE123456789",
        total=Decimal("381.9"),
        currency="eur",
    )
    assert read.key == identity(cii()).key
    assert read.against([identity(cii())]).result == "same"


def test_without_the_vat_number_the_name_still_finds_it() -> None:
    read = identity_of_values(
        number="RE-2025-017", seller="NORDLICHT WERKZEUGE GMBH", total=Decimal("381.90"), currency="EUR"
    )
    assert read.against([identity(cii())]).result == "same"


@pytest.mark.parametrize("parts", [{"number": ""}, {"seller": "", "seller_vat": ""}])
def test_what_cannot_be_told_apart_has_no_identity(parts: dict[str, str]) -> None:
    with pytest.raises(NoIdentity):
        identity(cii(Written().but(**parts)))


# In a document -----------------------------------------------------------------------------------------------------


def test_data_embedded_and_attached_again_is_one_invoice() -> None:
    """odoo #281012: a PDF with the data in it and the same data beside it were taken for two invoices."""
    found = invoices_in(mail(pdf(xml(cii())), xml(cii(), "rechnung.xml")))
    assert names(found) == [("factur-x.xml", ("rechnung.xml",))]
    assert found.notes == ()


def test_the_one_with_a_page_is_kept_whatever_comes_first() -> None:
    found = invoices_in(mail(xml(cii(), "rechnung.xml"), pdf(xml(cii()))))
    assert names(found) == [("factur-x.xml", ("rechnung.xml",))]
    [one] = found.invoices
    assert one.page is not None


def test_an_xrechnung_that_carries_zugferd_data_too_is_one_invoice() -> None:
    found = invoices_in(pdf(xml(ubl(), "xrechnung.xml"), xml(cii(), "zugferd-invoice.xml")))
    assert names(found) == [("xrechnung.xml", ("zugferd-invoice.xml",))]


@pytest.mark.parametrize("name", ["ZUGFeRD_001.xml", "ZUGFeRD-invoice", "cida.xml", "x.bin", ""])
def test_a_file_is_known_by_its_content_and_not_by_its_name(name: str) -> None:
    """mustangproject #918 and #846, factur-x #32 and #60: files with another name were not found."""
    assert names(invoices_in(pdf(xml(cii(), name)))) == [(name, ())]


def test_an_order_beside_the_invoice_is_ignored_with_a_note() -> None:
    """mustangproject #709: of several attachments the right one was missed."""
    order = xml("<SCRDMCCBDACIOMessageStructure xmlns='urn:x'/>", "order-x.xml")
    found = invoices_in(pdf(order, xml("<notes/>", "notes.xml"), xml(cii())))
    assert names(found) == [("factur-x.xml", ())]
    assert [(each.code, each.name) for each in found.notes] == [("order", "order-x.xml"), ("other_xml", "notes.xml")]


def test_two_invoices_in_one_file_are_two() -> None:
    """invoice2data #189: only the first of several invoices was seen."""
    found = invoices_in(pdf(xml(cii()), xml(cii(Written(number="RE-2025-018")), "second.xml")))
    assert [each.invoice.number for each in found.invoices] == ["RE-2025-017", "RE-2025-018"]


def test_two_that_have_one_number_and_two_totals_are_both_there_with_a_note() -> None:
    found = invoices_in(pdf(xml(cii()), xml(cii(Written(total="99.00", payable="99.00")), "second.xml")))
    assert len(found.invoices) == 2
    assert [each.code for each in found.notes] == ["same_number"]


def test_the_page_of_a_mail_is_not_that_of_its_attachment() -> None:
    [found] = invoices_in(mail(xml(cii()))).invoices
    assert found.compared() is None


def test_data_is_compared_with_the_page_that_carries_it() -> None:
    [found] = invoices_in(mail(pdf(xml(cii()), text=page(Written(total="831.90", payable="831.90"))))).invoices
    comparison = found.compared()
    assert comparison is not None
    assert {each.term for each in comparison.contradictions} == {"grand_total", "due_payable"}


def test_a_page_without_text_is_not_compared() -> None:
    [found] = invoices_in(pdf(xml(cii()), text="\n \n")).invoices
    assert found.compared() is None


def test_a_document_without_data_has_none() -> None:
    assert invoices_in(pdf()) == AttachedInvoices()
