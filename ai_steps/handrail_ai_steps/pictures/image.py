"""A picture that a model is asked about: its hash and its size are data, its bytes are no part of it."""

from dataclasses import dataclass, fields
from importlib import import_module
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_ai_steps.documents.limits import ReadingLimits

if TYPE_CHECKING:
    from os import PathLike

    from handrail_ai_steps.documents.document import Document

MediaType: TypeAlias = Literal["image/png", "image/jpeg"]

LONGEST_SIDE = 2048
"""Pixels of a picture as it is sent: servers make larger ones smaller themselves."""
PAGE_DPI = 150.0
_TILE, _TILE_TOKENS, _BASE_TOKENS = 512, 170, 85
_PATCH, _MOST_PATCHES, _PATCH_TOKENS = 32, 1536, 2.46


@dataclass(frozen=True, init=False)
class Image:
    """A picture among the inputs of a step, which a model that sees is shown.

    It is pure data and can be recorded; its bytes are beside it, and in no record. What is sent has been looked at by
    a process of its own, within the limits: it stands upright as the camera says, is no longer than 2,048 pixels, and
    has nothing of what else the file said, such as where it was taken.
    """

    id: str
    """SHA-256 of the bytes of the file that it is from, as 64 hexadecimal digits."""
    name: str
    media_type: MediaType
    """Of what is sent."""
    width: int
    """In pixels, as it is sent."""
    height: int
    size: int
    """Of what is sent, in bytes."""
    page: int | None
    """The page of a document that it shows; None: it is a picture of its own."""

    def __init__(
        self,
        source: "str | PathLike[str] | bytes",
        *,
        name: str | None = None,
        limits: ReadingLimits = ReadingLimits(),
    ) -> None:
        """Take a picture, given by its path or as bytes: PNG, JPEG, WebP, TIFF, GIF or BMP by its content.

        Raises:
            DocumentError: it is none, moves, is broken or too large; the message says what to do.
            LibraryMissing: the extra ``documents`` is not installed.
            OSError: there is no such file, or it may not be read.
        """
        _hold(self, *_opening().picture_of(source, name=name, limits=limits))

    @classmethod
    def of_page(
        cls, document: "Document", number: int, *, dpi: float = PAGE_DPI, limits: ReadingLimits = ReadingLimits()
    ) -> "Image":
        """Return the picture of a document's page, by its number.

        Raises:
            DocumentError: its format has no pages to be drawn, it is from a record, or it cannot be drawn.
            InvalidInput: there is no such page.
        """
        made = cls.__new__(cls)
        _hold(made, *_opening().picture_of_page(document, number, dpi=dpi, limits=limits))
        return made

    @property
    def data(self) -> bytes | None:
        """Return the bytes that are sent; None: it was read from a record."""
        return self.__dict__.get("_data")

    @property
    def tokens(self) -> int:
        """Return how many tokens it is counted as before it is sent: what the dearest way of counting makes of it."""
        tiles = ceil(self.width / _TILE) * ceil(self.height / _TILE)
        patches = min(ceil(self.width / _PATCH) * ceil(self.height / _PATCH), _MOST_PATCHES)
        return max(_BASE_TOKENS + min(tiles, 8) * _TILE_TOKENS, ceil(patches * _PATCH_TOKENS))


def _hold(image: Image, about: dict[str, Any], data: bytes) -> None:
    """Let a picture that nobody has yet keep what is known of it, and its bytes beside that."""
    image.__dict__.update({each.name: about[each.name] for each in fields(image)}, _data=data)


def _opening() -> Any:
    # Data knows nothing of processes and files: what opens a picture is looked for when somebody gives one.
    return import_module("handrail_ai_steps.pictures.opening")
