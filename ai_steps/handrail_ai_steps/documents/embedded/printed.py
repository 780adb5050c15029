"""What a page says: where a value stands on it, and what stands beside a label."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import TypeVar

from handrail_ai_steps.documents.embedded.labels import LABELS, NOT_WITH, UNLESS, pattern
from handrail_guards.grounding.locate import locate
from handrail_guards.grounding.words import Words, read_words
from handrail_guards.personal_data.checksums import iban
from handrail_guards.values.day_order import days_meant
from handrail_guards.values.written_date import WrittenDate, find_dates
from handrail_guards.values.written_number import Number, find_numbers
from handrail_guards.verdict import Span

T = TypeVar("T")

_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:\s{0,6}[A-Z0-9]){8,30}(?![a-z])")
_LABELLED_ACCOUNT = re.compile(
    r"IBAN[^\n]{0,14}?\s{0,6}(?<![A-Za-z0-9])([A-Z]{2}\d{2}(?:[A-Z0-9*.]{2,30}|(?:\s{1,6}[A-Z0-9*]{1,4}(?![\w*])){2,8}))"
)
_VAT = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2}[^\S\n]?[A-Z0-9]{0,2}\d[\dA-Z. ]{5,13}\d[A-Z]?\d{0,2})(?![A-Za-z0-9])")
_CODE = re.compile(r"(?<![\w./#-])[\w./#-]{0,40}\d[\w./-]{0,40}")
_WITH_DECIMALS = re.compile(r"\d[.,]\s?\d{2}$")
_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34
_LINES_BELOW = 2
_BEFORE, _BEHIND = 120, 240
"""How far from a label what it is about stands, in characters."""
_MOST_LABELS = 200
"""Places of one label that are looked at; a page that has it more often is no invoice."""
_WORDS_LEFT_OUT = 8
_SHORTEST_DESCRIPTION = 6


@dataclass(frozen=True, slots=True)
class NumberBeside:
    """A value beside a label."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class PrintedAmount:
    """An amount of money as a page prints it; ``2 120.00`` may be one or two, and is one with both readings."""

    span: Span
    readings: frozenset[Decimal]
    """What it may be, without its sign."""
    currencies: frozenset[str]

    def or_else(self, other: "PrintedAmount") -> "PrintedAmount":
        """Return both as one, shown as all that they take."""
        whole = Span(min(self.span.start, other.span.start), max(self.span.end, other.span.end))
        return PrintedAmount(whole, self.readings | other.readings, self.currencies | other.currencies)


@dataclass
class PrintedText:
    """The text of the pages, looked through once."""

    text: str
    _places: dict[object, tuple[Span, ...]] = field(default_factory=dict)

    def places(self, value: object) -> tuple[Span, ...]:
        """Return where a value stands; an amount is no percentage."""
        if isinstance(value, Decimal):
            return self._places_of(value)
        key = (type(value), value)
        if key not in self._places:
            self._places[key] = locate(value, self.text)
        return self._places[key]

    def _places_of(self, amount: Decimal) -> tuple[Span, ...]:
        """Return what ``locate`` finds of an amount, from numbers that were found once for all."""
        sign = -1 if amount < 0 else 1
        found = [each for each in self._by_magnitude.get(abs(amount), ()) if sign in each.signs or not amount]
        return tuple(dict.fromkeys(each.span for each in sorted(found, key=lambda each: each.joined)))

    @cached_property
    def _by_magnitude(self) -> dict[Decimal, list[Number]]:
        found: dict[Decimal, list[Number]] = {}
        for number in self.numbers:
            for each in number.values():
                found.setdefault(each, []).append(number)
        return found

    def row_of(self, description: str) -> Span | None:
        """Return where a description, or its beginning, stands; None: nowhere, or in two places."""
        words = description.split()
        for count in range(len(words), max(0, len(words) - _WORDS_LEFT_OUT), -1):
            letters = run_together(" ".join(words[:count]))
            if len(letters) < _SHORTEST_DESCRIPTION and count < len(words):
                return None
            starts = self._starts_of(letters)
            if len(starts) == 1:
                return starts[0]
        return None

    def _starts_of(self, letters: str) -> list[Span]:
        at = self._read.letters.find(letters) if letters else -1
        found: list[Span] = []
        while at >= 0 and len(found) < 2:
            start, end = self._read.starts.get(at), self._read.ends.get(at + len(letters))
            found += [Span(start, end)] if start is not None and end is not None else []
            at = self._read.letters.find(letters, at + 1)
        return found

    @cached_property
    def _read(self) -> Words:
        return read_words(self.text)

    def shows(self, span: Span) -> str:
        """Return what stands there, on one line."""
        return " ".join(self.text[span.start : span.end].split())

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Return every number but percentages."""
        return tuple(each for each in find_numbers(self.text) if not each.percent)

    @cached_property
    def amounts(self) -> tuple[PrintedAmount, ...]:
        """Return the numbers that look like money: two decimal places, or a currency beside them."""
        found: list[PrintedAmount] = []
        for each in sorted(self.numbers, key=lambda each: (each.span.start, each.joined)):
            if not (each.currencies or _WITH_DECIMALS.search(self.shows(each.span))):
                continue
            made = PrintedAmount(each.span, frozenset(map(abs, each.values())), each.currencies or frozenset())
            if found and each.span.start < found[-1].span.end:
                found[-1] = found[-1].or_else(made)
            else:
                found.append(made)
        return tuple(found)

    @cached_property
    def days(self) -> tuple[WrittenDate, ...]:
        """Return every date."""
        return tuple(find_dates(self.text))

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the words, without case."""
        return frozenset(words_of(self.text))

    @cached_property
    def ibans(self) -> dict[str, Span]:
        """Return the account numbers that are IBANs, or stand beside the word, with their places."""
        found: dict[str, Span] = {}
        for match in _ACCOUNT.finditer(self.text):
            known = _iban_in(self.text, match.start(), match.end())
            if known is not None:
                found.setdefault(_joined(self.text[match.start() : known]), Span(match.start(), known))
        inside = list(found.values())
        for match in _LABELLED_ACCOUNT.finditer(self.text):
            start, end = match.span(1)
            end = start + len(self.text[start:end].rstrip())
            if not any(span.start <= start < span.end for span in inside):
                found.setdefault(_joined(self.text[start:end]), Span(start, end))
        return found

    def line(self, at: int) -> Span:
        """Return the line around a place."""
        end = self.text.find("\n", at)
        return Span(self.text.rfind("\n", 0, at) + 1, end if end >= 0 else len(self.text))

    def beside(self, term: str, *, labels: tuple[str, ...] = ()) -> Iterator[Span]:
        """Yield where a value of this term may stand: behind its label on the line, or on the lines below it."""
        refused = pattern(NOT_WITH[term]) if term in NOT_WITH else None
        rescued = pattern(UNLESS[term]) if term in UNLESS else None
        for match in islice(pattern(labels or LABELS[term]).finditer(self.text), _MOST_LABELS):
            whole = self.line(match.start())
            line = Span(max(whole.start, match.start() - _BEFORE), min(whole.end, match.end() + _BEHIND))
            before, behind = self.text[line.start : match.start()], self.text[match.end() : line.end]
            around = f"{before} {behind}"
            if refused and refused.search(around) and not (rescued and rescued.search(around)):
                continue
            yield Span(match.end(), line.end)
            if not any(map(str.isalnum, around)):  # a line of its own, and no column's head
                yield from self._below(whole)

    def _below(self, line: Span) -> Iterator[Span]:
        """Yield the next line that has anything, and those before it."""
        at = line.end
        for _ in range(_LINES_BELOW):
            if at >= len(self.text):
                return
            below = self.line(at + 1)
            yield below
            if self.text[below.start : below.end].strip():
                return
            at = below.end

    def amounts_in(self, where: Span) -> list[PrintedAmount]:
        """Return the amounts of money within a part of the text."""
        return list(_within(self.amounts, where, lambda each: each.span.start))

    def meant_by(self, day: WrittenDate) -> frozenset[date]:
        """Return the days that a date may mean, as far as the page shows."""
        return days_meant(day, self.text)

    def stands_spaced(self, together: str) -> bool:
        """Return whether letters and digits stand in the text, whatever signs part them, with no further digit."""
        pattern = r"[\W_]*".join(map(re.escape, together))
        return re.search(rf"(?<!\d){pattern}(?!\d)", unicodedata.normalize("NFKC", self.text).casefold()) is not None

    def days_in(self, where: Span) -> list[WrittenDate]:
        """Return the dates within a part of the text."""
        return list(_within(self.days, where, lambda each: each.span.start))

    def codes_in(self, where: Span) -> Iterator[NumberBeside]:
        """Yield what may be a number of a document within a part of the text; dates are none."""
        days = [each.span for each in self.days_in(Span(max(0, where.start - 12), where.end))]
        for match in _CODE.finditer(self.text, where.start, where.end):
            if not any(day.start < match.end() and match.start() < day.end for day in days):
                yield NumberBeside(Span(*match.span()), match[0].rstrip("./-"))

    def vat_numbers_in(self, where: Span) -> Iterator[NumberBeside]:
        """Yield what looks like a VAT number within a part of the text."""
        for match in _VAT.finditer(self.text, where.start, where.end):
            yield NumberBeside(Span(*match.span(1)), _joined(match[1]).replace(".", ""))


def _within(found: Sequence[T], where: Span, start: Callable[[T], int]) -> Sequence[T]:
    """Return those of what was found, in its order in the text, that begin within a part of it."""
    return found[bisect_left(found, where.start, key=start) : bisect_left(found, where.end, key=start)]


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case, accents of another composition or signs."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def run_together(text: str) -> str:
    """Return the letters and digits of a text alone, without case."""
    return "".join(words_of(text))


def _iban_in(text: str, start: int, end: int) -> int | None:
    """Return where an IBAN that begins at a place ends, or None."""
    taken = ""
    for at in range(start, end):
        if text[at].isspace():
            continue
        taken += text[at]
        if len(taken) > _LONGEST_IBAN:
            return None
        if len(taken) >= _SHORTEST_IBAN and iban(taken):
            return at + 1
    return None


def _joined(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()
