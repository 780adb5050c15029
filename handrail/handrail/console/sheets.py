"""Pages of documents as a page of the console shows them: a picture with boxes on it where evidence stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from handrail.console.context import Console
from handrail.console.documents import ItemDocuments
from handrail.console.page_pictures import Places, Range
from handrail_ai_steps.documents.document import Document, DocumentNote
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.page import Box, HiddenText
from handrail_ground.optional import LibraryMissing
from handrail_guards.outcome import Judgement, SourceDocument
from handrail_orchestrator.errors import UnknownFile
from handrail_orchestrator.records.item import ReviewDetail

MOST_SHEETS = 60
"""Pages of a document that are shown: its first ones, and those with evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBox:
    """Where a value was found on a page."""

    field: str
    """By its path; empty: the whole answer."""
    rank: int
    """0: the likeliest place; others are alternatives."""
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page with a picture."""

    number: int
    width: float
    height: float
    boxes: tuple[EvidenceBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenOnPage:
    """Text that the file has on a page, and that the page does not show."""

    page: int
    hidden: HiddenText


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """A document beside a question."""

    id: str
    name: str
    kind: str
    pages: int
    sheets: tuple[Sheet, ...] = ()
    """Empty: its pages have no pictures, or its bytes are not there."""
    notes: tuple[DocumentNote, ...] = ()
    hidden: tuple[HiddenOnPage, ...] = ()
    problem: str = ""
    """Why there are no pictures although its kind has some."""

    @property
    def anchor(self) -> str:
        """Return the beginning of its pages' ids in the console's page."""
        return f"sheet-{self.id[:12]}"

    @property
    def left_out(self) -> int:
        """Return how many pages are not shown."""
        return self.pages - len(self.sheets) if self.sheets else 0

    def page_of(self, field: str) -> int | None:
        """Return the page on which the likeliest place of a field is."""
        return next((s.number for s in self.sheets for b in s.boxes if b.field == field and b.rank == 0), None)


def shown_documents(console: Console, item: ReviewDetail) -> Sequence[ShownDocument]:
    """Return the documents that a question is about, as they are shown beside it."""
    found = ItemDocuments(console.client, item)
    return tuple(_shown(console, item, found, each) for each in found.documents if each.pages)


def _shown(console: Console, item: ReviewDetail, found: ItemDocuments, document: Document) -> ShownDocument:
    hidden = tuple(HiddenOnPage(page=p.number, hidden=each) for p in document.pages for each in p.hidden)
    shown = ShownDocument(
        id=document.id,
        name=document.name,
        kind=document.kind,
        pages=len(document.pages),
        notes=document.notes,
        hidden=hidden,
    )
    if document.kind not in {"pdf", "image"}:
        return shown
    spans = dict(_spans_in(document, item.judgement))
    try:
        places = console.pictures.places(
            document.id,
            sorted({each for ranges in spans.values() for each in ranges}),
            lambda: found.opened(document),
        )
        if not places:  # nothing was asked for: are the bytes there at all?
            found.opened(document)
    except (UnknownFile, DocumentError, LibraryMissing) as error:
        return replace(shown, problem=str(error))
    return _with_sheets(shown, document, spans, places)


def _with_sheets(
    shown: ShownDocument, document: Document, spans: Mapping[str, Sequence[Range]], places: Mapping[Range, Places]
) -> ShownDocument:
    boxes: dict[int, list[EvidenceBox]] = {}
    for field, ranges in spans.items():
        for rank, each in enumerate(ranges):
            for page, box in places.get(each, ()):
                boxes.setdefault(page, []).append(EvidenceBox(field=field, rank=rank, box=box))
    pages = document.pages
    if len(pages) > MOST_SHEETS:
        first = MOST_SHEETS - min(len(boxes), MOST_SHEETS // 2)
        pages = tuple(page for place, page in enumerate(pages) if place < first or page.number in boxes)[:MOST_SHEETS]
    sheets = tuple(
        Sheet(number=page.number, width=page.width, height=page.height, boxes=tuple(boxes.get(page.number, ())))
        for page in pages
        if page.width > 0 and page.height > 0
    )
    return replace(shown, sheets=sheets)


def _spans_in(document: Document, judgement: Judgement | None) -> Iterator[tuple[str, Sequence[Range]]]:
    """Yield where evidence stands in a document's text, by field, the likeliest place first."""
    if judgement is None:
        return
    source = next((each for each in judgement.documents if each.id == document.id), None)
    if source is None:
        return
    length = len(document.text)
    for field, spans in judgement.evidence.items():
        yield field, [local for span in spans if (local := _local(source, span.start, span.end, length)) is not None]


def _local(source: SourceDocument, start: int, end: int, length: int) -> Range | None:
    first, last = start - source.start, end - source.start
    return (first, last) if 0 <= first < last <= length else None
