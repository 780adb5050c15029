"""Invoices that carry their data: is it read as it is, and is every contradiction with the page named, and no other?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.figure import Bar, Figure, at_least, at_most, percent
from handrail import Document
from handrail.documents import EmbeddedInvoice, PageComparison, compare_with_page, invoices_in

PART = "embedded data"
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


def embedded_rows(data: Path) -> list[Figure]:
    """Return what was measured on the hybrid invoices in a folder; nothing where it is not there."""
    cases = list(_cases(data))
    return [*_read(cases), *_contradictions(cases), *_swapped(cases)] if cases else []


def _read(cases: list[Case]) -> Iterator[Figure]:
    stated = [_reads(case) for case in cases]
    right, every = sum(n for n, _ in stated), sum(m for _, m in stated)
    yield _share("values of the data read as they are", right, every, bar=at_least(100))
    found, there = _found(cases)
    missed = there - found
    note = f"{found} of {there} found"
    yield Figure(PART, "values that are on the page, not found", float(missed), "values", bar=at_most(2), note=note)


def _contradictions(cases: list[Case]) -> Iterator[Figure]:
    wrong = [case for case in cases if case.missing and not any(each in case.name for each in NOT_PRINTED)]
    seen = [case for case in wrong if case.compared.contradictions]
    yield _share("invoices whose page contradicts, seen", len(seen), len(wrong), bar=at_least(100))
    values, told = _named(wrong)
    yield _share("contradicting values, named", told, values, bar=at_least(100))
    named = [each for case in wrong for each in case.compared.contradictions]
    yield _share("... with what the page says", sum(bool(each.printed) for each in named), len(named))
    others = [case for case in cases if case not in wrong]
    false = [case for case in others if case.compared.contradictions]
    note = f"{len(false)} of {len(others)}"
    yield Figure(PART, "false alarms on the others", float(len(false)), "invoices", bar=at_most(0), note=note)


def _swapped(cases: list[Case]) -> Iterator[Figure]:
    found = [
        compare_with_page(one.carried.invoice, other.carried.page.text)
        for one in cases
        for other in cases
        if one is not other and other.carried.page is not None
    ]
    contradicted = sum(bool(each.contradictions) for each in found)
    yield _share("data on another invoice's page, contradicted", contradicted, len(found), bar=at_least(100))
    yield _share("... and told to be another's", sum(each.is_another for each in found), len(found), bar=at_least(90))


def _share(name: str, some: int, every: int, *, bar: Bar | None = None) -> Figure:
    return Figure(PART, name, percent(some, every), bar=bar, note=f"{some} of {every}")


def _cases(data: Path) -> Iterator[Case]:
    folder = data / "documents"
    if not (folder / "truth.jsonl").is_file():
        return
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if "xml_fields" not in truth:
            continue
        [carried] = invoices_in(Document.open(folder / truth["file"])).invoices
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


def _plain(value: str) -> str:
    return value.replace("-", "").replace(" ", "")
