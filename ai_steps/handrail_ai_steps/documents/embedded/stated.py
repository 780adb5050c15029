"""What an invoice's data states that a page may print: each value with its term and kind, and what else it explains."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from handrail_ai_steps.documents.embedded.printed import run_together
from handrail_ai_steps.documents.embedded.sums import CENT
from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceParty

StatedKind: TypeAlias = Literal["amount", "day", "account", "number", "vat", "name", "currency"]

TOTALS = (
    "line_total", "charge_total", "allowance_total", "tax_basis", "tax_total", "tax_total_in_tax_currency",
    "grand_total", "prepaid", "rounding", "due_payable",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stated:
    """One value that the data states."""

    term: str
    kind: StatedKind
    value: Decimal | date | str

    @property
    def shown(self) -> str:
        """Return it as text: amounts with a point, days as ISO."""
        return f"{self.value:f}" if isinstance(self.value, Decimal) else str(self.value)


def stated_values(made: InvoiceData) -> Iterator[Stated]:
    """Yield each value that a page may print, but for the lines."""
    if made.number:
        yield Stated("number", "number", made.number)
    yield from (Stated("issued", "day", day) for day in (made.issued,) if day is not None)
    yield from (Stated("due", "day", day) for day in made.due_dates)
    if made.currency:
        yield Stated("currency", "currency", made.currency)
    for term, party in (("seller", made.seller), ("buyer", made.buyer), ("payee", made.payee)):
        if party is not None:
            yield from _party(term, party)
    for term in ("ibans", "debtor_ibans"):
        yield from (Stated(f"{term}.{index}", "account", each) for index, each in enumerate(getattr(made, term)))
    amounts: dict[str, Decimal | None] = {term: getattr(made, term) for term in TOTALS}
    for index, tax in enumerate(made.taxes):
        amounts |= {f"taxes.{index}.basis": tax.basis, f"taxes.{index}.tax": tax.tax}
    yield from (Stated(term, "amount", amount) for term, amount in amounts.items() if amount is not None)


def _party(term: str, party: InvoiceParty) -> Iterator[Stated]:
    if party.name:
        yield Stated(f"{term}.name", "name", party.name)
    if party.vat_number:
        yield Stated(f"{term}.vat_number", "vat", party.vat_number)
    if party.tax_number:
        kind: StatedKind = "vat" if party.tax_number[:2].isalpha() else "number"
        yield Stated(f"{term}.tax_number", kind, party.tax_number)


@dataclass(frozen=True, slots=True)
class Explained:
    """What the data states anywhere: what stands on the page and is among it contradicts nothing."""

    amounts: frozenset[Decimal]
    """Without sign; with those that follow: gross of net, half a cent aside."""
    days: frozenset[date]
    texts: frozenset[str]
    """Letters and digits alone."""


def explained_by(made: InvoiceData) -> Explained:
    """Return what the data states anywhere, and what follows from it by its own tax rates."""
    amounts = {abs(each) for each in _amounts(made)}
    rates = {each.rate for each in made.taxes if each.rate} | {each.tax_rate for each in made.lines if each.tax_rate}
    gross = {_cents(each * (1 + rate / 100)) for each in amounts for rate in rates}
    days = {*made.due_dates, *([made.issued] if made.issued else [])}
    for text in made.stated:
        found = _DAY.fullmatch(text)
        if found:
            try:
                days.add(date(int(found[1]), int(found[2]), int(found[3])))
            except ValueError:
                continue
    texts = (*made.stated, made.number, *made.ibans, *made.debtor_ibans, *made.accounts)
    return Explained(frozenset(amounts | gross), frozenset(days), frozenset(map(run_together, texts)))


def _amounts(made: InvoiceData) -> Iterator[Decimal]:
    for each in stated_values(made):
        if isinstance(each.value, Decimal):
            yield each.value
    for line in made.lines:
        for amount in (line.total, line.unit_price, line.gross_price, line.adjustment):
            if amount is not None:
                yield amount
                yield _cents(amount)
    for adjustment in made.adjustments:
        if adjustment.amount is not None:
            yield adjustment.amount
    for text in made.stated:
        if _NUMBER.fullmatch(text):
            yield Decimal(text)


def _cents(amount: Decimal) -> Decimal:
    return abs(amount).quantize(CENT, rounding=ROUND_HALF_UP)
