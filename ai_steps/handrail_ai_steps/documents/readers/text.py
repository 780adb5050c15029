"""Files of plain text and of Markdown: as they are, without what is not shown of them."""

import re
from collections.abc import Iterator

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenText
from handrail_ai_steps.documents.readers.decoding import decoded
from handrail_ai_steps.documents.readers.piece import Piece
from handrail_ai_steps.documents.readers.plain import plain_pages

_UNSHOWN = re.compile(
    r"(?P<code>^(?P<fence>```+|~~~+).*?(?:^(?P=fence)|\Z)|`[^`\n]+`)"
    r"|<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|<(?P<element>script|style|template)\b[^>]*>(?P<inside>.*?)(?:</(?P=element)\s*>|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
"""What Markdown does not show: comments, scripts and styles; but code that is quoted is shown as it is."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield the pages of a file of plain text."""
    found = decoded(data)
    yield from plain_pages(found.text, limits)
    yield from lossy(found.loss)


def read_markdown(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield the pages of a Markdown file: its source without comments, scripts and styles, which nobody is shown."""
    found = decoded(data)
    hidden: list[HiddenText] = []

    def taken(match: re.Match[str]) -> str:
        if match["code"] is not None:
            return match.group()
        text = (match["comment"] or match["inside"] or "").strip()
        if text:
            hidden.append(HiddenText(text=text, by="marked"))
        return ""

    shown = _UNSHOWN.sub(taken, found.text)
    yield from plain_pages(shown, limits, hidden=hidden)
    yield from lossy(found.loss)


def lossy(loss: str, *, page: int | None = None) -> Iterator[DocumentNote]:
    """Yield the note that says that decoding lost something, if it did."""
    if loss:
        message = f"{loss}; look at the file itself, or ask for it in UTF-8"
        yield DocumentNote(code="lossy_decoding", message=message, page=page)
