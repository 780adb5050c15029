"""An invoice as data: a Cross Industry Invoice (Factur-X, ZUGFeRD, XRechnung), and a PDF with it inside."""

import io
from xml.sax.saxutils import escape

import pikepdf

from examples.make_inbox.invoice import Company, Invoice

PROFILES = {
    "factur-x": "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
    "en16931": "urn:cen.eu:en16931:2017",
    "xrechnung": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}
_SPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)


def as_xml(invoice: Invoice, profile: str = "en16931") -> bytes:
    """Return the invoice in the syntax of UN/CEFACT."""
    code = "381" if invoice.kind == "credit_note" else "380"
    lines = "".join(_line(index, invoice) for index in range(len(invoice.items)))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice {_SPACES}>\n'
        f"<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>{_in('ID', PROFILES[profile])}"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>\n"
        f"<rsm:ExchangedDocument>{_in('ID', invoice.number)}{_in('TypeCode', code)}"
        f"<ram:IssueDateTime>{_day(invoice.issued.strftime('%Y%m%d'))}</ram:IssueDateTime></rsm:ExchangedDocument>\n"
        f"<rsm:SupplyChainTradeTransaction>\n{lines}"
        f"<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty>{_party(invoice.seller)}</ram:SellerTradeParty>"
        f"<ram:BuyerTradeParty>{_party(invoice.buyer)}</ram:BuyerTradeParty></ram:ApplicableHeaderTradeAgreement>\n"
        "<ram:ApplicableHeaderTradeDelivery/>\n"
        f"{_settlement(invoice)}</rsm:SupplyChainTradeTransaction>\n</rsm:CrossIndustryInvoice>\n"
    ).encode()


def hybrid(pdf: bytes, xml: bytes, name: str = "factur-x.xml") -> bytes:
    """Return the PDF file with the XML inside, as the invoice's other form."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        attached = pikepdf.AttachedFileSpec(
            file, xml, filename=name, mime_type="text/xml", relationship=pikepdf.Name.Alternative
        )
        file.attachments[name] = attached
        file.Root.AF = pikepdf.Array([attached.obj])
        return saved(file)


def saved(file: pikepdf.Pdf) -> bytes:
    """Return the file's bytes, the same each time."""
    made = io.BytesIO()
    file.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return made.getvalue()


def _in(name: str, text: str, **attributes: str) -> str:
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<ram:{name}{said}>{escape(text)}</ram:{name}>"


def _day(text: str) -> str:
    return f'<udt:DateTimeString format="102">{text}</udt:DateTimeString>'


def _party(party: Company) -> str:
    tax = f"<ram:SpecifiedTaxRegistration>{_in('ID', party.vat_number, schemeID='VA')}</ram:SpecifiedTaxRegistration>"
    return (
        f"{_in('Name', party.name)}<ram:PostalTradeAddress>{_in('LineOne', party.street)}{_in('CityName', party.town)}"
        f"{_in('CountryID', party.country)}</ram:PostalTradeAddress>{tax if party.vat_number else ''}"
    )


def _line(index: int, invoice: Invoice) -> str:
    item = invoice.items[index]
    tax = f"{_in('TypeCode', 'VAT')}{_in('CategoryCode', 'S')}{_in('RateApplicablePercent', str(item.rate))}"
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"<ram:AssociatedDocumentLineDocument>{_in('LineID', str(index + 1))}</ram:AssociatedDocumentLineDocument>"
        f"<ram:SpecifiedTradeProduct>{_in('Name', item.description)}</ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>{_in('ChargeAmount', str(item.price))}"
        "</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery>"
        f"{_in('BilledQuantity', str(item.quantity), unitCode='C62')}</ram:SpecifiedLineTradeDelivery>"
        f"<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax>{tax}</ram:ApplicableTradeTax>"
        f"<ram:SpecifiedTradeSettlementLineMonetarySummation>{_in('LineTotalAmount', str(item.amount))}"
        "</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>"
        "</ram:IncludedSupplyChainTradeLineItem>\n"
    )


def _settlement(invoice: Invoice) -> str:
    account = (
        f"<ram:SpecifiedTradeSettlementPaymentMeans>{_in('TypeCode', '58')}<ram:PayeePartyCreditorFinancialAccount>"
        f"{_in('IBANID', invoice.seller.iban)}</ram:PayeePartyCreditorFinancialAccount>"
        "</ram:SpecifiedTradeSettlementPaymentMeans>"
    )
    taxes = "".join(
        f"<ram:ApplicableTradeTax>{_in('CalculatedAmount', str(tax))}{_in('TypeCode', 'VAT')}"
        f"{_in('BasisAmount', str(invoice.basis(rate)))}{_in('CategoryCode', 'S')}"
        f"{_in('RateApplicablePercent', str(rate))}</ram:ApplicableTradeTax>"
        for rate, tax in invoice.taxes.items()
    )
    due = ""
    if invoice.due is not None:
        day = _day(invoice.due.strftime("%Y%m%d"))
        due = f"<ram:DueDateDateTime>{day}</ram:DueDateDateTime>"
        due = f"<ram:SpecifiedTradePaymentTerms>{due}</ram:SpecifiedTradePaymentTerms>"
    sums = (
        f"{_in('LineTotalAmount', str(invoice.net))}{_in('TaxBasisTotalAmount', str(invoice.net))}"
        f"{_in('TaxTotalAmount', str(invoice.tax), currencyID=invoice.currency)}"
        f"{_in('GrandTotalAmount', str(invoice.total))}{_in('DuePayableAmount', str(invoice.total))}"
    )
    credited = (
        f"<ram:InvoiceReferencedDocument>{_in('IssuerAssignedID', invoice.credits)}</ram:InvoiceReferencedDocument>"
    )
    return (
        f"<ram:ApplicableHeaderTradeSettlement>{_in('InvoiceCurrencyCode', invoice.currency)}"
        f"{account if invoice.seller.iban else ''}{taxes}{due}"
        f"<ram:SpecifiedTradeSettlementHeaderMonetarySummation>{sums}</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"{credited if invoice.credits else ''}</ram:ApplicableHeaderTradeSettlement>\n"
    )
