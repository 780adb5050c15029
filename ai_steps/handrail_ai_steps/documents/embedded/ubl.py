"""The UBL invoice and credit note: XRechnung and Peppol in this syntax."""

from dataclasses import replace
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
from handrail_guards.personal_data.checksums import iban

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
INVOICE: Final = f"{_UBL}Invoice-2"
CREDIT_NOTE: Final = f"{_UBL}CreditNote-2"
_COMMON = frozenset({f"{_UBL}CommonAggregateComponents-2", f"{_UBL}CommonBasicComponents-2"})

MOST_STATED = 500


def read_ubl(root: Node) -> InvoiceData:
    """Return the invoice of a tree whose root is a UBL invoice or credit note."""
    terms = TermReader(_COMMON | {root.space})
    is_note = root.space == CREDIT_NOTE
    guideline = terms.text(root, "CustomizationID")
    standard, profile = profile_of(guideline)
    currency = terms.single(root, "DocumentCurrencyCode", "currency")
    tax_currency = terms.single(root, "TaxCurrencyCode", "tax_currency")
    sums = terms.one(root, "LegalMonetaryTotal")
    payee = terms.one(root, "PayeeParty")
    means = terms.all(root, "PaymentMeans")
    accounts = [each for one in means for each in terms.texts(one, "PayeeFinancialAccount/ID")]
    due_texts = distinct([*terms.texts(root, "DueDate"), *terms.texts(root, "PaymentMeans/PaymentDueDate")])
    due_dates = tuple(day for each in due_texts if (day := terms.iso_day(each, "due")) is not None)
    line = "CreditNoteLine" if is_note else "InvoiceLine"
    made = InvoiceData(
        syntax="ubl",
        standard=standard,
        profile=profile,
        guideline=guideline,
        number=terms.single(root, "ID", "number"),
        type_code=terms.single(root, "CreditNoteTypeCode" if is_note else "InvoiceTypeCode", "type_code"),
        issued=terms.iso_day(terms.single(root, "IssueDate", "issued"), "issued"),
        due=due_dates[0] if len(due_dates) == 1 else None,
        due_dates=due_dates,
        currency=currency,
        tax_currency=tax_currency,
        buyer_reference=terms.text(root, "BuyerReference"),
        order_reference=terms.text(root, "OrderReference/ID"),
        payment_reference=terms.text(root, "PaymentMeans/PaymentID"),
        preceding=terms.texts(root, "BillingReference/InvoiceDocumentReference/ID"),
        seller=_party(terms, terms.one(root, "AccountingSupplierParty/Party")),
        buyer=_party(terms, terms.one(root, "AccountingCustomerParty/Party")),
        payee=_party(terms, payee) if payee is not None else None,
        ibans=distinct(compact(each) for each in accounts if _is_like_iban(each)),
        accounts=distinct(each for each in accounts if not _is_like_iban(each)),
        account_names=distinct(each for one in means for each in terms.texts(one, "PayeeFinancialAccount/Name")),
        debtor_ibans=distinct(
            compact(each) for one in means for each in terms.texts(one, "PaymentMandate/PayerFinancialAccount/ID")
        ),
        line_total=total_of(terms, sums, "LineExtensionAmount", "line_total", currency),
        charge_total=total_of(terms, sums, "ChargeTotalAmount", "charge_total", currency),
        allowance_total=total_of(terms, sums, "AllowanceTotalAmount", "allowance_total", currency),
        tax_basis=total_of(terms, sums, "TaxExclusiveAmount", "tax_basis", currency),
        tax_total=in_currency(terms, terms.all(root, "TaxTotal/TaxAmount"), currency, "tax_total"),
        tax_total_in_tax_currency=_in_tax_currency(terms, root, currency, tax_currency),
        grand_total=total_of(terms, sums, "TaxInclusiveAmount", "grand_total", currency),
        prepaid=total_of(terms, sums, "PrepaidAmount", "prepaid", currency),
        rounding=total_of(terms, sums, "PayableRoundingAmount", "rounding", currency),
        due_payable=total_of(terms, sums, "PayableAmount", "due_payable", currency),
        taxes=tuple(_taxes(terms, root, currency)),
        adjustments=tuple(
            _adjustment(terms, each, index) for index, each in enumerate(terms.all(root, "AllowanceCharge"))
        ),
        lines=tuple(_line(terms, each, index, currency) for index, each in enumerate(terms.all(root, line))),
        notes=terms.texts(root, "Note"),
        stated=leaf_texts(root, without=frozenset({line, "EmbeddedDocumentBinaryObject"}), most=MOST_STATED),
    )
    return replace(made, findings=tuple(terms.findings))


def _adjustment(terms: TermReader, node: Node, index: int) -> Adjustment:
    return Adjustment(
        amount=terms.amount(node, "Amount", f"adjustments.{index}.amount"),
        is_charge=terms.text(node, "ChargeIndicator") == "true",
        reason=terms.text(node, "AllowanceChargeReason"),
    )


def _is_like_iban(account: str) -> bool:
    """Return whether an account, of which UBL does not say what it is, is an IBAN or meant to be one."""
    text = compact(account)
    return iban(text) or (len(text) > 14 and text[:2].isalpha() and text[2:4].isdigit())


def _in_tax_currency(terms: TermReader, root: Node, currency: str, tax_currency: str) -> Decimal | None:
    if not tax_currency or tax_currency == currency:
        return None
    stated = [
        each for each in terms.all(root, "TaxTotal/TaxAmount") if each.attributes.get("currencyID") == tax_currency
    ]
    return terms.number_of(stated[0].text, "tax_total_in_tax_currency") if stated else None


def _party(terms: TermReader, node: Node | None) -> InvoiceParty:
    schemes = {
        terms.text(each, "TaxScheme/ID").upper(): terms.text(each, "CompanyID")
        for each in terms.all(node, "PartyTaxScheme")
    }
    vat = schemes.pop("VAT", "")
    trading = terms.text(node, "PartyName/Name")
    return InvoiceParty(
        name=terms.text(node, "PartyLegalEntity/RegistrationName") or trading,
        trading_name=trading,
        vat_number=compact(vat),
        tax_number=next(iter(schemes.values()), ""),
        registration=terms.text(node, "PartyLegalEntity/CompanyID"),
        country=terms.text(node, "PostalAddress/Country/IdentificationCode").upper(),
        identifiers=terms.texts(node, "PartyIdentification/ID"),
    )


def _taxes(terms: TermReader, root: Node, currency: str) -> list[TaxAtRate]:
    """Return the tax by rate of the total that has any; another one states it in the tax currency alone."""
    made: list[TaxAtRate] = []
    for each in terms.all(root, "TaxTotal/TaxSubtotal"):
        amount = terms.one(each, "TaxAmount")
        if amount is not None and amount.attributes.get("currencyID", currency) != currency:
            continue
        at = f"taxes.{len(made)}"
        made.append(
            TaxAtRate(
                category=terms.text(each, "TaxCategory/ID"),
                rate=terms.amount(each, "TaxCategory/Percent", f"{at}.rate"),
                basis=terms.amount(each, "TaxableAmount", f"{at}.basis"),
                tax=terms.amount(each, "TaxAmount", f"{at}.tax"),
                exemption=terms.text(each, "TaxCategory/TaxExemptionReason"),
            )
        )
    return made


def _line(terms: TermReader, node: Node, index: int, currency: str) -> InvoiceLine:
    at = f"lines.{index}"
    quantity = terms.one(node, "InvoicedQuantity|CreditedQuantity")
    adjustment = Decimal(0)
    for each in terms.all(node, "AllowanceCharge"):
        amount = terms.amount(each, "Amount", f"{at}.adjustment") or Decimal(0)
        adjustment += amount if terms.text(each, "ChargeIndicator") == "true" else -amount
    name = terms.text(node, "Item/Name")
    more = terms.text(node, "Item/Description")
    return InvoiceLine(
        id=terms.text(node, "ID"),
        description=name or more,
        quantity=terms.number_of(quantity.text if quantity else "", f"{at}.quantity"),
        unit=quantity.attributes.get("unitCode", "") if quantity else "",
        unit_price=terms.amount(node, "Price/PriceAmount", f"{at}.unit_price"),
        price_quantity=terms.amount(node, "Price/BaseQuantity", f"{at}.price_quantity") or Decimal(1),
        gross_price=terms.amount(node, "Price/AllowanceCharge/BaseAmount", f"{at}.gross_price"),
        adjustment=adjustment,
        tax_rate=terms.amount(node, "Item/ClassifiedTaxCategory/Percent", f"{at}.tax_rate"),
        total=total_of(terms, node, "LineExtensionAmount", f"{at}.total", currency),
        notes=distinct([more if name else "", *terms.texts(node, "Note")]),
    )
