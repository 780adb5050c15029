"""Lines that another program read from pictures: JSON with a text and a box each, one page, or one on each line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.ocr.layout import OcrLine, laid_out
from handrail_ai_steps.documents.page import Box, Page, TextLine
from handrail_ai_steps.documents.readers.decoding import decoded
from handrail_ai_steps.documents.readers.piece import Piece
from handrail_ai_steps.documents.readers.text import lossy

SURE = 0.5
"""Lines with a lower score are told about."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield a page for each JSON object in the file.

    Raises:
        BrokenDocument: it is not JSON, or a line has no text or no box.
    """
    found = decoded(data)
    for number, each in enumerate(_objects(found.text), start=1):
        lines = [_line(line, number) for line in each.get("lines") or ()]
        width, height = _size(each, lines)
        text, placed = laid_out(lines)
        yield Page(number=number, text=text, lines=placed, width=width, height=height, source="ocr")
        yield from low_scores(text, placed, page=number)
    yield from lossy(found.loss)


def low_scores(text: str, lines: Iterable[TextLine], *, page: int) -> Iterator[DocumentNote]:
    """Yield the note that names the lines that were read with a low score, if there are any."""
    low = [text[line.start : line.end] for line in lines if line.score is not None and line.score < SURE]
    if low:
        message = (
            f"{len(low)} lines were read with a score below {SURE}, as {'; '.join(low[:3])!r}: look at the picture"
        )
        yield DocumentNote(code="low_score", message=message, page=page)


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        try:
            whole = [json.loads(text)]
        except ValueError:
            whole = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise BrokenDocument(f"it is neither a JSON object nor one on each line ({error})") from error
    for each in whole:
        if not isinstance(each, Mapping) or not isinstance(each.get("lines"), list):
            raise BrokenDocument('it has JSON without "lines": a list of {"text": …, "box": …}')
        yield each


def _line(line: Any, page: int) -> OcrLine:
    """Return a line: its box is left, top, right and bottom, or the four corners, in pixels."""
    try:
        text, numbers = line["text"], [float(each) for each in _flat(line["box"])]
        score = None if line.get("score") is None else float(line["score"])
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenDocument(f"page {page}: {line!r} is no line with a text and a box") from error
    if not isinstance(text, str) or len(numbers) not in {4, 8}:
        raise BrokenDocument(f"page {page}: {line!r} needs a text, and a box of 4 or 8 numbers")
    across, down = numbers[::2], numbers[1::2]
    return OcrLine(text=text, box=Box(min(across), min(down), max(across), max(down)), score=score)


def _flat(box: Any) -> Iterator[Any]:
    """Yield the numbers of a box, written as a list of numbers or of points."""
    for each in box:
        if isinstance(each, list):
            yield from each
        else:
            yield each


def _size(page: Mapping[str, Any], lines: list[OcrLine]) -> tuple[float, float]:
    """Return the size of the picture, or how far its lines reach."""
    reach = (
        max((line.box.right for line in lines), default=0.0),
        max((line.box.bottom for line in lines), default=0.0),
    )
    width, height = page.get("width"), page.get("height")
    return (
        float(width) if isinstance(width, (int, float)) else reach[0],
        float(height) if isinstance(height, (int, float)) else reach[1],
    )
