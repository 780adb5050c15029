"""An invoice as data is read exactly in every syntax, and what is wrong with it is said and never guessed around."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from handrail import Document
from handrail.documents import InvoiceData, NoInvoice, Part, read_invoice
from tests.unit.ai_steps.documents.invoice_xml import RAM, RSM, Line, Written, cii, ubl

Writer = Callable[[Written], str]
BOTH = pytest.mark.parametrize("write", [cii, ubl])


def invoice(data: bytes | str) -> InvoiceData:
    found = read_invoice(data)
    assert isinstance(found, InvoiceData), found
    return found


def codes(found: InvoiceData) -> set[tuple[str, str]]:
    return {(each.code, each.term) for each in found.findings}


def refused(data: bytes | str) -> NoInvoice:
    found = read_invoice(data)
    assert isinstance(found, NoInvoice)
    return found


@BOTH
def test_every_term_is_read_in_both_syntaxes(write: Writer) -> None:
    found = invoice(write(Written(payee="Inkasso Süd AG", preceding="RE-2025-001")))
    assert (found.number, found.type_code, found.currency) == ("RE-2025-017", "380", "EUR")
    assert (found.issued, found.due) == (date(2025, 3, 14), date(2025, 4, 13))
    assert (found.seller.name, found.seller.vat_number, found.country) == (
        "Nordlicht Werkzeuge GmbH",
        "DE123456789",
        "DE",
    )
    assert (found.buyer.name, found.ibans) == ("Hafenkontor Brandt KG", ("DE02120300000000202051",))
    assert found.payee is not None
    assert found.payee.name == "Inkasso Süd AG"
    assert (found.line_total, found.tax_basis, found.tax_total) == (Decimal(330), Decimal(330), Decimal("51.90"))
    assert (found.grand_total, found.due_payable) == (Decimal("381.90"), Decimal("381.90"))
    assert [(each.rate, each.basis, each.tax) for each in found.taxes] == [
        (Decimal(19), Decimal(240), Decimal("45.60")),
        (Decimal(7), Decimal(90), Decimal("6.30")),
    ]
    first = found.lines[0]
    assert (first.id, first.description, first.quantity) == ("1", "Akkuschrauber 18 V", Decimal(2))
    assert (first.unit_price, first.total, first.tax_rate) == (Decimal(120), Decimal(240), Decimal(19))
    assert found.preceding == ("RE-2025-001",)
    assert found.findings == ()


def test_both_syntaxes_say_the_same() -> None:
    one, other = invoice(cii()), invoice(ubl())
    same = [name for name in InvoiceData.__slots__ if name not in {"syntax", "stated"}]
    assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]


@BOTH
def test_a_long_invoice_without_a_declaration_is_no_plain_text(write: Writer) -> None:
    """The end of its root is beyond what is looked at, as where an invoice has a file in it: a namespace tells."""
    body = write(Written(extra=f"<!-- {'x' * 70_000} -->")).partition("?>")[2].lstrip()
    short = write(Written()).partition("?>")[2].lstrip()
    for data in (body.encode(), body.encode("utf-8-sig"), short.encode("utf-8-sig"), f"{short} ".encode("utf-8-sig")):
        found = Document.open(data, name="attachment").invoice
        assert isinstance(found, InvoiceData)
        assert found.number == "RE-2025-017"


@BOTH
def test_a_mark_and_other_encodings_are_read(write: Writer) -> None:
    """mustangproject #99, #190, #899: a byte order mark broke the parser, umlauts came out wrong."""
    text = write(Written(buyer="Müller & Söhne".replace("&", "&amp;")))
    bare = text.partition("?>")[2]
    for data in (
        text.encode("utf-8-sig"),
        text.encode(),
        bare.encode("utf-16"),
        bare.encode("utf-16-be"),
        text.replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        text,
    ):
        assert invoice(data).buyer.name == "Müller & Söhne"


def test_bytes_that_are_not_what_they_say_are_not_guessed() -> None:
    """ZUV #25: latin-1 without a declaration was once read as if nothing were wrong."""
    data = cii(Written(buyer="Müller")).partition("?>")[2].encode("latin-1")
    assert (refused(data).code, "utf-8" in refused(data).reason) == ("broken", True)


def test_a_total_without_a_currency_is_in_that_of_the_invoice() -> None:
    """validator-configuration-xrechnung #90 and #143: BR-CO-15 was raised for amounts that add up."""
    text = cii().replace('<ram:TaxTotalAmount currencyID="EUR">', "<ram:TaxTotalAmount>")
    found = invoice(text)
    assert (found.tax_total, found.findings) == (Decimal("51.90"), ())


@BOTH
def test_tax_in_a_second_currency_is_no_second_total(write: Writer) -> None:
    found = invoice(write(Written(currency="GBP", tax_in=("EUR", "61.20"))))
    assert (found.tax_total, found.tax_total_in_tax_currency) == (Decimal("51.90"), Decimal("61.20"))
    assert (found.tax_currency, found.findings) == ("EUR", ())


@BOTH
def test_allowances_charges_and_prepaid_amounts_add_up(write: Writer) -> None:
    said = Written(charge="20.00", allowance="50.00", basis="300.00", taxes=(("19", "300.00", "57.00"),), tax="57.00")
    found = invoice(write(said.but(total="357.00", prepaid="100.00", payable="257.00")))
    assert (found.charge_total, found.allowance_total, found.prepaid) == (Decimal(20), Decimal(50), Decimal(100))
    assert [(each.is_charge, each.amount) for each in found.adjustments] == [(True, Decimal(20)), (False, Decimal(50))]
    assert found.findings == ()


@BOTH
def test_a_rounding_amount_is_counted(write: Writer) -> None:
    """mustangproject #239, #480: a payable amount with its rounding was called a miscalculation."""
    found = invoice(write(Written(rounding="0.05", payable="381.95")))
    assert (found.rounding, found.findings) == (Decimal("0.05"), ())


@BOTH
@pytest.mark.parametrize(
    ("parts", "term", "rule"),
    [
        ({"line_total": "331.00", "basis": "331.00", "total": "382.90", "payable": "382.90"}, "line_total", "BR-CO-10"),
        ({"basis": "329.00", "total": "380.90", "payable": "380.90"}, "tax_basis", "BR-CO-13"),
        ({"tax": "52.90", "total": "382.90", "payable": "382.90"}, "tax_total", "BR-CO-14"),
        ({"total": "391.90", "payable": "391.90"}, "grand_total", "BR-CO-15"),
        ({"payable": "281.90"}, "due_payable", "BR-CO-16"),
    ],
)
def test_what_does_not_add_up_is_named_with_both_amounts(
    write: Writer, parts: dict[str, str], term: str, rule: str
) -> None:
    """mustangproject #764 and #493: totals that do not add up went through."""
    found = invoice(write(Written().but(**parts)))
    [finding] = found.findings
    assert (finding.code, finding.term) == ("sum", term)
    assert rule in finding.message
    named = {"tax_basis": "basis", "tax_total": "tax", "grand_total": "total", "due_payable": "payable"}
    assert parts[named.get(term, term)] in finding.message


def test_a_cent_of_rounding_is_no_contradiction() -> None:
    """mustangproject #641: tax that is computed line by line differs by a cent, which both ways of computing allow."""
    assert invoice(cii(Written(total="381.91", payable="381.91"))).findings == ()
    off = Written(taxes=(("19", "240.00", "45.61"), ("7", "90.00", "6.30")), tax="51.91", total="381.91")
    assert invoice(cii(off.but(payable="381.91"))).findings == ()
    wrong = Written(taxes=(("19", "240.00", "48.00"), ("7", "90.00", "6.30")), tax="54.30", total="384.30")
    assert codes(invoice(cii(wrong.but(payable="384.30")))) == {("tax_sum", "taxes.0.tax")}


def test_a_line_that_is_not_quantity_times_price_is_named() -> None:
    lines = (Line(name="Kabel", quantity="10", price="33.00", total="300.00"),)
    said = Written(lines=lines, line_total="300.00", basis="300.00", taxes=(("19", "300.00", "57.00"),), tax="57.00")
    assert codes(invoice(ubl(said.but(total="357.00", payable="357.00")))) == {("sum", "lines.0.total")}


@pytest.mark.parametrize(("amount", "payable"), [("-381.90", "-381.90"), ("381.90", "381.90")])
def test_a_credit_note_keeps_the_sign_that_it_was_written_with(amount: str, payable: str) -> None:
    """odoo #271148, eInvoicing-EN16931 #478: credit notes with negative amounts are read as they are, not turned."""
    found = invoice(ubl(Written(type_code="381", total=amount, payable=payable, basis="", tax="", taxes=()), note=True))
    assert (found.is_credit, found.grand_total, found.due_payable) == (True, Decimal(amount), Decimal(payable))
    assert found.due == date(2025, 4, 13)


def test_what_is_missing_is_said() -> None:
    found = invoice(cii(Written(number="", total="", payable="", issued="")))
    assert {("missing", "number"), ("missing", "grand_total"), ("missing", "issued")} <= codes(found)
    assert (found.number, found.grand_total, found.issued) == ("", None, None)


@pytest.mark.parametrize("amount", ["381,90", "1.381,90 EUR", "3.8e2", "NaN", "٣٨١", "381.90.00"])
def test_an_amount_that_is_no_number_is_not_guessed(amount: str) -> None:
    """OCA edi #619: amounts written by local habit were read as if by another."""
    found = invoice(ubl(Written(total=amount)))
    assert found.grand_total is None
    assert ("unreadable", "grand_total") in codes(found)


@pytest.mark.parametrize("day", ["2025-02-30", "14.03.2025", "2025-3-14"])
def test_a_day_that_is_none_is_not_guessed(day: str) -> None:
    found = invoice(ubl(Written(issued=day)))
    assert (found.issued, ("unreadable", "issued") in codes(found)) == (None, True)


def test_a_day_in_another_format_is_not_guessed() -> None:
    found = invoice(cii().replace('format="102">20250314', 'format="610">202503'))
    assert (found.issued, ("unreadable", "issued") in codes(found)) == (None, True)


def test_two_numbers_are_neither() -> None:
    text = ubl().replace("<cbc:ID>RE-2025-017</cbc:ID>", "<cbc:ID>RE-2025-017</cbc:ID><cbc:ID>RE-2025-018</cbc:ID>")
    found = invoice(text)
    assert (found.number, ("repeated", "number") in codes(found)) == ("", True)


def test_an_amount_in_another_currency_is_not_taken() -> None:
    found = invoice(ubl().replace('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="USD">'))
    assert (found.due_payable, ("wrong_currency", "due_payable") in codes(found)) == (None, True)


def test_several_due_dates_are_all_kept_and_none_is_chosen() -> None:
    more = "<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format='102'>20250401"
    more += "</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>"
    found = invoice(cii(Written(extra=more)))
    assert (found.due, found.due_dates) == (None, (date(2025, 4, 13), date(2025, 4, 1)))


def test_an_iban_with_wrong_check_digits_is_named() -> None:
    assert ("wrong_number", "ibans.0") in codes(invoice(cii(Written(iban="DE02120300000000202052"))))


def test_the_profile_is_told_by_what_it_says() -> None:
    for guideline, standard, profile in (
        ("urn:factur-x.eu:1p0:minimum", "factur-x", "minimum"),
        ("urn:factur-x.eu:1p0:basicwl", "factur-x", "basicwl"),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", "factur-x", "basic"),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", "factur-x", "extended"),
        ("urn:cen.eu:en16931:2017", "en16931", "en16931"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "xrechnung", "xrechnung"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.2", "xrechnung", "xrechnung"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "peppol", "billing"),
        ("urn:zugferd.de:2p0:basic", "zugferd2", "basic"),
        ("urn:example:own", "other", ""),
    ):
        found = invoice(cii(Written(guideline=guideline)))
        assert (found.standard, found.profile) == (standard, profile)


def test_an_envelope_with_one_invoice_is_opened_and_one_with_two_is_not() -> None:
    bare = ubl().partition("?>")[2]
    assert invoice(f"<StandardBusinessDocument xmlns='urn:x'>{bare}</StandardBusinessDocument>").number == "RE-2025-017"
    assert refused(f"<all>{bare}{bare}</all>").code == "broken"
    trade = cii()
    start, end = trade.index("<rsm:SupplyChain"), trade.index("</rsm:CrossIndustryInvoice>")
    assert refused(trade[:end] + trade[start:end] + trade[end:]).code == "broken"


# What is no invoice, and what is hostile ---------------------------------------------------------------------------


def test_an_order_is_no_invoice() -> None:
    order = "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"
    text = (
        f"<r:SCRDMCCBDACIOMessageStructure xmlns:r='{order}'><r:ExchangedDocument/></r:SCRDMCCBDACIOMessageStructure>"
    )
    assert refused(text).code == "order"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_xml"),
        (b"%PDF-1.7 ...", "not_xml"),
        (b"\x89PNG\r\n\x1a\n\x00", "not_xml"),
        ("Rechnung 17", "not_xml"),
        ("<Invoice>", "broken"),
        ("<html><body>Invoice</body></html>", "other_xml"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "broken"),
    ],
)
def test_what_is_no_invoice_says_why(data: bytes | str, code: str) -> None:
    assert refused(data).code == code


@pytest.mark.parametrize("space", ["urn:example:Invoice-2", ""])
def test_an_invoice_in_a_wrong_namespace_is_none(space: str) -> None:
    text = ubl().replace("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", space)
    assert refused(text).code == "other_xml"
    assert "namespace" in refused(text).reason


def test_parts_in_a_wrong_namespace_are_not_seen() -> None:
    found = invoice(cii().replace(RAM, "urn:example:parts"))
    assert (found.number, found.grand_total) == ("", None)
    assert ("missing", "number") in codes(found)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "dtd",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE x [<!ENTITY l0 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!-- a comment -->\n<?pi?> <!doctype x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_and_dtds_are_refused(dtd: str, encoding: str) -> None:
    """mustangproject #685, ZUGFeRD-csharp #936, Securibox facturx #78: external entities were resolved."""
    body = cii(Written(number="&l0;&l9;")).partition("?>")[2]
    assert refused((dtd + body).encode(encoding)).code == "hostile"


def test_a_dtd_within_a_text_is_text() -> None:
    """mustangproject #778: descriptions in HTML hold a DTD of their own, and are no attack."""
    html = "<![CDATA[<!DOCTYPE html><p>Kabel</p>]]>"
    lines = (Line(name=html, quantity="1", price="330.00", total="330.00"),)
    assert invoice(cii(Written(lines=lines))).lines[0].description == "<!DOCTYPE html><p>Kabel</p>"


def test_an_entity_that_nobody_defined_is_broken() -> None:
    assert refused(cii(Written(number="&laugh;"))).code == "broken"


@pytest.mark.slow
def test_what_is_too_large_or_too_deep_is_not_read() -> None:
    assert refused(b" " * 20_000_001).code == "too_heavy"
    assert refused("<a>" * 100 + "</a>" * 100).code == "too_heavy"
    assert refused("<a>" + "<b/>" * 300_001 + "</a>").code == "too_heavy"


def test_a_file_inside_the_invoice_is_read_over() -> None:
    """mustangproject #560: a line break in an embedded file's base64 made the whole invoice unreadable."""
    inside = "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject"
    inside += " mimeCode='application/pdf'>" + "QUJD \n" * 400_000
    inside += "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
    found = invoice(ubl(Written(extra=f"{inside}</cac:AdditionalDocumentReference>")))
    assert (found.number, found.findings) == ("RE-2025-017", ())
    assert max(map(len, found.stated)) <= 80


def test_a_comment_in_a_value_does_not_cut_it() -> None:
    assert invoice(cii(Written(number="RE-<!-- -->1"))).number == "RE-1"


def test_the_root_may_have_any_prefix_or_none() -> None:
    text = cii().replace("rsm:", "").replace("xmlns:rsm", "xmlns")
    assert invoice(text.replace(f'xmlns="{RSM}"', f'xmlns="{RSM}"')).number == "RE-2025-017"


# Real ones ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hybrid(shared_data: Path) -> dict[str, tuple[InvoiceData, dict[str, object]]]:
    pdf = pytest.importorskip("pypdfium2")
    found = {}
    for line in (shared_data / "documents" / "truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        if "xml_fields" in truth:
            with pdf.PdfDocument(shared_data / "documents" / truth["file"]) as opened:
                data = bytes(opened.get_attachment(0).get_data())
            found[truth["file"]] = (invoice(data), truth["xml_fields"])
    return found


def test_public_hybrid_invoices_are_read_as_they_are(
    hybrid: dict[str, tuple[InvoiceData, dict[str, object]]],
) -> None:
    assert len(hybrid) == 16
    for name, (found, truth) in hybrid.items():
        assert (found.number, found.type_code) == (truth["number"], truth["type"]), name
        assert (found.seller.name, found.buyer.name) == (truth["seller"], truth["buyer"]), name
        assert f"{found.issued:%Y%m%d}" == truth["issued"], name
        if "due_date" in truth:
            assert truth["due_date"] in {f"{day:%Y%m%d}" for day in found.due_dates}, name
        for theirs, ours in (
            ("LineTotalAmount", found.line_total),
            ("TaxBasisTotalAmount", found.tax_basis),
            ("TaxTotalAmount", found.tax_total),
            ("GrandTotalAmount", found.grand_total),
            ("DuePayableAmount", found.due_payable),
        ):
            assert ours == (Decimal(str(truth[theirs])) if theirs in truth else None), (name, theirs)
        iban = str(truth.get("iban", "")).replace(" ", "")
        assert iban in {*found.ibans, *found.debtor_ibans, ""}, name
        totals = [each.total for each in found.lines if each.total is not None]
        assert totals == [Decimal(each) for each in truth.get("lines", [])], name  # type: ignore[attr-defined]


def test_of_the_public_hybrid_invoices_only_503_does_not_add_up(
    hybrid: dict[str, tuple[InvoiceData, dict[str, object]]],
) -> None:
    wrong = {
        name for name, (found, _) in hybrid.items() if any(each.code in {"sum", "tax_sum"} for each in found.findings)
    }
    assert wrong == {"zugferd-MustangGnuaccountingBeispielRE-20150613_503.pdf"}


def test_an_invoice_survives_its_record() -> None:
    """A recorded document has no bytes, and still says what the invoice in it says."""
    adapter = TypeAdapter(Document)
    inside = Document(id="0" * 64, name="factur-x.xml", kind="xml", pages=(), invoice=invoice(cii()))
    part = Part(name="factur-x.xml", role="attachment", state="read", size=1, document=inside)
    other = Part(
        name="order.xml", role="attachment", state="read", size=1, document=replace(inside, invoice=refused("<a/>"))
    )
    whole = Document(id="1" * 64, name="r.pdf", kind="pdf", pages=(), parts=(part, other))
    assert adapter.validate_json(adapter.dump_json(whole)) == whole
