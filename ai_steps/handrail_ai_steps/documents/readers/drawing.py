"""Pages and pictures as pixels: drawn within limits, looked at for ink, written as PNG."""

import ctypes
from io import BytesIO
from math import sqrt
from typing import Any

from handrail_ai_steps.documents.errors import ReaderCrashed, TooHeavy
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c
    from PIL import Image

INK = 40
"""How much darker or lighter than most of a page is ink, of 255."""
LEAST_INK = 8
"""Pixels of ink that a page has which is not blank."""
LOOK_MEGAPIXELS = 0.5
"""As large as a page is drawn to be looked at."""


def drawn(page: Any, dots_per_point: float, megapixels: float, *, grey: bool = False) -> Image.Image:
    """Return a page of PDFium, which is open, as a picture.

    Raises:
        TooHeavy: the picture would have more pixels than allowed.
    """
    width = max(round(pdfium_c.FPDF_GetPageWidthF(page) * dots_per_point), 1)
    height = max(round(pdfium_c.FPDF_GetPageHeightF(page) * dots_per_point), 1)
    if width * height > megapixels * 1e6:
        raise TooHeavy(
            f"the page's picture would have {width} by {height} pixels, which is more than {megapixels:g} million; "
            "ask for less dpi (ReadingLimits.megapixels)"
        )
    kind, mode = (pdfium_c.FPDFBitmap_Gray, "L") if grey else (pdfium_c.FPDFBitmap_BGRx, "RGB")
    bitmap = pdfium_c.FPDFBitmap_CreateEx(width, height, kind, None, 0)
    if not bitmap:
        raise ReaderCrashed("there is no memory for the page's picture")
    try:
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, pdfium_c.FPDF_ANNOT)
        stride = pdfium_c.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium_c.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium_c.FPDFBitmap_Destroy(bitmap)
    return Image.frombytes(mode, (width, height), pixels, "raw", "L" if grey else "BGRX", stride)


def has_ink(page: Any) -> bool:
    """Return whether anything is to be seen on a page."""
    points = pdfium_c.FPDF_GetPageWidthF(page) * pdfium_c.FPDF_GetPageHeightF(page)
    if points <= 0:
        return False
    return picture_has_ink(
        drawn(page, min(1.0, sqrt(LOOK_MEGAPIXELS * 1e6 / points)), LOOK_MEGAPIXELS * 1.1, grey=True)
    )


def picture_has_ink(picture: Image.Image) -> bool:
    """Return whether anything is to be seen in a grey picture."""
    counts = picture.histogram()
    usual = counts.index(max(counts))
    return sum(count for value, count in enumerate(counts) if abs(value - usual) > INK) >= LEAST_INK


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as PNG, written quickly."""
    out = BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
