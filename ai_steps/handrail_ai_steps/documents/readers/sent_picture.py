"""A picture as it is sent to a model: of a size that servers take, and nothing but its pixels."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.drawing import as_png
from handrail_ground.optional import needs

with needs("documents"):
    from PIL import Image

LARGE_PNG = 1_500_000
"""Bytes: a photograph takes a tenth as JPEG, and shows as much."""
QUALITY = 90


def sent(data: bytes, limits: ReadingLimits, *, longest: int) -> Iterator[tuple[Any, bytes]]:
    """Yield a picture, given as PNG, as it is sent, and what is to be known of it."""
    Image.MAX_IMAGE_PIXELS = int(limits.megapixels * 1e6)
    with Image.open(BytesIO(data), formats=("PNG",)) as given:
        picture = given if given.mode in {"L", "RGB"} else given.convert("L" if given.mode == "1" else "RGB")
        if max(picture.size) > longest:
            picture = picture.copy()
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        bare = Image.new(picture.mode, picture.size)  # whatever else the file says stays behind
        bare.paste(picture)
    written, kind = as_png(bare), "image/png"
    if len(written) > LARGE_PNG:
        out = BytesIO()
        bare.save(out, "JPEG", quality=QUALITY)
        written, kind = out.getvalue(), "image/jpeg"
    yield ["picture", {"media_type": kind, "width": bare.width, "height": bare.height}], written
