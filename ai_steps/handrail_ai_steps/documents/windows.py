"""A long document cut into windows of whole pages, each of which begins with the last pages of the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from handrail_ai_steps.documents.document import PAGE_BREAK, Document


@dataclass(frozen=True, slots=True)
class PageWindow:
    """Some pages of a document, one after the other."""

    document: Document
    """These pages alone, with the numbers that they have in the whole; what was said of others is not in it."""
    first: int
    """Index of its first page in the whole, 0 or more."""
    shared: int = 0
    """How many of its pages stand in the window before, too."""

    @property
    def pages(self) -> str:
        """Return which pages it has, as people read it."""
        numbers = [page.number for page in self.document.pages]
        return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]} to {numbers[-1]}"


def windows_of(document: Document, *, characters: int, overlap: int) -> tuple[PageWindow, ...]:
    """Cut a document into windows of at most so many characters; a page that has more is a window of its own.

    Each window shares ``overlap`` pages with the one before, fewer where these alone would fill it.
    """
    cuts = list(_cuts([len(page.text) + len(PAGE_BREAK) for page in document.pages], characters, overlap))
    parts = [document.only(document.pages[first].number, document.pages[end - 1].number) for first, end in cuts]
    shared = [0, *(before[1] - cut[0] for before, cut in pairwise(cuts))]
    return tuple(PageWindow(part, cut[0], common) for part, cut, common in zip(parts, cuts, shared, strict=True))


def _cuts(lengths: list[int], characters: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield the first page of each window, and the one after its last."""
    first = reached = 0
    while reached < len(lengths):
        end, room = first, characters
        while end < len(lengths) and (lengths[end] <= room or end <= reached):
            room -= lengths[end]
            end += 1
        yield first, end
        reached = end
        # the pages that are shared leave room for the next one, or the window would hold nothing new but that
        first = end
        while first > end - overlap and sum(lengths[first - 1 : end + 1]) <= characters:
            first -= 1
