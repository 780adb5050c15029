"""Line items read from a document's pages: rows under a header, over page ends, and the sums carried over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.line_items.header import ItemHeader, header_of
from handrail_ai_steps.documents.line_items.row import ItemRow, row_of
from handrail_guards.values.written_number import find_numbers

_CARRIED: Final = re.compile(
    r"^\W*(?:(?:carried|brought|balance)\s+(?:forward|over)|c/f|b/f|[üu]bertrag|[àa] reporter"
    r"|report(?: de la page)?|a nuevo|suma y sigue|suma anterior|transport|te transporteren|riporto|a riportare)\b",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"^\W*(?:sub-?\s?total|zwischensumme|sous-total|subtotaal|subtotale)\b", re.IGNORECASE)
_SUM: Final = re.compile(
    r"^\W*(?:total|totals|net(?:to)?|amount due|balance|vat|tax|summe|gesamt\w*"
    r"|rechnungsbetrag|nettobetrag|mwst|ust|zzgl|montant|t\.?v\.?a|base|importe|iva|totaal"
    r"|btw|totale|imponibile|discount|rabatt|remise)\b",
    re.IGNORECASE,
)

_WRAPPED: Final = 3
"""Most lines that a row goes on for before its last numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One row: what, how much of it, and what it comes to; None where the table has no such column."""

    description: str
    quantity: Decimal | None
    price: Decimal | None
    """Of one."""
    amount: Decimal
    start: int
    """Where its line begins in the document's text, in code points."""
    end: int
    page: int
    """The number of its page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItems:
    """The rows of a document's table of line items, and what stands against them."""

    items: tuple[LineItem, ...] = ()
    doubts: tuple[str, ...] = ()
    """Why a row may be missing or misread, in words; empty: nothing stands against them."""

    @property
    def total(self) -> Decimal:
        """Return the sum of the amounts."""
        return sum((each.amount for each in self.items), Decimal(0))


def line_items(document: Document) -> LineItems:
    """Return the line items of a document, in order; without a header of columns there are none.

    A table goes on where its header stands again, on the same page or a later one. A line in which a sum is carried
    over is no row: the sum is held against the rows before it, so that a row that was lost is told. A line without
    numbers between two rows goes on with what the row above it is about.
    """
    walk = _Walk()
    for page, start in zip(document.pages, document.page_starts, strict=True):
        walk.open = False
        for line, at in _lines(page.text):
            walk.take(line, start + at, page.number)
    return LineItems(items=tuple(walk.items), doubts=tuple(walk.doubts))


@dataclass(slots=True)
class _Walk:
    """What was read so far."""

    header: ItemHeader | None = None
    open: bool = False
    """Whether rows may follow: the header stood on this page, and no sum came after it."""
    since: int = 0
    """How many rows came since the header."""
    told: Decimal = Decimal(0)
    """What the rows up to the last sum of a part add up to."""
    items: list[LineItem] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Lines without numbers since the last row, which may go on with it."""
    total: Decimal = Decimal(0)
    """What the rows so far add up to."""

    def take(self, line: str, start: int, page: int) -> None:
        header = header_of(line)
        if header is not None and (self.header is None or header.columns == self.header.columns):
            self.header, self.open, self.since = header, True, 0
            self.waiting.clear()
        elif header is not None:
            self.doubts.append(f"page {page}: a table with other columns begins, which is not read: {line.strip()}")
            self.open = False
        elif self.open and self.header is not None:
            self._inside(line, start, page, self.header)

    def _inside(self, line: str, start: int, page: int, header: ItemHeader) -> None:
        if _CARRIED.match(line):
            self.open = not self.since  # below rows it ends the table of this page, below the header it begins it
            self._held_against(line, page, {self.total})
        elif _PART.match(line):
            self._held_against(line, page, {self.total, self.total - self.told})
            self.told = self.total
        elif _SUM.match(line) and any(not number.percent for number in find_numbers(line)):
            self.open = False
        else:
            self._row(line, start, page, header)

    def _row(self, line: str, start: int, page: int, header: ItemHeader) -> None:
        row = row_of(line, header)
        if row is None or not row.proven:
            row = self._wrapped(line, header) or row
        if row is None or not (_has_letters(row.description) or self.waiting):
            if _has_letters(line):
                self.waiting.append(line.strip())
            return
        description = row.description
        if not _has_letters(description):
            description = " ".join([*self.waiting, description]).strip()
        elif self.since and self.waiting:
            self._go_on()
        self.waiting.clear()
        self.since += 1
        self.items.append(_item(row, description, start, start + len(line), page))
        self.total += row.numbers["amount"]
        if row.readings > 1:
            self.doubts.append(f"page {page}: {line.strip()!r} can be read in {row.readings} ways")
        elif not row.proven and {"quantity", "price"} <= row.numbers.keys():
            self.doubts.append(f"page {page}: {line.strip()!r}: its quantity times its price is not its amount")

    def _wrapped(self, line: str, header: ItemHeader) -> ItemRow | None:
        """Return a row that began in one of the lines before, if its numbers prove it."""
        for count in range(1, min(_WRAPPED, len(self.waiting)) + 1):
            row = row_of(" ".join([*self.waiting[-count:], line]), header)
            if row is not None and row.proven and row.readings == 1:
                del self.waiting[-count:]
                return row
        return None

    def _held_against(self, line: str, page: int, sums: set[Decimal]) -> None:
        said = {sign * value for number in find_numbers(line) for sign in number.signs for value in number.plain()}
        if said and not said & sums:
            self.doubts.append(f"page {page}: {line.strip()!r}, and the rows before it add up to {self.total}")

    def _go_on(self) -> None:
        """Add the lines since the last row to what it is about."""
        last = self.items[-1]
        self.items[-1] = replace(last, description=" ".join([last.description, *self.waiting]))


def _item(row: ItemRow, description: str, start: int, end: int, page: int) -> LineItem:
    return LineItem(
        description=description,
        quantity=row.numbers.get("quantity"),
        price=row.numbers.get("price"),
        amount=row.numbers["amount"],
        start=start,
        end=end,
        page=page,
    )


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _lines(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for line in text.split("\n"):
        yield line, at
        at += len(line) + 1
