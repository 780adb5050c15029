"""What an engine is to the process that it runs in: a picture goes in, lines of an upright picture come out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from handrail_ai_steps.documents.ocr.layout import OcrLine, Turn

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLines:
    """The lines of a picture."""

    lines: Sequence[OcrLine]
    """With boxes in pixels of the upright picture."""
    turn: Turn = 0


class OcrEngine(Protocol):
    """Reads pictures; it lives in a process of its own."""

    def lines_of(self, picture: "Image") -> PictureLines:
        """Return what stands in an RGB picture."""
        ...
