"""What a page says of one value: it agrees, it says something else beside the label, or it does not print it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from handrail_ai_steps.documents.embedded.labels import LABELS, PLAIN
from handrail_ai_steps.documents.embedded.printed import (
    NumberBeside,
    PrintedAmount,
    PrintedText,
    run_together,
    words_of,
)
from handrail_ai_steps.documents.embedded.stated import Explained, Stated, StatedKind
from handrail_ai_steps.documents.embedded.verdict import ComparedValue
from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceParty
from handrail_guards.verdict import Span

_WHOLE_DUE = ("grand_total", "due_payable")
"""Where nothing is prepaid, one label may stand for both."""
_SIGNED = frozenset({"grand_total", "due_payable"})
"""What is paid, or paid back."""
_TAX_SLACK = Decimal("0.02")
_MOST_SHOWN = 3
_LEAST_NAME = 3
_HALF = 0.5


class Settler:
    """Looks for the values of one invoice on its page."""

    def __init__(self, invoice: InvoiceData, page: PrintedText, explained: Explained) -> None:
        self._invoice = invoice
        self._page = page
        self._explained = explained

        self._by_kind: Mapping[StatedKind, Callable[[Stated], ComparedValue]] = {
            "amount": self._amount,
            "day": self._day,
            "account": self._account,
            "number": self._number,
            "vat": self._vat,
            "name": self._name,
            "currency": self._currency,
        }

    def settled(self, stated: Stated) -> ComparedValue:
        """Return what the page says of a value."""
        return self._by_kind[stated.kind](stated)

    # Amounts --------------------------------------------------------------------------------------------------------

    def _amount(self, stated: Stated) -> ComparedValue:
        amount = stated.value
        assert isinstance(amount, Decimal)  # noqa: S101 -- by its kind
        found = self._page.places(amount)
        other = () if found or not amount else self._page.places(-amount)
        if not (found or other):
            return self._amount_not_found(stated, amount)
        if other and self._is_turned(stated.term, other):
            return _contradicts(stated, self._page, other, "the page has it with the other sign")
        elsewhere = self._labelled_otherwise(stated.term, amount)
        if elsewhere:
            return _contradicts(stated, self._page, elsewhere, "beside its label; what the data says is elsewhere")
        return _agrees(stated, found or other)

    def _amount_not_found(self, stated: Stated, amount: Decimal) -> ComparedValue:
        term = stated.term
        if term.startswith("taxes."):
            if len(self._invoice.taxes) > 1:
                return self._tax_row(stated, amount)
            term = "tax_basis" if term.endswith("basis") else "tax_total"  # the only rate is that of the whole
        if not amount and term not in {"grand_total", "due_payable", "tax_total"}:
            return _not_printed(stated, "it is nothing")
        beside = self._beside_amount(term)
        if beside:
            return _contradicts(stated, self._page, beside, "beside its label")
        return _not_printed(stated, "")

    def _is_turned(self, term: str, places: Iterable[Span]) -> bool:
        """Return whether the other sign means another amount.

        Mostly it is a habit: a credit note is written with either, and so is what is deducted; brackets may be prose.
        """
        if term not in _SIGNED or self._invoice.is_credit or self._invoice.type_code == "384":
            return False
        return not any(self._page.text[each.start - 1 : each.start] == "(" for each in places)

    def _beside_amount(self, term: str) -> list[Span]:
        """Return the amounts beside a term's label that the data does not state anywhere."""
        labels = _WHOLE_DUE if term in _WHOLE_DUE and self._is_whole_due() else (term,)
        found: list[Span] = []
        for where in (each for label in labels if label in LABELS for each in self._page.beside(label)):
            amounts = [each for each in self._page.amounts_in(where) if not each.readings & self._explained.amounts]
            found += [amounts[-1].span] if amounts else []  # behind a rate, a basis and a tax the label's own is last
        return _each_once(found)

    def _labelled_otherwise(self, term: str, amount: Decimal) -> list[Span]:
        """Return what stands beside the plainest labels of a total, where none of them has the amount of the data."""
        if term not in PLAIN:
            return []
        found: list[Span] = []
        for where in self._page.beside(term, labels=PLAIN[term]):
            amounts = self._page.amounts_in(where)
            if any(each.readings & {*self._explained.amounts, abs(amount)} for each in amounts):
                return []
            found += [amounts[-1].span] if amounts else []
        return _each_once(found)

    def _is_whole_due(self) -> bool:
        return self._invoice.due_payable == self._invoice.grand_total

    def _tax_row(self, stated: Stated, amount: Decimal) -> ComparedValue:
        """Look for a row with the rate and two amounts of which one is the tax on the other."""
        index = int(stated.term.split(".")[1])
        rate = self._invoice.taxes[index].rate
        if rate:
            for place in self._lines():
                amounts = self._page.amounts_in(place)
                if len(amounts) < 2 or not self._has_rate(place, rate):
                    continue
                for basis, tax in pairwise(amounts):
                    known = {*self._explained.amounts, abs(amount)}
                    if self._is_tax_of(basis, tax, rate) and not (basis.readings | tax.readings) & known:
                        shown = basis if stated.term.endswith("basis") else tax
                        return _contradicts(stated, self._page, [shown.span], f"in the row of {rate:f}%")
        return _not_printed(stated, "")

    def _is_tax_of(self, basis: PrintedAmount, tax: PrintedAmount, rate: Decimal) -> bool:
        return any(
            one and two and abs(one * rate / 100 - two) <= _TAX_SLACK for one in basis.readings for two in tax.readings
        )

    def _lines(self) -> Iterable[Span]:
        at = 0
        for line in self._page.text.split("\n"):
            yield Span(at, at + len(line))
            at += len(line) + 1

    def _has_rate(self, place: Span, rate: Decimal) -> bool:
        line = self._page.text[place.start : place.end].replace(",", ".")
        plain = f"{rate.normalize():f}"
        return any(
            each.rstrip("0").rstrip(".") == plain if "." in each else each == plain
            for each in line.replace("%", " % ").split()
        )

    # Days -----------------------------------------------------------------------------------------------------------

    def _day(self, stated: Stated) -> ComparedValue:
        day = stated.value
        assert isinstance(day, date)  # noqa: S101 -- by its kind
        found = self._page.places(day)
        if found:
            return _agrees(stated, found)
        wheres = list(self._page.beside(stated.term))
        if stated.term == "issued" and self._invoice.number:
            wheres += [self._page.line(each.start) for each in self._page.places(self._invoice.number)]
        inside = self._page.places(self._invoice.number) if self._invoice.number else ()
        others = [
            each.span
            for where in wheres
            for each in self._page.days_in(where)
            if not self._page.meant_by(each) & self._explained.days
            and not any(number.start <= each.span.start < number.end for number in inside)
        ]
        if others:
            return _contradicts(stated, self._page, _each_once(others), "beside its label")
        return _not_printed(stated, "")

    # Accounts, numbers, names ---------------------------------------------------------------------------------------

    def _account(self, stated: Stated) -> ComparedValue:
        account = stated.shown
        printed = self._page.ibans
        if account in printed:
            return _agrees(stated, (printed[account],))
        found = self._page.places(account)
        if found:
            return _agrees(stated, found)
        ours = {*self._invoice.ibans, *self._invoice.debtor_ibans}
        others = [span for number, span in printed.items() if number not in ours]
        if not others or ours & printed.keys():
            return _not_printed(stated, "")
        other = _contradicts(stated, self._page, others, "the page has another account")
        if stated.term.startswith("debtor"):  # the buyer's own; what is printed may be the seller's
            return replace(other, result="not_printed", reason="the page has other accounts")
        return other

    def _number(self, stated: Stated) -> ComparedValue:
        number = stated.shown
        found = self._page.places(number)
        if found:
            return _agrees(stated, found)
        together = run_together(number)
        if len(together) >= 5 and self._page.stands_spaced(together):
            return _agrees(stated, ())
        label = "number" if stated.term == "number" else "tax_number"
        others = [
            each
            for where in self._page.beside(label)
            for each in list(self._page.codes_in(where))[:1]
            if run_together(each.text) not in self._explained.texts
        ]
        return self._other_number(stated, others)

    def _vat(self, stated: Stated) -> ComparedValue:
        number = stated.shown
        found = self._page.places(number)
        together = run_together(number)
        if found:
            return _agrees(stated, found)
        if len(together) >= 8 and self._page.stands_spaced(together):
            return _agrees(stated, ())
        if not stated.term.startswith("seller"):
            return _not_printed(stated, "")
        others = [
            each
            for where in self._page.beside("vat_number")
            for each in self._page.vat_numbers_in(where)
            if run_together(each.text) not in self._explained.texts
        ]
        return self._other_number(stated, others)

    def _other_number(self, stated: Stated, others: list[NumberBeside]) -> ComparedValue:
        """Return what another number beside the label means: one that is a good part of it is it, printed in part."""
        if any(_is_part(each.text, stated.shown) for each in others):
            return _not_printed(stated, "it is printed in part")
        if others:
            return _contradicts(stated, self._page, _each_once(each.span for each in others), "beside its label")
        return _not_printed(stated, "")

    def _name(self, stated: Stated) -> ComparedValue:
        term, name = stated.term.partition(".")[0], stated.shown
        party = getattr(self._invoice, term)
        found = self._page.places(name)
        if not found and isinstance(party, InvoiceParty) and party.trading_name:
            found = self._page.places(party.trading_name)
        words = [each for each in words_of(name) if len(each) >= _LEAST_NAME] or words_of(name)
        there = [each for each in words if each in self._page.words]
        if found or (words and len(there) == len(words)):
            return _agrees(stated, found)
        if len(there) >= len(words) * _HALF and there:
            return _not_printed(stated, "it is printed in part")
        others = [span for where in self._page.beside(term) if (span := self._other_name(where)) is not None]
        if others:
            return _contradicts(stated, self._page, _each_once(others), "beside its label")
        return _not_printed(stated, "")

    def _other_name(self, where: Span) -> Span | None:
        """Return what stands there when it may be a name, and is none that the data states."""
        text = self._page.text[where.start : where.end]
        bare = text.strip(" \t:.-")
        if sum(map(str.isalpha, bare)) < _LEAST_NAME or any(map(str.isdigit, bare)):
            return None
        if run_together(bare) in self._explained.texts or bare.endswith(":"):
            return None
        start = where.start + text.index(bare)
        return Span(start, start + len(bare))

    def _currency(self, stated: Stated) -> ComparedValue:
        found = self._page.places(stated.shown)
        if found:
            return _agrees(stated, found)
        others = [each for each in self._page.amounts if each.currencies and stated.shown not in each.currencies]
        if others:
            return _contradicts(stated, self._page, [each.span for each in others[:1]], "beside an amount")
        return _not_printed(stated, "")


def _agrees(stated: Stated, spans: Iterable[Span]) -> ComparedValue:
    return ComparedValue(term=stated.term, stated=stated.shown, result="agrees", spans=tuple(spans))


def _not_printed(stated: Stated, reason: str) -> ComparedValue:
    return ComparedValue(term=stated.term, stated=stated.shown, result="not_printed", reason=reason)


def _contradicts(stated: Stated, page: PrintedText, spans: Iterable[Span], reason: str) -> ComparedValue:
    shown = tuple(spans)[:_MOST_SHOWN]
    printed = tuple(dict.fromkeys(map(page.shows, shown)))
    return ComparedValue(
        term=stated.term, stated=stated.shown, result="contradicts", printed=printed, spans=shown, reason=reason
    )


def _each_once(
    spans: Iterable[Span], key: Callable[[Span], object] = lambda each: (each.start, each.end)
) -> list[Span]:
    return list({key(each): each for each in spans}.values())


def _is_part(one: str, other: str) -> bool:
    """Return whether one is a good part of the other, at its beginning or end: of ``RE-171`` ``RE-17`` is none."""
    short, long = sorted((one, other), key=lambda each: len(run_together(each)))
    part, whole = run_together(short), run_together(long)
    if not part or len(part) < len(whole) * _HALF:
        return False
    begins = whole.startswith(part) and not _is_between_digits(long, len(part))
    ahead = len(whole) - len(part)
    return begins or (whole.endswith(part) and (not whole[:ahead].strip("0") or not _is_between_digits(long, ahead)))


def _is_between_digits(text: str, at: int) -> bool:
    """Return whether two digits stand side by side, the first of which is that letter or digit of a text."""
    places = [each.start() for each in re.finditer(r"[^\W_]", text)][max(at - 1, 0) : at + 1]
    return len(places) == 2 and places[1] - places[0] == 1 and all(text[each].isdigit() for each in places)
