"""Whether an invoice's own amounts add up, by the rules of EN 16931, to the cent."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceFinding

CENT = Decimal("0.01")
_HALF = Decimal("0.005")
_LINE_SLACK = Decimal("0.02")
"""What Peppol's rule allows: prices are rounded, too."""
_ZERO = Decimal(0)


def wrong_sums(made: InvoiceData) -> Iterator[InvoiceFinding]:
    """Yield what does not add up: a cent may be lost in rounding, and half a cent for every line that was rounded."""
    by_line = max(CENT, _HALF * len(made.lines))
    yield from _wrong_totals(made, by_line)
    yield from _wrong_taxes(made, by_line)
    for index, line in enumerate(made.lines):
        if line.quantity is None or line.unit_price is None or line.total is None or not line.price_quantity:
            continue
        price = line.quantity * line.unit_price / line.price_quantity + line.adjustment
        if abs(price - line.total) > _LINE_SLACK:
            said = f"{line.quantity:f} at {line.unit_price:f}"
            yield _finding("sum", f"lines.{index}.total", "PEPPOL-EN16931-R120", said, price, line.total)


def _wrong_totals(made: InvoiceData, by_line: Decimal) -> Iterator[InvoiceFinding]:
    totals = [each.total for each in made.lines if each.total is not None]
    if made.lines and len(totals) == len(made.lines):
        yield from _wrong("BR-CO-10", "line_total", "the lines", sum(totals, _ZERO), made.line_total, by_line)
    for rule, term, is_charge in (("BR-CO-11", "allowance_total", False), ("BR-CO-12", "charge_total", True)):
        parts = [each.amount for each in made.adjustments if each.is_charge is is_charge]
        if parts and None not in parts:
            total = made.charge_total if is_charge else made.allowance_total
            yield from _wrong(rule, term, "its parts", _sum(parts), total, CENT)
    if made.line_total is not None:
        basis = made.line_total - (made.allowance_total or _ZERO) + (made.charge_total or _ZERO)
        yield from _wrong("BR-CO-13", "tax_basis", "lines, allowances and charges", basis, made.tax_basis, CENT)
    if made.tax_basis is not None and made.tax_total is not None:
        gross = made.tax_basis + made.tax_total
        yield from _wrong("BR-CO-15", "grand_total", "tax basis and tax", gross, made.grand_total, CENT)
    if made.grand_total is not None:
        due = made.grand_total - (made.prepaid or _ZERO) + (made.rounding or _ZERO)
        yield from _wrong("BR-CO-16", "due_payable", "grand total, prepaid and rounding", due, made.due_payable, CENT)


def _wrong_taxes(made: InvoiceData, by_line: Decimal) -> Iterator[InvoiceFinding]:
    taxes = [each.tax for each in made.taxes]
    if taxes and None not in taxes:
        yield from _wrong("BR-CO-14", "tax_total", "the tax by rate", _sum(taxes), made.tax_total, CENT)
    for index, each in enumerate(made.taxes):
        if each.rate is None or each.basis is None or each.tax is None:
            continue
        tax = each.basis * each.rate / 100
        if abs(tax - each.tax) > by_line:  # some compute the tax line by line
            said = f"{each.rate:f}% of {each.basis:f}"
            yield _finding("tax_sum", f"taxes.{index}.tax", "BR-CO-17", said, tax, each.tax)


def _wrong(
    rule: str, term: str, parts: str, made: Decimal, stated: Decimal | None, slack: Decimal
) -> Iterator[InvoiceFinding]:
    if stated is not None and abs(made - stated) > slack:
        yield _finding("sum", term, rule, parts, made, stated)


def _finding(
    code: Literal["sum", "tax_sum"], term: str, rule: str, parts: str, made: Decimal, stated: Decimal
) -> InvoiceFinding:
    shown = term.replace("_", " ")
    what = f"{parts} come to {made.quantize(CENT):f}, and the {shown} is {stated:f}"
    return InvoiceFinding(code=code, term=term, message=f"{what} ({rule})")


def _sum(parts: Iterable[Decimal | None]) -> Decimal:
    return sum((each for each in parts if each is not None), _ZERO)
