"""Which term of an invoice a field means: by its name, or as it was told."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceLine, InvoiceParty, TaxAtRate

Value: TypeAlias = Decimal | date | str | None

TERMS: Final[Mapping[str, Callable[[InvoiceData], Value]]] = {
    "number": lambda made: made.number,
    "type_code": lambda made: made.type_code,
    "issued": lambda made: made.issued,
    "due": lambda made: made.due,
    "currency": lambda made: made.currency,
    "tax_currency": lambda made: made.tax_currency,
    "buyer_reference": lambda made: made.buyer_reference,
    "order_reference": lambda made: made.order_reference,
    "payment_reference": lambda made: made.payment_reference,
    "seller.name": lambda made: made.seller.name,
    "seller.vat_number": lambda made: made.seller.vat_number,
    "seller.tax_number": lambda made: made.seller.tax_number,
    "seller.country": lambda made: made.seller.country,
    "buyer.name": lambda made: made.buyer.name,
    "buyer.vat_number": lambda made: made.buyer.vat_number,
    "buyer.country": lambda made: made.buyer.country,
    "payee.name": lambda made: made.payee.name if made.payee else None,
    "iban": lambda made: made.ibans[0] if len(made.ibans) == 1 else None,
    "line_total": lambda made: made.line_total,
    "charge_total": lambda made: made.charge_total,
    "allowance_total": lambda made: made.allowance_total,
    "tax_basis": lambda made: made.tax_basis,
    "tax_total": lambda made: made.tax_total,
    "grand_total": lambda made: made.grand_total,
    "prepaid": lambda made: made.prepaid,
    "rounding": lambda made: made.rounding,
    "due_payable": lambda made: made.due_payable,
}
"""What a field may be told to be."""

LINE_TERMS: Final[Mapping[str, Callable[[InvoiceLine], Value]]] = {
    "id": lambda line: line.id,
    "description": lambda line: line.description,
    "quantity": lambda line: line.quantity,
    "unit": lambda line: line.unit,
    "unit_price": lambda line: line.unit_price,
    "tax_rate": lambda line: line.tax_rate,
    "total": lambda line: line.total,
}

TAX_TERMS: Final[Mapping[str, Callable[[TaxAtRate], Value]]] = {
    "rate": lambda tax: tax.rate,
    "basis": lambda tax: tax.basis,
    "tax": lambda tax: tax.tax,
    "category": lambda tax: tax.category,
}

PARTY_TERMS: Final[Mapping[str, Callable[[InvoiceParty], Value]]] = {
    "name": lambda party: party.name,
    "vat_number": lambda party: party.vat_number,
    "tax_number": lambda party: party.tax_number,
    "country": lambda party: party.country,
    "registration": lambda party: party.registration,
}

_NAMES: Final[Mapping[str, str]] = {
    "number": "invoice_number invoice_no invoice_id document_number rechnungsnummer number numero",
    "type_code": "type_code invoice_type_code",
    "issued": "issued issue_date issued_on invoice_date date_of_issue document_date rechnungsdatum date",
    "due": "due due_date due_on payment_due_date pay_by faelligkeit faellig_am",
    "currency": "currency currency_code waehrung",
    "buyer_reference": "buyer_reference leitweg_id",
    "order_reference": "order_reference order_number purchase_order po_number",
    "payment_reference": "payment_reference",
    "seller.name": "seller seller_name vendor vendor_name supplier supplier_name issuer issuer_name merchant company",
    "seller.vat_number": "seller_vat_number seller_vat seller_vat_id vat_number vat_id supplier_vat_number vendor_vat"
    " vendor_vat_number supplier_vat ust_id",
    "seller.tax_number": "seller_tax_number tax_number steuernummer",
    "seller.country": "seller_country supplier_country vendor_country",
    "buyer.name": "buyer buyer_name customer customer_name client client_name recipient",
    "buyer.vat_number": "buyer_vat_number buyer_vat buyer_vat_id customer_vat_number customer_vat",
    "payee.name": "payee payee_name",
    "iban": "iban seller_iban payee_iban payment_iban bank_account",
    "charge_total": "charge_total charges",
    "allowance_total": "allowance_total allowances",
    "tax_basis": "tax_basis net net_total net_amount subtotal total_net total_without_tax netto",
    "tax_total": "tax_total tax vat vat_total vat_amount tax_amount total_tax total_vat",
    "grand_total": "grand_total total gross gross_total gross_amount invoice_total total_amount total_gross"
    " total_with_tax brutto gesamtbetrag",
    "prepaid": "prepaid prepaid_amount paid_amount",
    "due_payable": "due_payable amount_due payable payable_amount amount_payable balance_due zahlbetrag",
}
_LINE_NAMES: Final[Mapping[str, str]] = {
    "id": "id line_id position pos line_number line_no",
    "description": "description name item product text article title",
    "quantity": "quantity qty count menge",
    "unit": "unit unit_code",
    "unit_price": "unit_price price price_per_unit",
    "tax_rate": "tax_rate vat_rate rate tax_percent",
    "total": "total line_total amount net net_total sum",
}
_TAX_NAMES: Final[Mapping[str, str]] = {
    "rate": "rate percent tax_rate vat_rate",
    "basis": "basis base net net_amount taxable_amount tax_basis",
    "tax": "tax vat amount tax_amount vat_amount",
    "category": "category code",
}
_PARTY_NAMES: Final[Mapping[str, str]] = {
    "name": "name company legal_name",
    "vat_number": "vat_number vat_id vat vat_no ust_id",
    "tax_number": "tax_number tax_id steuernummer",
    "country": "country country_code",
    "registration": "registration registration_number company_number",
}


def _by_name(names: Mapping[str, str]) -> Mapping[str, str]:
    return {name: term for term, listed in names.items() for name in listed.split()}


TERM_OF: Final = _by_name(_NAMES)
"""The term that a field of a record means, by its name in words."""
LINE_TERM_OF: Final = _by_name(_LINE_NAMES)
TAX_TERM_OF: Final = _by_name(_TAX_NAMES)
PARTY_TERM_OF: Final = _by_name(_PARTY_NAMES)
LINES: Final = frozenset(["lines", "line_items", "items", "positions", "positionen"])
TAXES: Final = frozenset(["taxes", "tax_lines", "tax_by_rate", "vat_breakdown", "tax_breakdown", "vat_lines"])
PARTIES: Final[Mapping[str, str]] = {
    "seller": "seller", "vendor": "seller", "supplier": "seller", "issuer": "seller", "merchant": "seller",
    "buyer": "buyer", "customer": "buyer", "client": "buyer", "recipient": "buyer", "payee": "payee",
}  # fmt: skip
IBANS: Final = frozenset(["ibans", "bank_accounts", "accounts"])
