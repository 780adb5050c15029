"""Documents among the inputs of a step: where they stand in the text that is judged, and whether they could be read."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from handrail_ground.optional import LaterModule
from handrail_guards.acceptance import Doubt
from handrail_guards.outcome import SourceDocument

if TYPE_CHECKING:
    from handrail_ai_steps.documents import document
    from handrail_ai_steps.documents.document import Document
else:
    document = LaterModule("handrail_ai_steps.documents.document")

SHOWN_PAGES = 5
"""So many pages are named for each reason."""


def documents_among(values: Iterable[object]) -> "tuple[Document, ...]":
    """Return the documents among the inputs, in order."""
    return tuple(each for each in values if isinstance(each, document.Document))


def placed(documents: "Iterable[Document]", source: str) -> tuple[SourceDocument, ...]:
    """Return where each document's text stands in the text that is judged, if it does."""
    return tuple(_placed(documents, source))


def unreadable(documents: "Iterable[Document]") -> Doubt | None:
    """Return why nothing that is read from these documents may be accepted, or None."""
    pages: dict[tuple[str, str], list[int]] = {}
    for each in documents:
        for note in each.blocking:
            pages.setdefault((each.name, note.message), []).extend([] if note.page is None else [note.page])
    reasons = [f"{name}{_pages(numbers)}: {message}" for (name, message), numbers in pages.items()]
    return Doubt("unreadable", "; ".join(reasons)) if reasons else None


def has_text(documents: "Iterable[Document]") -> bool:
    """Return whether there is anything to judge in these documents."""
    return any(page.text.strip() for each in documents for page in each.pages)


def _pages(numbers: list[int]) -> str:
    """Return which pages a reason is about; none: the document as a whole."""
    if not numbers:
        return ""
    more = f" and {len(numbers) - SHOWN_PAGES} more" if len(numbers) > SHOWN_PAGES else ""
    return f", page{'s' if numbers[1:] else ''} {', '.join(map(str, numbers[:SHOWN_PAGES]))}{more}"


def _placed(documents: "Iterable[Document]", source: str) -> Iterator[SourceDocument]:
    after = 0
    for each in documents:
        start = source.find(each.text, after) if each.text else -1
        if start >= 0:
            after = start + len(each.text)
            yield SourceDocument(
                id=each.id, name=each.name, document_kind=each.kind, start=start, page_starts=each.page_starts
            )
