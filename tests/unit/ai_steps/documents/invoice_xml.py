"""Invoices as XML in both syntaxes, written for tests: whole by default, and each part may be another or left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: what, how many, at which price, and what that comes to."""

    name: str
    quantity: str
    price: str
    total: str
    rate: str = "19"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What an invoice of a test says."""

    number: str = "RE-2025-017"
    type_code: str = "380"
    issued: str = "2025-03-14"
    due: str = "2025-04-13"
    currency: str = "EUR"
    seller: str = "Nordlicht Werkzeuge GmbH"
    seller_country: str = "DE"
    seller_vat: str = "DE123456789"
    buyer: str = "Hafenkontor Brandt KG"
    payee: str = ""
    iban: str = "DE02120300000000202051"
    lines: Sequence[Line] = (
        Line(name="Akkuschrauber 18 V", quantity="2", price="120.00", total="240.00"),
        Line(name="Fachbuch Holzbau", quantity="3", price="30.00", total="90.00", rate="7"),
    )
    line_total: str = "330.00"
    charge: str = ""
    allowance: str = ""
    basis: str = "330.00"
    taxes: Sequence[tuple[str, str, str]] = (("19", "240.00", "45.60"), ("7", "90.00", "6.30"))
    tax: str = "51.90"
    total: str = "381.90"
    prepaid: str = ""
    rounding: str = ""
    payable: str = "381.90"
    guideline: str = "urn:cen.eu:en16931:2017"
    tax_in: tuple[str, str] | None = None
    """Tax currency, and the tax in it."""
    preceding: str = ""
    extra: str = ""
    """XML put at the end of the settlement (CII) or before the lines (UBL)."""
    more: dict[str, Any] = field(default_factory=dict)

    def but(self, **parts: Any) -> "Written":
        """Return the same with other parts."""
        return replace(self, **parts)


def cii(said: Written = Written()) -> str:
    """Return the invoice as UN/CEFACT CII, which Factur-X and ZUGFeRD 2 embed."""
    at = said.currency
    lines = "".join(
        f"""<ram:IncludedSupplyChainTradeLineItem>
          <ram:AssociatedDocumentLineDocument><ram:LineID>{number}</ram:LineID></ram:AssociatedDocumentLineDocument>
          <ram:SpecifiedTradeProduct><ram:Name>{each.name}</ram:Name></ram:SpecifiedTradeProduct>
          <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>
            <ram:ChargeAmount>{each.price}</ram:ChargeAmount></ram:NetPriceProductTradePrice>
          </ram:SpecifiedLineTradeAgreement>
          <ram:SpecifiedLineTradeDelivery>
            <ram:BilledQuantity unitCode="C62">{each.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
          <ram:SpecifiedLineTradeSettlement>
            <ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>
              <ram:RateApplicablePercent>{each.rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>
            <ram:SpecifiedTradeSettlementLineMonetarySummation>
              <ram:LineTotalAmount>{each.total}</ram:LineTotalAmount>
            </ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
        </ram:IncludedSupplyChainTradeLineItem>"""
        for number, each in enumerate(said.lines, 1)
    )
    taxes = "".join(
        f"""<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
        <ram:BasisAmount>{basis}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>
        <ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"""
        for rate, basis, tax in said.taxes
    )
    adjustments = "".join(
        f"""<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{is_charge}</udt:Indicator>
        </ram:ChargeIndicator><ram:ActualAmount>{amount}</ram:ActualAmount></ram:SpecifiedTradeAllowanceCharge>"""
        for is_charge, amount in (("true", said.charge), ("false", said.allowance))
        if amount
    )
    sums = "".join(
        f"<ram:{name}>{amount}</ram:{name}>"
        for name, amount in (
            ("LineTotalAmount", said.line_total),
            ("ChargeTotalAmount", said.charge),
            ("AllowanceTotalAmount", said.allowance),
            ("TaxBasisTotalAmount", said.basis),
        )
        if amount
    )
    sums += f'<ram:TaxTotalAmount currencyID="{at}">{said.tax}</ram:TaxTotalAmount>' if said.tax else ""
    if said.tax_in:
        sums += f'<ram:TaxTotalAmount currencyID="{said.tax_in[0]}">{said.tax_in[1]}</ram:TaxTotalAmount>'
    sums += "".join(
        f"<ram:{name}>{amount}</ram:{name}>"
        for name, amount in (
            ("RoundingAmount", said.rounding),
            ("GrandTotalAmount", said.total),
            ("TotalPrepaidAmount", said.prepaid),
            ("DuePayableAmount", said.payable),
        )
        if amount
    )
    due = _cii_day("DueDateDateTime", said.due)
    payee = f"<ram:PayeeTradeParty><ram:Name>{said.payee}</ram:Name></ram:PayeeTradeParty>" if said.payee else ""
    account = (
        f"""<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode>
        <ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{said.iban}</ram:IBANID>
        </ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>"""
        if said.iban
        else ""
    )
    preceding = (
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{said.preceding}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
        if said.preceding
        else ""
    )
    in_tax = f"<ram:TaxCurrencyCode>{said.tax_in[0]}</ram:TaxCurrencyCode>" if said.tax_in else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">
  <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
    <ram:ID>{said.guideline}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument><ram:ID>{said.number}</ram:ID><ram:TypeCode>{said.type_code}</ram:TypeCode>
    {_cii_day("IssueDateTime", said.issued)}</rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>{lines}
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty><ram:Name>{said.seller}</ram:Name>
        <ram:PostalTradeAddress><ram:CountryID>{said.seller_country}</ram:CountryID></ram:PostalTradeAddress>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{said.seller_vat}</ram:ID></ram:SpecifiedTaxRegistration>
      </ram:SellerTradeParty>
      <ram:BuyerTradeParty><ram:Name>{said.buyer}</ram:Name></ram:BuyerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>{in_tax}
      <ram:InvoiceCurrencyCode>{at}</ram:InvoiceCurrencyCode>{payee}{account}{taxes}{adjustments}
      <ram:SpecifiedTradePaymentTerms>{due}</ram:SpecifiedTradePaymentTerms>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>{sums}
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>{preceding}{said.extra}
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""


def ubl(said: Written = Written(), *, note: bool = False) -> str:
    """Return the invoice as a UBL Invoice, or with ``note`` as a CreditNote."""
    root = "CreditNote" if note else "Invoice"
    counted = "CreditedQuantity" if note else "InvoicedQuantity"
    at = f'currencyID="{said.currency}"'
    lines = "".join(
        f"""<cac:{root}Line><cbc:ID>{number}</cbc:ID><cbc:{counted} unitCode="C62">{each.quantity}</cbc:{counted}>
        <cbc:LineExtensionAmount {at}>{each.total}</cbc:LineExtensionAmount>
        <cac:Item><cbc:Name>{each.name}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>
          <cbc:Percent>{each.rate}</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>
        <cac:Price><cbc:PriceAmount {at}>{each.price}</cbc:PriceAmount></cac:Price></cac:{root}Line>"""
        for number, each in enumerate(said.lines, 1)
    )
    parts = "".join(
        f"""<cac:TaxSubtotal><cbc:TaxableAmount {at}>{basis}</cbc:TaxableAmount>
        <cbc:TaxAmount {at}>{tax}</cbc:TaxAmount>
        <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"""
        for rate, basis, tax in said.taxes
    )
    in_tax = (
        f'<cac:TaxTotal><cbc:TaxAmount currencyID="{said.tax_in[0]}">{said.tax_in[1]}</cbc:TaxAmount></cac:TaxTotal>'
        if said.tax_in
        else ""
    )
    adjustments = "".join(
        f"""<cac:AllowanceCharge><cbc:ChargeIndicator>{is_charge}</cbc:ChargeIndicator>
        <cbc:Amount {at}>{amount}</cbc:Amount></cac:AllowanceCharge>"""
        for is_charge, amount in (("true", said.charge), ("false", said.allowance))
        if amount
    )
    sums = "".join(
        f"<cbc:{name} {at}>{amount}</cbc:{name}>"
        for name, amount in (
            ("LineExtensionAmount", said.line_total),
            ("TaxExclusiveAmount", said.basis),
            ("TaxInclusiveAmount", said.total),
            ("AllowanceTotalAmount", said.allowance),
            ("ChargeTotalAmount", said.charge),
            ("PrepaidAmount", said.prepaid),
            ("PayableRoundingAmount", said.rounding),
            ("PayableAmount", said.payable),
        )
        if amount
    )
    payee = (
        f"<cac:PayeeParty><cac:PartyName><cbc:Name>{said.payee}</cbc:Name></cac:PartyName></cac:PayeeParty>"
        if said.payee
        else ""
    )
    preceding = (
        f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{said.preceding}</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference>"
        if said.preceding
        else ""
    )
    tax_currency = f"<cbc:TaxCurrencyCode>{said.tax_in[0]}</cbc:TaxCurrencyCode>" if said.tax_in else ""
    due = f"<cbc:DueDate>{said.due}</cbc:DueDate>" if said.due and not note else ""
    paid_by = f"<cbc:PaymentDueDate>{said.due}</cbc:PaymentDueDate>" if said.due and note else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="{UBL}{root}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" xmlns:cbc="{UBL}CommonBasicComponents-2">
  <cbc:CustomizationID>{said.guideline}</cbc:CustomizationID><cbc:ID>{said.number}</cbc:ID>
  <cbc:IssueDate>{said.issued}</cbc:IssueDate>{due}
  <cbc:{root}TypeCode>{said.type_code}</cbc:{root}TypeCode>
  <cbc:DocumentCurrencyCode>{said.currency}</cbc:DocumentCurrencyCode>{tax_currency}{preceding}
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PostalAddress><cac:Country><cbc:IdentificationCode>{said.seller_country}</cbc:IdentificationCode></cac:Country>
    </cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>{said.seller_vat}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>
    </cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>{said.seller}</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyLegalEntity><cbc:RegistrationName>{said.buyer}</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingCustomerParty>{payee}
  <cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>{paid_by}
    <cac:PayeeFinancialAccount><cbc:ID>{said.iban}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>{adjustments}
  <cac:TaxTotal><cbc:TaxAmount {at}>{said.tax}</cbc:TaxAmount>{parts}</cac:TaxTotal>{in_tax}
  <cac:LegalMonetaryTotal>{sums}</cac:LegalMonetaryTotal>{said.extra}{lines}
</{root}>"""


def _cii_day(name: str, day: str) -> str:
    compact = day.replace("-", "")
    written = f'<ram:{name}><udt:DateTimeString format="102">{compact}</udt:DateTimeString></ram:{name}>'
    return written if day else ""


def page(said: Written = Written()) -> str:
    """Return what a German page of the invoice prints."""
    rows = "\n".join(
        f"{number} {each.name}\t{each.quantity} Stk.\t{german(each.price)}\t{each.rate} %\t{german(each.total)}"
        for number, each in enumerate(said.lines, 1)
    )
    taxes = "\n".join(f"USt. {rate} % auf {german(basis)} EUR\t{german(tax)} EUR" for rate, basis, tax in said.taxes)
    year, month, day = said.issued.split("-")
    due = ".".join(reversed(said.due.split("-")))
    parts = [
        f"{said.seller}\nSpeicherweg 4, 20457 Hamburg\nUSt-IdNr.: {said.seller_vat}",
        f"{said.buyer}\nAm Kai 12\n20359 Hamburg",
        f"Rechnung\nRechnungsnummer: {said.number}\nRechnungsdatum: {day}.{month}.{year}",
        f"Pos Bezeichnung\tMenge\tEinzelpreis\tUSt.\tGesamt\n{rows}",
        f"Nettobetrag:\t{german(said.basis)} EUR\n{taxes}\nUmsatzsteuer gesamt:\t{german(said.tax)} EUR",
        f"Gesamtbetrag:\t{german(said.total)} EUR",
        f"Bereits gezahlt:\t-{german(said.prepaid)} EUR" if said.prepaid else "",
        f"Zahlbetrag:\t{german(said.payable)} EUR\nZahlbar bis {due}",
        f"Kontoinhaber: {said.payee or said.seller}\nIBAN: {' '.join(_fours(said.iban))}",
    ]
    return "\n\n".join(each for each in parts if each)


def german(amount: str) -> str:
    """Return an amount as Germans write it."""
    return f"{float(amount):,.2f}".translate(str.maketrans(",.", ".,"))


def _fours(iban: str) -> list[str]:
    return [iban[at : at + 4] for at in range(0, len(iban), 4)]
