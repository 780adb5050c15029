"""What a PDF has as text and its page does not show: found by how each piece is painted, and by looking where needed.

How a piece of text is painted says most: its render mode, its size, its place. For the rest the page is drawn, and
only where something makes it necessary: a colour near the one behind, a shape or a picture over or under the text, a
mask, a clip, a layer. What cannot be found out counts as hidden.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import c_double
from itertools import groupby
from typing import Any, Final, NamedTuple

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.page import HiddenBy, HiddenText
from handrail_ai_steps.documents.painting import calls
from handrail_ai_steps.documents.painting.doubts import Doubts, doubts_of
from handrail_ai_steps.documents.painting.drawing import BoxIndex, PageDrawing, TooLong, parts_of
from handrail_ai_steps.documents.painting.marks import load_text
from handrail_ai_steps.documents.painting.objects import (
    UNSEEN_MODES,
    PageObjects,
    PaintedText,
    Rectangle,
    TooCrowded,
    objects_of,
)
from handrail_ai_steps.documents.painting.plain_text import TINY

PICTURE_SHARE: Final = 0.5
"""Of the page: a picture as large as this, or several, may be a scan."""
SCAN_SHARE: Final = 0.5
"""Of the page's characters: as many are unseen over ink where another program has read a scan."""
OF_A_SCAN: Final[frozenset[HiddenBy]] = frozenset({"render_mode", "covered", "transparent", "same_colour"})
"""How programs lay what they read in a picture over it, or under it."""

_IN_WORDS: Final[dict[HiddenBy, str]] = {
    "render_mode": "painted with nothing",
    "same_colour": "in the colour behind them",
    "covered": "covered",
    "cropped": "cut away",
    "off_page": "beside the page",
    "tiny": "smaller than a point",
    "transparent": "transparent",
    "marked": "marked to be read and not shown",
    "deleted": "deleted",
    "comment": "in comments",
    "unchecked": "not to be inspected",
}


class NotShown(NamedTuple):
    """Characters of a page that it does not show, by PDFium's numbers of them."""

    start: int
    end: int
    by: HiddenBy
    over_picture: bool = False
    """A picture as large as the page shows something there: most likely the same words, read by another program."""


class InspectedPage(NamedTuple):
    """A page's text as PDFium has it, and what of it the page does not show."""

    text: Any
    """PDFium's, open: it is to be closed."""
    not_shown: tuple[NotShown, ...]
    replaced: tuple[str, ...]
    """What text is to be read as by a mark that says something else than what is painted; it is not in ``text``."""


class Character(NamedTuple):
    """A character that belongs to a doubtful piece of text."""

    number: int
    text: str
    box: Rectangle


def inspected(document: Any, page: Any) -> InspectedPage:
    """Load the text of a page that is open in PDFium, as its document is, and find out what is not shown of it."""
    try:
        objects = objects_of(page)
    except (TooCrowded, ArithmeticError, ValueError, OSError):
        objects = None
    text, replaced = load_text(document, page, objects)
    return InspectedPage(text, _not_shown(page, text, objects), replaced)


def notes_about(number: int, hidden: Sequence[HiddenText], *, is_scan: bool) -> Iterator[DocumentNote]:
    """Yield what is to be said about a page with text that it does not show.

    The text of a scan that another program laid over it unseen is that page's text, because its picture shows the same
    words, most likely. Nobody has compared them, so that nothing that is read from it is accepted.
    """
    if hidden:
        counts = Counter[HiddenBy]()
        for each in hidden:
            counts[each.by] += sum(not character.isspace() for character in each.text)
        told = ", ".join(f"{count:,} {_IN_WORDS[by]}" for by, count in sorted(counts.items()))
        message = f"the file has text here that the page does not show; it was left out (characters: {told})"
        yield DocumentNote(code="hidden_text", message=message, page=number)
        if counts["unchecked"]:
            message = "text of the page could not be inspected, and was left out: look at the page"
            yield DocumentNote(code="broken_page", message=message, page=number)
    if is_scan:
        message = (
            "the page is a picture, and its text is what another program read in it: compare the two, or have the"
            " picture read here (ocr=)"
        )
        yield DocumentNote(code="scanned_layer", message=message, page=number)


def _not_shown(page: Any, text: Any, objects: PageObjects | None) -> tuple[NotShown, ...]:
    """Return what a page does not show of its text, in order; what cannot be found out is among it.

    ``page`` and ``text`` are PDFium's, open; ``objects`` is what is painted on the page, None if that is not known.
    """
    handle = calls.handle_of(text)
    count = calls.count_characters(handle)
    if objects is None:
        return (NotShown(0, count, "unchecked"),) if count > 0 else ()
    if objects.is_plain:
        return ()
    try:
        doubts = doubts_of(page, objects)
        if not doubts:
            return ()
        return _Finding(page, objects, doubts, handle, count).ranges()
    except (ArithmeticError, ValueError, OSError):
        return (NotShown(0, count, "unchecked"),) if count > 0 else ()


class _Finding:
    """One page's doubtful pieces of text, their characters, and what is found about each."""

    def __init__(self, page: Any, objects: PageObjects, doubts: Doubts, text: int, count: int) -> None:
        self._page = page
        self._objects = objects
        self._doubts = doubts
        self._text = text
        self._count = count
        self._by: dict[int, HiddenBy] = {}
        """Why a character is not shown, by its number."""
        self._over_picture: set[int] = set()
        self._of: dict[int, list[Character]] = {}
        """The characters of each doubtful piece, by its handle."""
        self._blank: set[int] = set()
        """Numbers of characters that leave no mark: they go with those around them."""
        self._seen: set[int] = set()
        """Handles of all pieces that have characters."""

    def ranges(self) -> tuple[NotShown, ...]:
        """Find out all, and return it."""
        self._read()
        doubts = self._doubts
        for piece in doubts.pieces:
            self._judge(piece)
        self._look([piece for piece in doubts.pieces if piece.handle in doubts.looked_at])
        return tuple(self._joined())

    def _read(self) -> None:
        """Read the characters of the doubtful pieces."""
        wanted = {piece.handle for piece in self._doubts.pieces}
        box = calls.Numbers(c_double, 4)
        for number in range(self._count):
            owner = calls.character_object(self._text, number)
            if owner:
                self._seen.add(owner)
            code = calls.character(self._text, number)
            each = chr(code) if code <= 0x10FFFF else "\ufffd"
            if not owner or each.isspace():
                self._blank.add(number)
            elif owner in wanted:
                calls.character_box(self._text, number, *box.at)
                left, right, bottom, top = box.values
                self._of.setdefault(owner, []).append(Character(number, each, (left, bottom, right, top)))

    def _judge(self, piece: PaintedText) -> None:
        """Note what needs no look: the render mode, the place, the size."""
        characters = self._of.get(piece.handle, ())
        if piece.mode in UNSEEN_MODES:
            self._by.update((each.number, "render_mode") for each in characters)
            return
        for each in characters:
            away = self._doubts.away(each.box)
            if away is not None:
                self._by[each.number] = away
        if piece.is_tiny and max((_least(each.box) for each in characters), default=TINY) < TINY:
            for each in characters:
                self._by.setdefault(each.number, "tiny")

    def _look(self, pieces: Sequence[PaintedText]) -> None:
        """Look at the pieces that are in doubt; look for a scan under those that are unseen."""
        wanted = [piece for piece in pieces if self._of.get(piece.handle)]
        is_scan = self._may_be_scan()
        unseen = [piece for piece in self._doubts.pieces if piece.mode in UNSEEN_MODES] if is_scan else []
        twins = self._twins(wanted)
        drawn = {
            piece.handle: piece for piece in (*wanted, *unseen, *(each for found in twins.values() for each in found))
        }
        if not drawn:
            return
        inked: set[int] = set()
        left = {piece.handle: piece for piece in wanted}
        try:
            for together, part in parts_of(self._page, list(drawn.values()), with_notes=self._objects.has_notes):
                for piece in together:
                    if piece.handle in left:
                        self._compare(left.pop(piece.handle), twins.get(piece.handle, ()), part)
                    if is_scan and part.has_ink(piece.box):
                        inked.add(piece.handle)
        except (TooLong, ArithmeticError, ValueError, MemoryError, OSError):
            for piece in left.values():
                for each in self._of[piece.handle]:
                    self._by.setdefault(each.number, "unchecked")
        if is_scan:
            self._find_scan(inked)

    def _compare(self, piece: PaintedText, twins: Sequence[PaintedText], part: PageDrawing) -> None:
        """Note the characters that leave no mark where they stand."""
        handles = (piece.handle, *(each.handle for each in twins if each.handle in part.layers))
        characters = [each for each in self._of[piece.handle] if each.number not in self._by]
        shown = True
        states: list[bool] = []
        for each in characters:
            if _least(each.box) > 0:  # a part of a ligature has no box of its own
                shown = any(part.shows(handle, each.box) for handle in handles)
            states.append(shown)
        for state, group in groupby(zip(states, characters, strict=True), key=lambda pair: pair[0]):
            run = [each for _, each in group]
            if not state and (any(each.text.isalnum() for each in run) or len(run) == len(characters)):
                self._by.update((each.number, self._doubts.why(piece, each.box)) for each in run)

    def _twins(self, pieces: Sequence[PaintedText]) -> dict[int, list[PaintedText]]:
        """Return pieces that PDFium left out of its text, because they say the same at the same place.

        That is how shadows and bold letters are made: the one that is left may be the one that is painted over.
        """
        without = [each for each in self._objects.texts if each.handle not in self._seen]
        if not without or not pieces:
            return {}
        index = BoxIndex()
        for number, each in enumerate(without):
            index.add(each.box, number)
        return {
            piece.handle: [
                without[number] for number in set(index.overlapping(piece.box)) if _same(piece, without[number])
            ]
            for piece in pieces
        }

    def _may_be_scan(self) -> bool:
        """Return whether pictures fill the page and most of the text may be unseen."""
        page = self._doubts.page_box
        whole = max(1e-6, (page[2] - page[0]) * (page[3] - page[1]))
        pictures = sum(_area(_common(each.box, page)) for each in self._objects.shapes if each.is_picture)
        doubtful = sum(len(each) for each in self._of.values())
        return pictures >= PICTURE_SHARE * whole and doubtful >= SCAN_SHARE * (self._count - len(self._blank))

    def _find_scan(self, inked: set[int]) -> None:
        """Note what stands unseen over something that a picture shows, if that is most of the page."""
        found = {
            each.number
            for handle in inked
            for each in self._of.get(handle, ())
            if self._by.get(each.number) in OF_A_SCAN
        }
        if len(found) >= SCAN_SHARE * (self._count - len(self._blank)):
            self._over_picture = found

    def _joined(self) -> Iterator[NotShown]:
        """Yield what is not shown; blanks between two characters that are not shown go with them."""
        now: NotShown | None = None
        for number in sorted(self._by):
            by, over = self._by[number], number in self._over_picture
            between = range(now.end, number) if now is not None else ()
            if now is not None and (by, over) == now[2:] and all(each in self._blank for each in between):
                now = now._replace(end=number + 1)
                continue
            if now is not None:
                yield now
            now = NotShown(number, number + 1, by, over)
        if now is not None:
            yield now


def _least(box: Rectangle) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _area(box: Rectangle) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _common(one: Rectangle, other: Rectangle) -> Rectangle:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _same(one: PaintedText, other: PaintedText) -> bool:
    """Return whether two pieces are as good as at the same place."""
    near = 0.25 * max(1.0, one.box[3] - one.box[1])
    return all(abs(a - b) <= near for a, b in zip(one.box, other.box, strict=True))
