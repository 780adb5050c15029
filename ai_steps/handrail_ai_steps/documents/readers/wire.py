"""Pieces and limits as frames between two processes: JSON, and bytes beside it; nothing that could run."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from struct import Struct
from typing import Any, assert_never

from handrail_ai_steps.documents.document import DocumentNote, FormValue
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, HiddenText, Page, TextLine
from handrail_ai_steps.documents.readers.piece import FoundPart, MailHeader, Piece

HEAD = Struct(">II")
"""The lengths of a frame's JSON, and of the bytes after it."""
LONGEST = 1 << 30
"""No frame of ours is longer; a process that says so has gone wrong."""

_LONE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no text has; a broken font can name them."""


def frame(said: Any, data: bytes = b"") -> bytes:
    """Return one message."""
    return beginning(said, len(data)) + data


def beginning(said: Any, size: int) -> bytes:
    """Return how a message begins that has so many bytes after its JSON."""
    text = _LONE.sub("\ufffd", json.dumps(said, ensure_ascii=False, separators=(",", ":"))).encode()
    return HEAD.pack(len(text), size) + text


def take(read: Callable[[int], bytes]) -> tuple[Any, bytes]:
    """Return the next message of what ``read`` returns exactly so many bytes of."""
    size, more = HEAD.unpack(read(HEAD.size))
    if size > LONGEST or more > LONGEST:
        raise ValueError("a message longer than any")
    return json.loads(read(size)), read(more) if more else b""


def limits_as_json(limits: ReadingLimits) -> dict[str, float]:
    """Return limits as JSON data."""
    return asdict(limits)


def piece_frame(piece: Piece) -> bytes:
    """Return the message that says one piece."""
    match piece:
        case Page():
            lines = [[line.start, line.end, _corners(line.box), line.score] for line in piece.lines]
            hidden = [[each.text, each.by, [_corners(box) for box in each.boxes]] for each in piece.hidden]
            said: list[Any] = ["page", piece.number, piece.text, lines, piece.width, piece.height, piece.source, hidden]
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
        case ["page", number, text, lines, width, height, source, hidden]:
            return Page(
                number=number,
                text=text,
                lines=tuple(TextLine(start, end, _box(corners), score) for start, end, corners, score in lines),
                width=width,
                height=height,
                source=source,
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
