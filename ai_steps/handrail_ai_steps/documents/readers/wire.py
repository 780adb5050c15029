"""Pieces and limits as what a frame between two processes says: JSON, nothing that could run."""

from dataclasses import asdict
from typing import Any, assert_never

from handrail_ai_steps.documents.document import DocumentNote, FormValue
from handrail_ai_steps.documents.frames import frame
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, HiddenText, Page, TextLine
from handrail_ai_steps.documents.readers.invoice_wire import invoice_as_json, invoice_of
from handrail_ai_steps.documents.readers.piece import FoundInvoice, FoundPart, MailHeader, PageCount, Piece


def limits_as_json(limits: ReadingLimits) -> dict[str, float]:
    """Return limits as JSON data."""
    return asdict(limits)


def piece_frame(piece: Piece) -> bytes:
    """Return the message that says one piece."""
    match piece:
        case Page():
            lines = [_as_list(line) for line in piece.lines] or None
            hidden = [[each.text, each.by, [_corners(box) for box in each.boxes]] for each in piece.hidden]
            said: list[Any] = [
                "page",
                piece.number,
                piece.text,
                lines,
                piece.width,
                piece.height,
                piece.source,
                piece.turned,
                hidden,
            ]
        case DocumentNote():
            said = ["note", piece.code, piece.message, piece.page]
        case FormValue():
            said = ["form", piece.name, piece.value, piece.page, _corners(piece.box)]
        case MailHeader():
            said = ["header", piece.name, piece.value]
        case FoundPart():
            return frame(["part", piece.name, piece.role, piece.kind, piece.problem], piece.data)
        case PageCount():
            said = ["pages", piece.pages]
        case FoundInvoice():
            said = ["invoice", *invoice_as_json(piece.reading)]
        case _:
            assert_never(piece)
    return frame(said)


def piece_of(said: Any, data: bytes) -> Piece | None:
    """Return the piece that a message says; None: it says something else."""
    piece: Piece | None
    match said:
        case ["page", *page]:
            piece = _page(*page)
        case ["note", code, message, page]:
            piece = DocumentNote(code=code, message=message, page=page)
        case ["form", name, value, page, corners]:
            piece = FormValue(name=name, value=value, page=page, box=_box(corners))
        case ["header", name, value]:
            piece = MailHeader(name, value)
        case ["part", name, role, kind, problem]:
            piece = FoundPart(name=name, role=role, kind=kind, problem=problem, data=data)
        case ["pages", pages]:
            piece = PageCount(pages)
        case ["invoice", kind, fields]:
            piece = FoundInvoice(invoice_of(kind, fields))
        case _:
            piece = None
    return piece


def _page(number: int, text: str, lines: Any, width: float, height: float, *more: Any) -> Page:
    source, turned, hidden = more
    return Page(
        number=number,
        text=text,
        lines=whole_lines(text) if lines is None else tuple(_line(*each) for each in lines),
        width=width,
        height=height,
        source=source,
        turned=turned,
        hidden=tuple(
            HiddenText(text=text, by=by, boxes=tuple(Box(*each) for each in boxes)) for text, by, boxes in hidden
        ),
    )


def whole_lines(text: str) -> tuple[TextLine, ...]:
    """Return the lines of a text of which nothing else is known."""
    start = 0
    lines = []
    for line in text.split("\n") if text else ():
        lines.append(TextLine(start, start + len(line)))
        start += len(line) + 1
    return tuple(lines)


def _as_list(line: TextLine) -> list[Any]:
    return [line.start, line.end, _corners(line.box), line.score]


def _line(start: int, end: int, corners: list[float] | None, score: float | None) -> TextLine:
    return TextLine(start, end, _box(corners), score)


def _corners(box: Box | None) -> list[float] | None:
    return None if box is None else [round(each, 2) for each in (box.left, box.top, box.right, box.bottom)]


def _box(corners: list[float] | None) -> Box | None:
    return None if corners is None else Box(*corners)
