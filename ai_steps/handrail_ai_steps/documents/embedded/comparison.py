"""The page of an invoice held against the data in it: what agrees, what contradicts, and what is not printed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from handrail_ai_steps.documents.embedded.line_rows import compared_lines
from handrail_ai_steps.documents.embedded.prevailing import RULES, Prevailing, PrevailingRule, prevailing
from handrail_ai_steps.documents.embedded.printed import PrintedText
from handrail_ai_steps.documents.embedded.settling import Settler
from handrail_ai_steps.documents.embedded.stated import explained_by, stated_values
from handrail_ai_steps.documents.embedded.verdict import ComparedValue
from handrail_ai_steps.documents.invoice import InvoiceData

Alarm: TypeAlias = Literal["other_account", "other_payee", "other_invoice"]
"""A difference that may be fraud: the page names another account or payee than the data, or is another invoice's."""

_TOLD_BY = ("issued", "grand_total", "due_payable", "seller.name")
"""What an invoice is told by, beside its number."""
_AMOUNTS_OF_ONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PageComparison:
    """What came of holding a page against the data."""

    values: tuple[ComparedValue, ...]
    """Each value that the data states, in its order."""
    prevails: Prevailing
    """Which part counts where they differ."""
    is_another: bool = False
    """Whether the data is of another invoice than the page."""

    @property
    def contradictions(self) -> tuple[ComparedValue, ...]:
        """Return the values for which the page says something else."""
        return tuple(each for each in self.values if each.result == "contradicts")

    @property
    def not_printed(self) -> tuple[ComparedValue, ...]:
        """Return the values that the page does not print at all."""
        return tuple(each for each in self.values if each.result == "not_printed")

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Return the differences that may be fraud, each once, the loudest first."""
        contradicted = {each.term.partition(".")[0] for each in self.contradictions}
        found: list[Alarm] = []
        if contradicted & {"ibans", "debtor_ibans"}:
            found.append("other_account")
        if "payee" in contradicted:
            found.append("other_payee")
        if self.is_another:
            found.append("other_invoice")
        return tuple(found)

    def told(self) -> str:
        """Return what is wrong in plain words, with both values of each contradiction; empty: nothing is."""
        if not self.contradictions:
            return ""
        named = "; ".join(each.told() for each in self.contradictions)
        alarms = "".join(f"{_ALARMS[each]}; " for each in self.alarms)
        return f"{alarms}{named}. Which counts: {self.prevails.reason}"


_ALARMS: Mapping[Alarm, str] = {
    "other_account": "THE PAGE NAMES ANOTHER ACCOUNT THAN THE DATA: pay nothing before the seller confirms it by a way"
    " that you knew before",
    "other_payee": "THE PAGE NAMES ANOTHER PAYEE THAN THE DATA: pay nothing before the seller confirms it",
    "other_invoice": "the data is of another invoice than the page",
}


def compare_with_page(
    invoice: InvoiceData, text: str, *, rules: Mapping[str, PrevailingRule] = RULES
) -> PageComparison:
    """Look for every value of the data on the page, and name what the page says instead.

    ``text`` is what the pages print (``document.text``); ``rules`` says by country which part counts.
    """
    page = PrintedText(text)
    explained = explained_by(invoice)
    settler = Settler(invoice, page, explained)
    values = (*map(settler.settled, stated_values(invoice)), *compared_lines(invoice, page, explained))
    is_another = _is_another(values, page)
    if is_another:
        values = tuple(map(_of_another, values))
    return PageComparison(values=values, prevails=prevailing(invoice, rules), is_another=is_another)


def _is_another(values: tuple[ComparedValue, ...], page: PrintedText) -> bool:
    """Return whether the page is another invoice's.

    Its number differs, and more that every invoice has; or it has neither the number nor anything else that an invoice
    is told by, and looks like an invoice all the same.
    """
    by_term = {each.term: each for each in values}
    number = by_term.get("number")
    if number is None or number.result == "agrees" or (number.result == "not_printed" and number.reason):
        return False  # it has none, it is this one, or it is printed in part
    others = [by_term[term].result for term in _TOLD_BY if term in by_term]
    if number.result == "contradicts" and "contradicts" in others:
        return True
    is_invoice = len(page.amounts) >= _AMOUNTS_OF_ONE and bool(page.days)
    return is_invoice and len(others) > 1 and "agrees" not in others


def _of_another(value: ComparedValue) -> ComparedValue:
    if value.result == "not_printed" and value.is_expected:
        return replace(value, result="contradicts", reason="the page is another invoice's, and does not have it")
    return value
