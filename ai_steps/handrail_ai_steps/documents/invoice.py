"""An invoice as its issuer wrote it down as data: the terms of EN 16931, whatever the syntax they were written in."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeAlias

InvoiceSyntax: TypeAlias = Literal["cii", "ubl"]
"""UN/CEFACT Cross Industry Invoice (ZUGFeRD, Factur-X, XRechnung) or OASIS UBL (XRechnung, Peppol)."""

InvoiceStandard: TypeAlias = Literal["zugferd1", "zugferd2", "factur-x", "xrechnung", "peppol", "en16931", "other"]
"""What its profile belongs to."""

FindingCode: TypeAlias = Literal[
    "missing",
    "unreadable",
    "repeated",
    "wrong_currency",
    "wrong_number",
    "unknown_profile",
    "test_invoice",
    "left_out",
    "sum",
    "tax_sum",
]
"""What is wrong with the data in itself; ``sum`` and ``tax_sum``: amounts that do not add up."""

CREDIT_TYPES: Final = frozenset(["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"])
"""Type codes (UNTDID 1001) whose positive amounts go to the buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFinding:
    """Something that is wrong with the data in itself, whatever the page says."""

    code: FindingCode
    term: str
    """What it is about, such as ``grand_total`` or ``lines.2.total``."""
    message: str
    """What, where and by how much, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceParty:
    """Who sells, buys, or is paid."""

    name: str = ""
    trading_name: str = ""
    vat_number: str = ""
    tax_number: str = ""
    """The local one, such as a German Steuernummer."""
    registration: str = ""
    """The legal one, such as a SIRET or a register number."""
    country: str = ""
    """Two letters."""
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAtRate:
    """The tax of one category and rate."""

    category: str = ""
    rate: Decimal | None = None
    """In percent."""
    basis: Decimal | None = None
    tax: Decimal | None = None
    exemption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An allowance or a charge on the whole invoice."""

    amount: Decimal | None
    """Never signed: which way it counts is said by ``is_charge``."""
    is_charge: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line."""

    id: str = ""
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    """Net, for ``price_quantity`` units."""
    price_quantity: Decimal = Decimal(1)
    gross_price: Decimal | None = None
    """Before the allowances that are in the price."""
    adjustment: Decimal = Decimal(0)
    """Its charges less its allowances."""
    tax_rate: Decimal | None = None
    """In percent."""
    total: Decimal | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceData:
    """What an issuer wrote of one invoice; what is None or empty was not written, or not in a way that can be read."""

    syntax: InvoiceSyntax
    standard: InvoiceStandard = "other"
    profile: str = ""
    """Its level, such as ``basicwl`` or ``extended``."""
    guideline: str = ""
    """Its profile as it is written, such as ``urn:cen.eu:en16931:2017``."""
    number: str = ""
    type_code: str = ""
    """UNTDID 1001: 380 is an invoice, 381 a credit note, 384 a correction."""
    issued: date | None = None
    due: date | None = None
    """None: no day, or several."""
    due_dates: tuple[date, ...] = ()
    currency: str = ""
    tax_currency: str = ""
    buyer_reference: str = ""
    order_reference: str = ""
    payment_reference: str = ""
    preceding: tuple[str, ...] = ()
    """Numbers of the invoices that this one corrects."""
    seller: InvoiceParty = InvoiceParty()
    buyer: InvoiceParty = InvoiceParty()
    payee: InvoiceParty | None = None
    """Who is paid, where that is not the seller."""
    ibans: tuple[str, ...] = ()
    """Accounts to pay to, without blanks."""
    accounts: tuple[str, ...] = ()
    """Accounts to pay to that say they are no IBAN."""
    account_names: tuple[str, ...] = ()
    debtor_ibans: tuple[str, ...] = ()
    """Accounts to collect from."""
    line_total: Decimal | None = None
    charge_total: Decimal | None = None
    allowance_total: Decimal | None = None
    tax_basis: Decimal | None = None
    tax_total: Decimal | None = None
    tax_total_in_tax_currency: Decimal | None = None
    grand_total: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    due_payable: Decimal | None = None
    taxes: tuple[TaxAtRate, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()
    notes: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    """What else it says, outside its lines: numbers, dates and names that no term here has."""
    findings: tuple[InvoiceFinding, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Whether its positive amounts go to the buyer."""
        return self.type_code in CREDIT_TYPES

    @property
    def country(self) -> str:
        """Return the seller's country in two letters, by its address or its VAT number; empty: neither says."""
        by_number = self.seller.vat_number[:2].upper()
        return self.seller.country or ({"EL": "GR"}.get(by_number, by_number) if by_number.isalpha() else "")


NoInvoiceCode: TypeAlias = Literal["not_xml", "other_xml", "order", "broken", "hostile", "too_heavy"]
"""Why there is no invoice; ``order``: an order or a delivery note; ``hostile``: it has entities or a DTD."""


@dataclass(frozen=True, slots=True)
class NoInvoice:
    """A file that is no invoice as data, and why."""

    code: NoInvoiceCode
    reason: str
    """In plain words."""
