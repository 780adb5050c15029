"""Invoices that carry their data: is it read as it is, and is every contradiction with the page named, and no other?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from handrail import Document
from handrail.documents import EmbeddedInvoice, InvoiceData, PageComparison, compare_with_page, invoices_in

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "documents"
NOT_PRINTED = ("Kraftfahrversicherung", "COMFORT_Einfach")
"""Invoices whose data states what their pages do not print, which is no contradiction."""

_AMOUNTS = {
    "LineTotalAmount": "line_total",
    "TaxBasisTotalAmount": "tax_basis",
    "TaxTotalAmount": "tax_total",
    "GrandTotalAmount": "grand_total",
    "DuePayableAmount": "due_payable",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One hybrid invoice with what is true of it."""

    name: str
    carried: EmbeddedInvoice
    truth: dict[str, Any]
    missing: list[str]
    """Values of the data that the page does not have, by hand."""

    @property
    def compared(self) -> PageComparison:
        """Return what came of holding its page against its data."""
        found = self.carried.compared()
        assert found is not None
        return found


def rows() -> Iterator[tuple[str, str, str, bool]]:
    """Yield what was measured: what, n of m, the bar, and whether it holds."""
    cases = list(_cases())
    if not cases:
        return
    stated = [_reads(case) for case in cases]
    right, all_stated = sum(n for n, _ in stated), sum(m for _, m in stated)
    yield "values of embedded data read as they are", f"{right} of {all_stated}", "all", right == all_stated

    found, there = _found(cases)
    yield "values that are on the page found there", f"{found} of {there}", "all but 2", found >= there - 2

    contradicting = [case for case in cases if case.missing and not case.name.startswith(NOT_PRINTED)]
    contradicting = [case for case in contradicting if not any(each in case.name for each in NOT_PRINTED)]
    named = [case for case in contradicting if case.compared.contradictions]
    holds = len(named) == len(contradicting)
    yield "invoices whose page contradicts their data seen", f"{len(named)} of {len(contradicting)}", "all", holds

    values, told = _named(contradicting)
    yield "contradicting values named", f"{told} of {values}", "all", told == values

    with_page = sum(bool(each.printed) for case in contradicting for each in case.compared.contradictions)
    count = sum(len(case.compared.contradictions) for case in contradicting)
    yield "contradictions that say what the page says", f"{with_page} of {count}", "reported", True

    others = [case for case in cases if case not in contradicting]
    false = [case for case in others if case.compared.contradictions]
    yield "false alarms on the other invoices", f"{len(false)} of {len(others)}", "0", not false

    seen, pairs, alarms = _swapped(cases)
    yield "data on another invoice's page contradicted", f"{seen} of {pairs}", "all", seen == pairs
    yield "... and told to be another invoice's", f"{alarms} of {pairs}", ">= 90%", alarms >= 0.9 * pairs


def _cases() -> Iterator[Case]:
    truth_file = DATA / "truth.jsonl"
    if not truth_file.is_file():
        return
    for line in truth_file.read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if "xml_fields" not in truth:
            continue
        [carried] = invoices_in(Document.open(DATA / truth["file"])).invoices
        missing = [value for _, value in truth["xml_values_not_on_page"]]
        yield Case(truth["file"], carried, truth["xml_fields"], missing)


def _reads(case: Case) -> tuple[int, int]:
    """Return how many of the stated values were read as they are, and how many there are."""
    made, truth = case.carried.invoice, case.truth
    checks = [
        made.number == truth["number"],
        made.type_code == truth["type"],
        made.seller.name == truth["seller"],
        made.buyer.name == truth["buyer"],
        f"{made.issued:%Y%m%d}" == truth["issued"],
    ]
    checks += [getattr(made, term) == Decimal(truth[name]) for name, term in _AMOUNTS.items() if name in truth]
    if "iban" in truth:
        checks.append(truth["iban"].replace(" ", "") in {*made.ibans, *made.debtor_ibans})
    if "seller_vat" in truth:
        checks.append(truth["seller_vat"] in {made.seller.vat_number, made.seller.tax_number})
    if "due_date" in truth:
        checks.append(truth["due_date"] in {f"{day:%Y%m%d}" for day in made.due_dates})
    totals = [each.total for each in made.lines if each.total is not None]
    checks += [one == Decimal(other) for one, other in zip(totals, truth.get("lines", []), strict=True)]
    return sum(checks), len(checks)


def _found(cases: list[Case]) -> tuple[int, int]:
    """Return how many values that stand on the page were found there; by hand, those that are missing do not."""
    found = there = 0
    for case in cases:
        missing = {_plain(each) for each in case.missing}
        wanted = {"number", "issued", "seller.name", "buyer.name", *_AMOUNTS.values()}
        for each in case.compared.values:
            if (each.term in wanted or each.term.startswith(("lines.", "ibans."))) and _plain(
                each.stated
            ) not in missing:
                there += 1
                found += each.result == "agrees"
    return found, there


def _named(cases: list[Case]) -> tuple[int, int]:
    """Return how many values contradict by hand, and how many of them were named."""
    values = told = 0
    for case in cases:
        named = {_plain(each.stated) for each in case.compared.contradictions}
        values += len(case.missing)
        told += sum(_plain(each) in named for each in case.missing)
    return values, told


def _swapped(cases: list[Case]) -> tuple[int, int, int]:
    seen = pairs = alarms = 0
    for one in cases:
        invoice: InvoiceData = one.carried.invoice
        for other in cases:
            if one is other or other.carried.page is None:
                continue
            found = compare_with_page(invoice, other.carried.page.text)
            pairs += 1
            seen += bool(found.contradictions)
            alarms += found.is_another
    return seen, pairs, alarms


def _plain(value: str) -> str:
    return value.replace("-", "").replace(" ", "")


if __name__ == "__main__":
    for what, value, bar, holds in rows():
        print(f"{what:52} {value:>12}   bar {bar:10} {'pass' if holds else 'FAIL'}")
