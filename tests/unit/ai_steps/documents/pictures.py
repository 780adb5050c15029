"""Pictures of text, drawn as a scanner would see them."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont


def picture(lines: Sequence[str], *, turned: int = 0, size: tuple[int, int] = (900, 600), height: int = 32) -> bytes:
    """Return a PNG with black lines on white, which has to be turned clockwise by so much to stand upright."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(height)
    for at, line in enumerate(lines):
        pen.text((70, 60 + at * (height + 24)), line, fill="black", font=font)
    drawn = io.BytesIO()
    image.rotate(turned, expand=True).save(drawn, "PNG")
    return drawn.getvalue()
