"""The lines of an invoice held against their rows on the page."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from handrail_ai_steps.documents.embedded.printed import PrintedAmount, PrintedText
from handrail_ai_steps.documents.embedded.stated import Explained
from handrail_ai_steps.documents.embedded.sums import CENT
from handrail_ai_steps.documents.embedded.verdict import ComparedValue
from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceLine
from handrail_guards.verdict import Span

_ROWS_DOWN = 3
_SLACK = Decimal("0.02")
_PRICE_AND_TOTAL = 2


def compared_lines(made: InvoiceData, page: PrintedText, explained: Explained) -> Iterator[ComparedValue]:
    """Yield what the page says of each line's total."""
    starts = {index: page.row_of(line.description) for index, line in enumerate(made.lines)}
    rows = sorted(each.start for each in starts.values() if each is not None)
    for index, line in enumerate(made.lines):
        if line.total is not None:
            row = _Row(page, line, starts[index], rows)
            came = _compared(made, page, index, line.total, row)
            other = row.other_total(line, explained)
            if came.result == "agrees" and other is not None and not row.holds(came.spans):
                came = _contradicts(page, came.term, came.stated, other)
            yield came


class _Row:
    """The amounts of one row: from its description down to its first amounts, or the next description."""

    def __init__(self, page: PrintedText, line: InvoiceLine, place: Span | None, rows: list[int]) -> None:
        self.amounts: list[PrintedAmount] = []
        self._where = Span(0, 0)
        if place is None:
            return
        below = next((each for each in rows if each > place.start), len(page.text))
        where = Span(page.line(place.start).start, page.line(max(place.end - 1, place.start)).end)
        for _ in range(_ROWS_DOWN + 1):
            found = [each for each in page.amounts_in(where) if each.span.start < below]
            self.amounts = [each for each in found if not _is_quantity(line, each)]
            self._where = where
            if self.amounts or where.end >= min(below, len(page.text)):
                return
            where = page.line(where.end + 1)

    def holds(self, spans: Iterable[Span]) -> bool:
        """Return whether one of these places is in it."""
        return any(self._where.start <= each.start < self._where.end for each in spans)

    def other_total(self, line: InvoiceLine, explained: Explained) -> PrintedAmount | None:
        """Return its last amount, where that is the quantity times another one and neither is in the data."""
        if line.quantity is None or len(self.amounts) < _PRICE_AND_TOTAL:
            return None
        price, total = self.amounts[-2:]
        if (price.readings | total.readings) & explained.amounts:
            return None
        products = {abs(line.quantity) * each for each in price.readings}
        return total if products & total.readings else None


def _contradicts(page: PrintedText, term: str, stated: str, other: PrintedAmount) -> ComparedValue:
    shown = (page.shows(other.span),)
    return ComparedValue(
        term=term, stated=stated, result="contradicts", printed=shown, spans=(other.span,), reason="in its row"
    )


def _compared(made: InvoiceData, page: PrintedText, index: int, total: Decimal, row: _Row) -> ComparedValue:
    term, stated, line = f"lines.{index}.total", f"{total:f}", made.lines[index]
    found = page.places(total)
    turned = () if found or not total else page.places(-total)
    if found or (turned and (made.is_credit or made.type_code == "384")):
        return ComparedValue(term=term, stated=stated, result="agrees", spans=found or turned)
    last = row.amounts[-1] if row.amounts else None
    if last is None or _is_its_price(line, row) or _is_gross(line, total, last):
        reason = "the page has it with tax" if last is not None and _is_gross(line, total, last) else ""
        return ComparedValue(term=term, stated=stated, result="not_printed", reason=reason)
    return _contradicts(page, term, stated, last)


def _is_quantity(line: InvoiceLine, number: PrintedAmount) -> bool:
    return line.quantity is not None and not number.currencies and abs(line.quantity) in number.readings


def _is_its_price(line: InvoiceLine, row: _Row) -> bool:
    """Return whether the row has the price of one alone, and no total."""
    prices = {abs(each) for each in (line.unit_price, line.gross_price) if each is not None}
    cents = {each.quantize(CENT, rounding=ROUND_HALF_UP) for each in prices}
    return all(each.readings & (prices | cents) for each in row.amounts) and len(row.amounts) == 1


def _is_gross(line: InvoiceLine, total: Decimal, last: PrintedAmount) -> bool:
    """Return whether what is printed is the total with its tax."""
    if not line.tax_rate:
        return False
    gross = abs(total) * (1 + line.tax_rate / 100)
    return any(abs(each - gross) <= _SLACK for each in last.readings)
