"""One invoice is one: the same invoice, by whatever way it came, has the same key; another with its number is told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from handrail_ai_steps.documents.embedded.printed import words_of
from handrail_ai_steps.documents.embedded.terms import compact
from handrail_ai_steps.documents.invoice import CREDIT_TYPES, InvoiceData
from handrail_ground.hashing import hash_of_data

InvoiceFamily: TypeAlias = Literal["invoice", "credit_note", "correction"]
"""A credit note and a correction are no repetition of the invoice whose number they may carry."""

KEY_LENGTH = 32
CORRECTION = "384"
_LEGAL_FORMS = frozenset(
    "gmbh ag kg ohg gbr ug mbh co se sarl sas sa eurl sasu bv nv ltd limited llc inc srl spa plc ek ev".split()  # noqa: SIM905 -- a list of words
)


class NoIdentity(ValueError):
    """An invoice without a number or a seller, which cannot be told from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIdentity:
    """Which invoice it is, and what of it must not differ."""

    sellers: tuple[str, ...]
    """Whose it is, the surest first: VAT or tax number, name; without blanks, case and legal form."""
    number: str
    family: InvoiceFamily
    total: Decimal | None = None
    currency: str = ""
    ibans: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return 32 hexadecimal digits that are the same for the same invoice: a run's id, or an idempotency key.

        The total is no part of it: a second invoice with the same number and another total must be noticed, not paid.
        """
        return hash_of_data([self.sellers[0], self.number, self.family], digits=KEY_LENGTH)

    def against(self, known: "Iterable[InvoiceIdentity]") -> "IdentityCheck":
        """Return whether one of these is the same invoice, or one that has its number and says something else."""
        same = [each for each in known if self._has_number_of(each)]
        for each in same:
            if each.total != self.total or each.currency != self.currency:
                said = f"{each.total} {each.currency}, and this one of {self.total} {self.currency}"
                return IdentityCheck("other_total", f"an invoice {self.number} of the same seller is known, of {said}")
        for each in same:
            if each.ibans and self.ibans and not set(each.ibans) & set(self.ibans):
                said = f"{', '.join(each.ibans)}, and this one to {', '.join(self.ibans)}"
                return IdentityCheck("other_account", f"invoice {self.number} is known, to be paid to {said}")
        return IdentityCheck("same", f"invoice {self.number} is known") if same else IdentityCheck("new", "")

    def _has_number_of(self, other: "InvoiceIdentity") -> bool:
        return (
            self.number == other.number and self.family == other.family and bool(set(self.sellers) & set(other.sellers))
        )


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """What came of looking for an invoice among those that are known."""

    result: Literal["new", "same", "other_total", "other_account"]
    """``other_total`` and ``other_account``: no repetition but a finding; a person decides."""
    reason: str


def invoice_identity(invoice: InvoiceData) -> InvoiceIdentity:
    """Return which invoice it is, by its data.

    Raises:
        NoIdentity: there is no number, or no seller.
    """
    party = invoice.seller
    return identity_of_values(
        number=invoice.number,
        seller=party.name,
        vat_number=party.vat_number or party.tax_number,
        type_code=invoice.type_code,
        total=invoice.grand_total,
        currency=invoice.currency,
        ibans=invoice.ibans,
    )


def identity_of_values(
    *,
    number: str,
    seller: str,
    vat_number: str = "",
    type_code: str = "",
    total: Decimal | None = None,
    currency: str = "",
    ibans: Iterable[str] = (),
) -> InvoiceIdentity:
    """Return which invoice it is, by values that were read from a page.

    Raises:
        NoIdentity: there is no number, or no seller.
    """
    named = (
        f"vat {_bare(vat_number)}" if _bare(vat_number) else "",
        f"name {_bare_name(seller)}" if _bare_name(seller) else "",
    )
    found = tuple(each for each in named if each)
    written = compact(number)
    if not written or not found:
        lacks = "number" if not written else "seller"
        raise NoIdentity(f"an invoice without a {lacks} cannot be told from others; let a person name it")
    family: InvoiceFamily = "invoice"
    if type_code in CREDIT_TYPES:
        family = "credit_note"
    elif type_code == CORRECTION:
        family = "correction"
    return InvoiceIdentity(
        sellers=found,
        number=written,
        family=family,
        total=None if total is None else _plain(total),
        currency=currency.upper(),
        ibans=tuple(sorted({compact(each) for each in ibans if each})),
    )


def _plain(total: Decimal) -> Decimal:
    """Return a number as equal ones are written alike: 100 and 100.00."""
    return total.quantize(Decimal("0.01")) if total == total.quantize(Decimal("0.01")) else total.normalize()


def _bare(identifier: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", identifier.upper())


def _bare_name(name: str) -> str:
    """Return a name without its legal form, which is written in many ways or left out."""
    words = words_of(name)
    return "".join(each for each in words if each not in _LEGAL_FORMS) or "".join(words)
