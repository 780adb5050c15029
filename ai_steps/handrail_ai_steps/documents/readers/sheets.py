"""Excel files: each sheet a page, cells parted by tabs, as values; what is hidden is kept out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from handrail_ai_steps.documents.document import DocumentNote, PartRole
from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenBy, HiddenText, Page
from handrail_ai_steps.documents.readers.office_zip import RELATED, STRICTLY_RELATED, OfficeZip
from handrail_ai_steps.documents.readers.piece import FoundPart, Piece
from handrail_ai_steps.documents.readers.plain import plain_pages
from handrail_ai_steps.documents.readers.sheet_cells import CellFormats, SheetCell, cells_of, plain_strings
from handrail_ai_steps.documents.readers.sheet_cells import local_name as local

SHOWN_CELLS = 3
"""Cells that a note names."""


@dataclass(slots=True)
class _Sheet:
    """A sheet as text."""

    lines: list[str] = field(default_factory=list)
    hidden: list[HiddenText] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Cells with a formula whose value nobody saved."""
    lost: list[str] = field(default_factory=list)
    """Cells whose text is not in the file."""

    def add(self, row: list[SheetCell], *, hidden: HiddenBy | None) -> None:
        """Add a row."""
        self.unknown += [cell.place for cell in row if cell.unknown]
        self.lost += [cell.place for cell in row if cell.lost]
        unseen = [(hidden or cell.hidden, cell.text) for cell in row if cell.text]
        unseen += [("marked", cell.beneath) for cell in row if cell.beneath]
        for by in dict.fromkeys(by for by, _ in unseen if by is not None):
            self.hidden.append(HiddenText(text="\t".join(text for why, text in unseen if why == by), by=by))
        # A cell whose column is shown keeps its place in the row, so that what is beside it stays in its column.
        shown = [("" if cell.hidden else cell.text) for cell in row if not (hidden or cell.in_hidden_column)]
        line = "\t".join(" ".join(text.split()) for text in shown).rstrip("\t")
        if line.strip():
            self.lines.append(line)

    def beside(self, zip_: OfficeZip, sheet: str) -> None:
        """Add what lies on the sheet: the text of shapes, which is seen, and comments."""
        for kind, target in zip_.related(sheet).values():
            tree = zip_.tree(target) if kind in {"drawing", "comments"} else None
            holder = "txBody" if kind == "drawing" else "comment"
            for each in (found for found in tree.iter() if local(found) == holder) if tree is not None else ():
                paragraphs = [part for part in each.iter() if local(part) == "p"] or [each]
                lines = ["".join(t.text or "" for t in part.iter() if local(t) == "t") for part in paragraphs]
                text = "\n".join(line for line in lines if line.strip())
                if text and kind == "drawing":
                    self.lines.append(text)
                elif text:
                    self.hidden.append(HiddenText(text=text, by="comment"))


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield a page for each sheet of an Excel file, or several for a long one.

    Raises:
        BrokenDocument: it is damaged, or no Excel file.
        TooHeavy: unpacked it is longer than allowed.
    """
    zip_ = OfficeZip(data, limits)
    main = zip_.main("xl/workbook.xml")
    book = zip_.tree(main)
    if book is None:
        raise BrokenDocument("it has no list of sheets: it is damaged, or no Excel file; ask for it again")
    related = zip_.related(main)
    folder = main.rpartition("/")[0]
    formats = CellFormats(zip_.tree(f"{folder}/styles.xml"), since_1904=_since_1904(book))
    strings = plain_strings(zip_.tree(f"{folder}/sharedStrings.xml"))
    number = 1
    for sheet in (each for each in book.iter() if local(each) == "sheet"):
        title = sheet.get("name") or f"sheet {number}"
        name = sheet.get(f"{RELATED}id") or sheet.get(f"{STRICTLY_RELATED}id") or ""
        kind, target = related.get(name, ("", ""))
        if kind not in {"worksheet", ""}:
            continue  # a sheet that is a chart, or a macro
        part = zip_.part(target)
        if part is None:
            message = f"the sheet {title} is not in the file: ask for it again"
            yield DocumentNote(code="broken_page", message=message, page=number)
            continue
        read_ = _Sheet()
        for row, hidden in cells_of(part, strings, formats):
            read_.add(row, hidden=hidden)
        read_.beside(zip_, target)
        for piece in _pages(read_, title, number, limits, seen=sheet.get("state", "visible") == "visible"):
            number += isinstance(piece, Page)
            yield piece
    yield from _inside(zip_, folder)


def _pages(sheet: _Sheet, title: str, number: int, limits: ReadingLimits, *, seen: bool) -> Iterator[Piece]:
    """Yield the pages of a sheet; of a hidden one a page without text."""
    text = "\n".join([title, *sheet.lines]) if sheet.lines else ""
    hidden = sheet.hidden
    if not seen and text:
        hidden = [HiddenText(text=text, by="marked"), *hidden]
    yield from plain_pages(text if seen else "", limits, hidden=hidden, first=number)
    if sheet.unknown and seen:
        cells = ", ".join(sheet.unknown[:SHOWN_CELLS])
        message = (
            f"{len(sheet.unknown)} cells of {title} have formulas without a value ({cells}): open the file in a "
            "program that calculates it, save it, and send that"
        )
        yield DocumentNote(code="formula_without_value", message=message, page=number)
    if sheet.lost and seen:
        cells = ", ".join(sheet.lost[:SHOWN_CELLS])
        message = (
            f"{len(sheet.lost):,} cells of {title} have texts that are not in the file ({cells}): ask for it again"
        )
        yield DocumentNote(code="broken_page", message=message, page=number)


def _inside(zip_: OfficeZip, folder: str) -> Iterator[FoundPart]:
    """Yield the pictures and files in it."""
    for each in sorted(zip_.names):
        if each.startswith((f"{folder}/media/", f"{folder}/embeddings/")):
            role: PartRole = "inline" if "/media/" in each else "attachment"
            yield FoundPart(name=each.rpartition("/")[2], role=role, data=zip_.part(each) or b"")


def _since_1904(book: object) -> bool:
    """Return whether days are counted from 1904, as early Macintoshes did."""
    properties = next((each for each in book.iter() if local(each) == "workbookPr"), None)  # type: ignore[attr-defined]
    return properties is not None and properties.get("date1904") in {"1", "true"}
