"""What a request asks an extractor to read: its documents with their places, or its text."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from handrail_ai_steps.documents.document import PAGE_BREAK, Document
from handrail_ai_steps.models.extractor.sheet import PieceSheet, sheet_of_documents, sheet_of_text
from handrail_guards.verdict import Span


@dataclass(frozen=True, slots=True)
class Source:
    """What is read, and where it stands in the text of the request."""

    sheet: PieceSheet
    inner: tuple[int, ...] = (0,)
    """Where each document begins in the sheet's text."""
    outer: tuple[int, ...] = (0,)
    """Where each document begins in the request's text."""

    def span(self, start: int, end: int) -> Span:
        """Return where a stretch of the sheet stands in the request's text."""
        at = max(0, bisect_right(self.inner, start) - 1)
        moved = self.outer[at] - self.inner[at]
        return Span(start + moved, end + moved)


def source_of(text: str, documents: Sequence[Document]) -> Source:
    """Return what to read: the documents if the text shows each as it is, else the text.

    It does not where personal data was masked in it, or a guard changed it: what was kept from models is not read.
    """
    inner, outer = [], []
    read = after = 0
    for document in documents:
        own = document.text
        start = text.find(own, after) if own.strip() else -1
        if start < 0:
            return Source(sheet_of_text(text))
        inner.append(read)
        outer.append(start)
        read += len(own) + len(PAGE_BREAK)
        after = start + len(own)
    if not documents:
        return Source(sheet_of_text(text))
    return Source(sheet_of_documents(documents), tuple(inner), tuple(outer))
