"""What reads pictures of text, as those see it who ask for it."""

from dataclasses import dataclass
from typing import Protocol

from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import TextLine


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrPage:
    """What stands in a picture."""

    text: str
    """In reading order, lines separated by ``\\n``."""
    lines: tuple[TextLine, ...] = ()
    """With boxes in pixels of the upright picture."""
    width: int
    """Of the upright picture, in pixels."""
    height: int
    turned: int = 0
    """By how many degrees the picture had to be turned clockwise to stand upright: 0, 90, 180 or 270."""


class Ocr(Protocol):
    """Reads pictures of text, in a process of its own."""

    def read_page(self, picture: bytes, limits: ReadingLimits) -> OcrPage:
        """Return what stands in a picture, given as PNG.

        Raises:
            DocumentError: it cannot be read within the limits.
        """
        ...
