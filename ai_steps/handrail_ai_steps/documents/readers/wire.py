"""Pieces and limits as what a frame between two processes says: JSON, nothing that could run."""

from dataclasses import asdict
from typing import Any, assert_never

from handrail_ai_steps.documents.document import DocumentNote, FormValue
from handrail_ai_steps.documents.frames import frame
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, HiddenText, Page, TextLine
from handrail_ai_steps.documents.readers.piece import FoundPart, MailHeader, Piece


def limits_as_json(limits: ReadingLimits) -> dict[str, float]:
    """Return limits as JSON data."""
    return asdict(limits)


def piece_frame(piece: Piece) -> bytes:
    """Return the message that says one piece."""
    match piece:
        case Page():
            lines = [[line.start, line.end, _corners(line.box), line.score] for line in piece.lines]
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
        case _:
            assert_never(piece)
    return frame(said)


def piece_of(said: Any, data: bytes) -> Piece | None:
    """Return the piece that a message says; None: it says something else."""
    match said:
        case ["page", number, text, lines, width, height, source, turned, hidden]:
            return Page(
                number=number,
                text=text,
                lines=tuple(TextLine(start, end, _box(corners), score) for start, end, corners, score in lines),
                width=width,
                height=height,
                source=source,
                turned=turned,
                hidden=tuple(
                    HiddenText(text=text, by=by, boxes=tuple(Box(*each) for each in boxes))
                    for text, by, boxes in hidden
                ),
            )
        case ["note", code, message, page]:
            return DocumentNote(code=code, message=message, page=page)
        case ["form", name, value, page, corners]:
            return FormValue(name=name, value=value, page=page, box=_box(corners))
        case ["header", name, value]:
            return MailHeader(name, value)
        case ["part", name, role, kind, problem]:
            return FoundPart(name=name, role=role, kind=kind, problem=problem, data=data)
        case _:
            return None


def _corners(box: Box | None) -> list[float] | None:
    return None if box is None else [round(each, 2) for each in (box.left, box.top, box.right, box.bottom)]


def _box(corners: list[float] | None) -> Box | None:
    return None if corners is None else Box(*corners)
