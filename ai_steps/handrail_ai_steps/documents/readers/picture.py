"""Pictures: a page for each, without a text of its own; set upright as the camera says."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument, DocumentError, TooHeavy, TruncatedDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers.drawing import as_png, picture_has_ink
from handrail_ai_steps.documents.readers.piece import Piece, no_text_layer
from handrail_ground.optional import needs

with needs("documents"):
    from PIL import (
        BmpImagePlugin,
        GifImagePlugin,
        Image,
        ImageOps,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        UnidentifiedImageError,
        WebPImagePlugin,
    )

FORMATS = (
    PngImagePlugin.PngImageFile.format,
    JpegImagePlugin.JpegImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    GifImagePlugin.GifImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
)
"""What Pillow may take a file for: no other of its many readers is asked."""
MOVING = ("GIF", "WEBP", "PNG")
"""Formats whose further pictures are a film, and no pages."""
FINEST_SHADE = 65_535
"""White, where a shade of grey has 16 bits."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001
    """Yield a page for each picture in a file.

    Raises:
        DocumentError: there is none that can be read.
    """
    pictures = _opened(data, limits)
    count = _count(pictures)
    for number in range(1, count + 1):
        picture = _picture(pictures, number, limits)
        yield Page(number=number, text="", width=picture.width, height=picture.height, source="none")
        if picture_has_ink(picture.convert("L")):
            yield no_text_layer("it is a picture", number)
    if count == 1 and pictures.format in MOVING and getattr(pictures, "n_frames", 1) > 1:
        message = "the picture moves: what comes after its first one was left out"
        yield DocumentNote(code="pages_left_out", message=message)


def picture(
    data: bytes,
    limits: ReadingLimits,
    *,
    number: int,
    dpi: float,  # noqa: ARG001 -- a picture has the pixels it has
    turned: int,
) -> Iterator[tuple[Any, bytes]]:
    """Yield one of the pictures as PNG, with its own pixels."""
    found = _picture(_opened(data, limits), number, limits).rotate(-turned, expand=True)
    yield ["picture"], as_png(found if found.mode in {"1", "L", "RGB"} else found.convert("RGB"))


def _opened(data: bytes, limits: ReadingLimits) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = int(limits.megapixels * 1e6)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large(limits) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise BrokenDocument("it is no picture that can be opened: ask for it again") from None


def _count(pictures: Image.Image) -> int:
    return int(getattr(pictures, "n_frames", 1)) if pictures.format == "TIFF" else 1


def _picture(pictures: Image.Image, number: int, limits: ReadingLimits) -> Image.Image:
    try:
        pictures.seek(number - 1)
        if pictures.width * pictures.height > limits.megapixels * 1e6:
            raise _too_large(limits)
        pictures.load()
        return _on_white(_in_eight_bits(ImageOps.exif_transpose(pictures)))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large(limits) from None
    except DocumentError:
        raise
    except EOFError:
        raise BrokenDocument(f"there is no picture {number} in it") from None
    except (OSError, SyntaxError, ValueError) as error:
        if "truncated" in str(error):
            raise TruncatedDocument("the picture ends too early: ask for it again") from None
        raise BrokenDocument(f"the picture cannot be read ({error}): ask for it again") from None


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture with grey in 256 shades: of finer ones Pillow takes all but the darkest for white.

    Raises:
        BrokenDocument: its shades are numbers of which nobody knows which is white.
    """
    if picture.mode[0] not in "IF":
        return picture
    shades: Any = picture.getextrema()  # a pair, of one band
    darkest, lightest = shades
    if picture.mode == "F" or darkest < 0 or lightest > FINEST_SHADE:
        raise BrokenDocument("its shades are measured values and no colours: save it as an ordinary picture")
    return picture.convert("I").point(lambda shade: shade / 256).convert("L")


def _on_white(picture: Image.Image) -> Image.Image:
    """Return a picture without transparent places: what stands there is seen on white, as paper is."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    opaque = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque).convert("RGB")


def _too_large(limits: ReadingLimits) -> TooHeavy:
    return TooHeavy(f"the picture has more than {limits.megapixels:g} million pixels (ReadingLimits.megapixels)")
