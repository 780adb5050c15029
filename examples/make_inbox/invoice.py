"""An invoice that never was: what is printed, what is written as data, and what is true all come from here."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeAlias

CENT = Decimal("0.01")

Kind: TypeAlias = Literal["invoice", "credit_note", "receipt", "letter", "none"]
"""What a document is; ``none``: nobody can say, because it cannot be read."""


def cents(amount: Decimal) -> Decimal:
    """Return the amount rounded to two places, halves up, as people do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Somebody who sends or gets invoices."""

    name: str
    street: str
    town: str
    """With its postcode, in the country's order."""
    country: str
    """Two letters."""
    vat_number: str = ""
    iban: str = ""
    bank: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an invoice."""

    description: str
    quantity: Decimal
    price: Decimal
    """Net, for one."""
    rate: Decimal
    """Of the tax, in percent."""

    @property
    def amount(self) -> Decimal:
        """Return the net amount."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice or a credit note; amounts of a credit note are positive, as most are printed."""

    number: str
    issued: date
    due: date | None
    seller: Company
    buyer: Company
    currency: str
    items: tuple[Item, ...]
    locale: str
    """Such as ``de-CH``: language and country of what is printed."""
    kind: Kind = "invoice"
    credits: str = ""
    """The number of the invoice that a credit note takes back."""
    order: str = ""
    misprint: Decimal = Decimal(0)
    """How much the printed total is wrong by."""
    minus: bool = False
    """A credit note that prints its amounts with a minus."""

    @property
    def net(self) -> Decimal:
        """Return the sum before tax."""
        return sum((item.amount for item in self.items), Decimal(0))

    @property
    def taxes(self) -> dict[Decimal, Decimal]:
        """Return the tax by its rate, the highest rate first."""
        rates = sorted({item.rate for item in self.items}, reverse=True)
        return {rate: cents(self.basis(rate) * rate / 100) for rate in rates}

    @property
    def tax(self) -> Decimal:
        """Return the tax of all rates."""
        return sum(self.taxes.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Return what is printed as the total."""
        return self.net + self.tax + self.misprint

    def basis(self, rate: Decimal) -> Decimal:
        """Return the net sum of the lines of one rate."""
        return sum((item.amount for item in self.items if item.rate == rate), Decimal(0))

    def fields(self) -> dict[str, Any]:
        """Return what there is to read, as it is written beside the files: amounts as they are printed."""
        sign = -1 if self.minus else 1
        return {
            "number": self.number,
            "issued": self.issued.isoformat(),
            "due": self.due.isoformat() if self.due else None,
            "seller": self.seller.name,
            "buyer": self.buyer.name,
            "currency": self.currency,
            "net": str(sign * self.net),
            "tax": str(sign * self.tax),
            "total": str(sign * self.total),
            "vat_number": self.seller.vat_number or None,
            "iban": self.seller.iban or None,
            "credits": self.credits or None,
            "lines": [
                {
                    "description": item.description,
                    "quantity": str(item.quantity),
                    "price": str(item.price),
                    "amount": str(sign * item.amount),
                }
                for item in self.items
            ],
        }

    @property
    def posts(self) -> Decimal:
        """Return what a ledger gets: what is owed to the seller, negative for a credit note."""
        return -self.total if self.kind == "credit_note" else self.total
