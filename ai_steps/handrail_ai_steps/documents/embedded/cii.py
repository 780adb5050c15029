"""The Cross Industry Invoice: ZUGFeRD 1 and 2, Factur-X and XRechnung in this syntax."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from handrail_ai_steps.documents.embedded.money_terms import in_currency, total_of
from handrail_ai_steps.documents.embedded.profiles import profile_of
from handrail_ai_steps.documents.embedded.terms import TermReader, compact, distinct, leaf_texts
from handrail_ai_steps.documents.embedded.xml_tree import Node
from handrail_ai_steps.documents.invoice import (
    Adjustment,
    InvoiceData,
    InvoiceLine,
    InvoiceParty,
    TaxAtRate,
)

_UNECE = "urn:un:unece:uncefact:data:standard:"
CROSS_INDUSTRY_INVOICE: Final = f"{_UNECE}CrossIndustryInvoice:100"
ZUGFERD_1: Final = "urn:ferd:CrossIndustryDocument:invoice:1p0"
SPACES: Final = {
    CROSS_INDUSTRY_INVOICE: frozenset(
        {
            CROSS_INDUSTRY_INVOICE,
            f"{_UNECE}ReusableAggregateBusinessInformationEntity:100",
            f"{_UNECE}UnqualifiedDataType:100",
            f"{_UNECE}QualifiedDataType:100",
        }
    ),
    ZUGFERD_1: frozenset(
        {
            ZUGFERD_1,
            f"{_UNECE}ReusableAggregateBusinessInformationEntity:12",
            f"{_UNECE}UnqualifiedDataType:15",
            f"{_UNECE}QualifiedDataType:12",
        }
    ),
}
"""By the root's namespace, those of its elements."""

MOST_STATED = 500

_LINE = "IncludedSupplyChainTradeLineItem"
_AGREEMENT = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_SETTLEMENT = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_LINE_SUMS = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_RATE = "RateApplicablePercent|ApplicablePercent"
_DAY = "DateTimeString|DateString"
_NO_DETAIL = frozenset({"GROUP", "INFORMATION"})


def read_cii(root: Node) -> InvoiceData:
    """Return the invoice of a tree whose root is one of ``SPACES``."""
    terms = TermReader(SPACES[root.space])
    document = terms.one(root, "ExchangedDocument|HeaderExchangedDocument")
    trade = terms.one(root, "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction")
    agreement, settlement = terms.one(trade, _AGREEMENT), terms.one(trade, _SETTLEMENT)
    context = terms.one(root, "ExchangedDocumentContext|SpecifiedExchangedDocumentContext")
    guideline = terms.text(context, "GuidelineSpecifiedDocumentContextParameter/ID")
    standard, profile = profile_of(guideline, zugferd1=root.space == ZUGFERD_1)
    currency = terms.single(settlement, "InvoiceCurrencyCode", "currency")
    tax_currency = terms.single(settlement, "TaxCurrencyCode", "tax_currency")
    sums = terms.one(settlement, _SUMS)
    seller = _party(terms, terms.one(agreement, "SellerTradeParty"))
    payee = terms.one(settlement, "PayeeTradeParty")
    due_dates = _due_dates(terms, settlement)
    means = terms.all(settlement, "SpecifiedTradeSettlementPaymentMeans")
    creditor = [each for one in means for each in terms.all(one, "PayeePartyCreditorFinancialAccount")]
    if terms.text(context, "TestIndicator/Indicator") == "true":
        terms.find("test_invoice", "type_code", "the data says of itself that it is a test, and no invoice")
    made = InvoiceData(
        syntax="cii",
        standard=standard,
        profile=profile,
        guideline=guideline,
        number=terms.single(document, "ID", "number"),
        type_code=terms.single(document, "TypeCode", "type_code"),
        issued=terms.compact_day(terms.one(document, f"IssueDateTime/{_DAY}"), "issued"),
        due=due_dates[0] if len(due_dates) == 1 else None,
        due_dates=due_dates,
        currency=currency,
        tax_currency=tax_currency,
        buyer_reference=terms.text(agreement, "BuyerReference"),
        order_reference=terms.text(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID|ID"),
        payment_reference=terms.text(settlement, "PaymentReference"),
        preceding=terms.texts(settlement, "InvoiceReferencedDocument/IssuerAssignedID|ID"),
        seller=seller,
        buyer=_party(terms, terms.one(agreement, "BuyerTradeParty")),
        payee=_party(terms, payee) if payee is not None else None,
        ibans=distinct(compact(terms.text(each, "IBANID")) for each in creditor),
        accounts=distinct(terms.text(each, "ProprietaryID") for each in creditor),
        account_names=distinct(terms.text(each, "AccountName") for each in creditor),
        debtor_ibans=distinct(
            compact(each.text) for one in means for each in terms.all(one, "PayerPartyDebtorFinancialAccount/IBANID")
        ),
        line_total=total_of(terms, sums, "LineTotalAmount", "line_total", currency),
        charge_total=total_of(terms, sums, "ChargeTotalAmount", "charge_total", currency),
        allowance_total=total_of(terms, sums, "AllowanceTotalAmount", "allowance_total", currency),
        tax_basis=total_of(terms, sums, "TaxBasisTotalAmount", "tax_basis", currency),
        tax_total=in_currency(terms, terms.all(sums, "TaxTotalAmount"), currency, "tax_total"),
        tax_total_in_tax_currency=_in_tax_currency(terms, sums, currency, tax_currency),
        grand_total=total_of(terms, sums, "GrandTotalAmount", "grand_total", currency),
        prepaid=total_of(terms, sums, "TotalPrepaidAmount", "prepaid", currency),
        rounding=total_of(terms, sums, "RoundingAmount", "rounding", currency),
        due_payable=total_of(terms, sums, "DuePayableAmount", "due_payable", currency),
        taxes=tuple(_taxes(terms, settlement)),
        adjustments=tuple(_adjustments(terms, settlement)),
        lines=tuple(_lines(terms, trade, currency)),
        notes=terms.texts(document, "IncludedNote/Content"),
        stated=leaf_texts(root, without=frozenset({_LINE, "BinaryObject", "AttachmentBinaryObject"}), most=MOST_STATED),
    )
    return replace(made, findings=tuple(terms.findings))


def _due_dates(terms: TermReader, settlement: Node | None) -> tuple[date, ...]:
    """Return each day that something is due, once."""
    stated = terms.all(settlement, f"SpecifiedTradePaymentTerms/DueDateDateTime/{_DAY}")
    days = [terms.compact_day(each, "due") for each in stated]
    return tuple(dict.fromkeys(day for day in days if day is not None))


def _in_tax_currency(terms: TermReader, sums: Node | None, currency: str, tax_currency: str) -> Decimal | None:
    if not tax_currency or tax_currency == currency:
        return None
    stated = [each for each in terms.all(sums, "TaxTotalAmount") if each.attributes.get("currencyID") == tax_currency]
    return terms.number_of(stated[0].text, "tax_total_in_tax_currency") if stated else None


def _party(terms: TermReader, node: Node | None) -> InvoiceParty:
    numbers = {"VA": "", "FC": ""}
    for each in terms.all(node, "SpecifiedTaxRegistration/ID"):
        numbers.setdefault(each.attributes.get("schemeID", ""), each.text)
        numbers[each.attributes.get("schemeID", "")] = each.text
    return InvoiceParty(
        name=terms.text(node, "Name"),
        trading_name=terms.text(node, "SpecifiedLegalOrganization/TradingBusinessName"),
        vat_number=compact(numbers["VA"]),
        tax_number=numbers["FC"],
        registration=terms.text(node, "SpecifiedLegalOrganization/ID"),
        country=terms.text(node, "PostalTradeAddress/CountryID").upper(),
        identifiers=terms.texts(node, "ID|GlobalID"),
    )


def _taxes(terms: TermReader, settlement: Node | None) -> list[TaxAtRate]:
    return [
        TaxAtRate(
            category=terms.text(each, "CategoryCode"),
            rate=terms.amount(each, _RATE, f"taxes.{index}.rate"),
            basis=terms.amount(each, "BasisAmount", f"taxes.{index}.basis"),
            tax=terms.amount(each, "CalculatedAmount", f"taxes.{index}.tax"),
            exemption=terms.text(each, "ExemptionReason"),
        )
        for index, each in enumerate(terms.all(settlement, "ApplicableTradeTax"))
    ]


def _adjustments(terms: TermReader, settlement: Node | None) -> list[Adjustment]:
    made = [
        Adjustment(
            amount=terms.amount(each, "ActualAmount", f"adjustments.{index}.amount"),
            is_charge=terms.text(each, "ChargeIndicator/Indicator") == "true",
            reason=terms.text(each, "Reason"),
        )
        for index, each in enumerate(terms.all(settlement, "SpecifiedTradeAllowanceCharge"))
    ]
    made += [
        Adjustment(
            amount=terms.amount(each, "AppliedAmount", f"adjustments.{len(made) + index}.amount"),
            is_charge=True,
            reason=terms.text(each, "Description"),
        )
        for index, each in enumerate(terms.all(settlement, "SpecifiedLogisticsServiceCharge"))
    ]
    return made


def _lines(terms: TermReader, trade: Node | None, currency: str) -> list[InvoiceLine]:
    """Return the lines that count: those of groups and of text alone do not."""
    made: list[InvoiceLine] = []
    for node in terms.all(trade, _LINE):
        about = terms.one(node, "AssociatedDocumentLineDocument")
        if terms.text(about, "LineStatusReasonCode") in _NO_DETAIL:
            continue
        settlement = terms.one(node, "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement")
        product = terms.one(node, "SpecifiedTradeProduct")
        if product is None and not terms.all(settlement, f"{_LINE_SUMS}/LineTotalAmount"):
            continue  # ZUGFeRD 1 puts free text among the lines
        made.append(_line(terms, node, len(made), currency))
    return made


def _line(terms: TermReader, node: Node, index: int, currency: str) -> InvoiceLine:
    at = f"lines.{index}"
    agreement = terms.one(node, "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement")
    settlement = terms.one(node, "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement")
    quantity = terms.one(node, "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery")
    billed = terms.one(quantity, "BilledQuantity")
    net = terms.one(agreement, "NetPriceProductTradePrice")
    adjustment = Decimal(0)
    for each in terms.all(settlement, "SpecifiedTradeAllowanceCharge"):
        amount = terms.amount(each, "ActualAmount", f"{at}.adjustment") or Decimal(0)
        adjustment += amount if terms.text(each, "ChargeIndicator/Indicator") == "true" else -amount
    name = terms.text(node, "SpecifiedTradeProduct/Name")
    more = terms.text(node, "SpecifiedTradeProduct/Description")
    return InvoiceLine(
        id=terms.text(node, "AssociatedDocumentLineDocument/LineID"),
        description=name or more,
        quantity=terms.number_of(billed.text if billed else "", f"{at}.quantity"),
        unit=billed.attributes.get("unitCode", "") if billed else "",
        unit_price=terms.amount(net, "ChargeAmount", f"{at}.unit_price"),
        price_quantity=terms.amount(net, "BasisQuantity", f"{at}.price_quantity") or Decimal(1),
        gross_price=terms.amount(agreement, "GrossPriceProductTradePrice/ChargeAmount", f"{at}.gross_price"),
        adjustment=adjustment,
        tax_rate=terms.amount(settlement, f"ApplicableTradeTax/{_RATE}", f"{at}.tax_rate"),
        total=total_of(terms, terms.one(settlement, _LINE_SUMS), "LineTotalAmount", f"{at}.total", currency),
        notes=distinct(
            [more if name else "", *terms.texts(node, "AssociatedDocumentLineDocument/IncludedNote/Content")]
        ),
    )
