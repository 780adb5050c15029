"""A list of line items as an extractor answers it: the rows under a header, over pages, proven by a sum below them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from handrail_ai_steps.documents.line_items.reading import LineItem, LineItems, line_items
from handrail_ai_steps.documents.shown import placed
from handrail_ai_steps.leaves import LENGTH
from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.sources.invoice_terms import LINE_TERM_OF, LINES
from handrail_ai_steps.models.sources.known import SURE
from handrail_ai_steps.models.sources.schema_fields import SchemaField, words_in
from handrail_guards.confidence import Confidence
from handrail_guards.values.written_number import find_numbers
from handrail_guards.verdict import Span

NO_TABLE: Final = "no document has rows under a header of columns that is known"


@dataclass(frozen=True, slots=True)
class TableRead:
    """The rows as plain JSON, and for each leaf of them how sure it is and where its row stands."""

    data: list[dict[str, Any]] | None
    fields: Mapping[str, Confidence]
    places: Mapping[str, Span] = field(default_factory=dict)


def lists_items(asked: SchemaField) -> bool:
    """Return whether a field is a list of line items, by its name and its shape."""
    return words_in(asked.name) in LINES and bool(asked.items)


def read_table(asked: SchemaField, request: ModelRequest) -> TableRead | str:
    """Return the line items of the one document that has some, or why there is no answer.

    They are sure where nothing stands against a row and their sum is printed below them: then no row was lost or
    misread. Else they have no confidence, since nothing was measured of it.
    """
    starts = {each.id: each.start for each in placed(request.documents, request.text)}
    found = [(each, line_items(each)) for each in request.documents if each.id in starts]
    having = [(document, table) for document, table in found if table.items]
    if len(having) > 1:
        return f"{len(having)} documents have line items; which of them {asked.name!r} means is not known"
    if not having:
        if asked.nullable:
            return TableRead(None, {asked.name: Confidence.none(NO_TABLE)})
        return f"nothing in the document may be its {asked.name!r}: {NO_TABLE}"
    (document, table), made = having[0], _Rows(asked)
    for item in table.items:
        if problem := made.take(item):
            return problem
    sure = _sure(table, document.text)
    start = starts[document.id]
    rows = {f"{asked.name}.{row}": item for row, item in enumerate(table.items)}
    places = {path: Span(start + rows[row].start, start + rows[row].end) for path, row in made.row_of.items()}
    fields = {**dict.fromkeys(made.row_of, sure), **made.unread, f"{asked.name}.{LENGTH}": sure}
    return TableRead(made.data, fields, places)


def _sure(table: LineItems, text: str) -> Confidence:
    if table.doubts:
        return Confidence.none("; ".join(table.doubts))
    printed = set(_amounts(text[table.items[-1].end :]))
    if table.total not in printed:
        return Confidence.none(f"its rows add up to {table.total}, which nothing below them says")
    return Confidence(SURE, "rule", f"{len(table.items)} rows that add up to {table.total}, as is printed below them")


def _amounts(text: str) -> Iterator[Decimal]:
    for number in find_numbers(text):
        if not number.percent:
            yield from (sign * value for sign in number.signs for value in number.plain())


class _Rows:
    """The rows as the list's fields want them."""

    def __init__(self, asked: SchemaField) -> None:
        self._asked = asked
        self.data: list[dict[str, Any]] = []
        self.row_of: dict[str, str] = {}
        """By path of a leaf the path of its row."""
        self.unread: dict[str, Confidence] = {}

    def take(self, item: LineItem) -> str:
        """Take a row, or return why it does not fit."""
        path, made = f"{self._asked.name}.{len(self.data)}", {}
        values = {
            "description": item.description,
            "quantity": item.quantity,
            "unit_price": item.price,
            "total": item.amount,
        }
        for each in self._asked.items:
            term = LINE_TERM_OF.get(words_in(each.name), "")
            value = values.get(term)
            shaped = each.shaped(value) if value is not None else None
            if shaped is None and not each.nullable:
                if each.required:
                    return f"the rows of {self._asked.name!r} have no {each.name!r} that can be read"
                continue
            made[each.name] = shaped
            self.row_of[f"{path}.{each.name}"] = path
            if term not in values:
                said = f"of a row, what it is, how much, its price and its amount are read, and no {each.name!r}"
                self.unread[f"{path}.{each.name}"] = Confidence.none(said)
        self.data.append(made)
        return ""
