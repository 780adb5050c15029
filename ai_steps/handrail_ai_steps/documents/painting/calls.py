"""Calls of PDFium that are made for every object of a page: by plain numbers, which takes half the time.

A handle is a number here. The functions are PDFium's own, found through pypdfium2, which loads the library. They keep
the interpreter's lock, which costs less than to give it away: none takes long, and the process has one thread.
"""

from ctypes import PYFUNCTYPE, addressof, c_char_p, c_float, c_int, c_size_t, c_uint, c_ulong, c_void_p, cast, sizeof
from typing import Any, Final

from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium


TEXT: Final = pdfium.FPDF_PAGEOBJ_TEXT
PATH: Final = pdfium.FPDF_PAGEOBJ_PATH
IMAGE: Final = pdfium.FPDF_PAGEOBJ_IMAGE
SHADING: Final = pdfium.FPDF_PAGEOBJ_SHADING
FORM: Final = pdfium.FPDF_PAGEOBJ_FORM


def handle_of(pointer: Any) -> int:
    """Return what pypdfium2 has as a pointer as a number."""
    return cast(pointer, c_void_p).value or 0


def _call(name: str, result: Any, *arguments: Any) -> Any:
    return PYFUNCTYPE(result, *arguments)(handle_of(getattr(pdfium, name)))


def _as_given(name: str, result: Any) -> Any:
    """Return a function that converts nothing: a handle is given as ``c_void_p``, a place by reference.

    Three numbers that are converted take as long as the call itself.
    """
    return PYFUNCTYPE(result)(handle_of(getattr(pdfium, name)))


count_notes: Final = _call("FPDFPage_GetAnnotCount", c_int, c_void_p)
page_box: Final = _call("FPDF_GetPageBoundingBox", c_int, c_void_p, c_void_p)
page_width: Final = _call("FPDF_GetPageWidthF", c_float, c_void_p)
page_height: Final = _call("FPDF_GetPageHeightF", c_float, c_void_p)
page_rotation: Final = _call("FPDFPage_GetRotation", c_int, c_void_p)
count_objects: Final = _call("FPDFPage_CountObjects", c_int, c_void_p)
count_in_form: Final = _call("FPDFFormObj_CountObjects", c_int, c_void_p)
object_in_form: Final = _call("FPDFFormObj_GetObject", c_void_p, c_void_p, c_ulong)
type_of: Final = _call("FPDFPageObj_GetType", c_int, c_void_p)
bounds: Final = _call("FPDFPageObj_GetBounds", c_int, *[c_void_p] * 5)
matrix: Final = _call("FPDFPageObj_GetMatrix", c_int, c_void_p, c_void_p)
fill_colour: Final = _call("FPDFPageObj_GetFillColor", c_int, *[c_void_p] * 5)
stroke_colour: Final = _call("FPDFPageObj_GetStrokeColor", c_int, *[c_void_p] * 5)
stroke_width: Final = _call("FPDFPageObj_GetStrokeWidth", c_int, c_void_p, c_void_p)
draw_mode: Final = _call("FPDFPath_GetDrawMode", c_int, c_void_p, c_void_p, c_void_p)
count_segments: Final = _call("FPDFPath_CountSegments", c_int, c_void_p)
has_transparency: Final = _call("FPDFPageObj_HasTransparency", c_int, c_void_p)
set_active: Final = _call("FPDFPageObj_SetIsActive", c_int, c_void_p, c_int)
render_mode: Final = _call("FPDFTextObj_GetTextRenderMode", c_int, c_void_p)
font_of: Final = _call("FPDFTextObj_GetFont", c_void_p, c_void_p)
font_data: Final = _call("FPDFFont_GetFontData", c_int, c_void_p, c_void_p, c_size_t, c_void_p)
object_text: Final = _call("FPDFTextObj_GetText", c_ulong, c_void_p, c_void_p, c_void_p, c_ulong)

object_of: Final = _as_given("FPDFPage_GetObject", c_void_p)
bounds_of: Final = _as_given("FPDFPageObj_GetBounds", c_int)
matrix_of: Final = _as_given("FPDFPageObj_GetMatrix", c_int)
fill_colour_of: Final = _as_given("FPDFPageObj_GetFillColor", c_int)
font_size_of: Final = _as_given("FPDFTextObj_GetFontSize", c_int)
"""As above, with a handle and places that are made once."""

clip_of: Final = _call("FPDFPageObj_GetClipPath", c_void_p, c_void_p)
count_clips: Final = _call("FPDFClipPath_CountPaths", c_int, c_void_p)
count_clip_segments: Final = _call("FPDFClipPath_CountPathSegments", c_int, c_void_p, c_int)
clip_segment: Final = _call("FPDFClipPath_GetPathSegment", c_void_p, c_void_p, c_int, c_int)
segment_point: Final = _call("FPDFPathSegment_GetPoint", c_int, c_void_p, c_void_p, c_void_p)

count_marks: Final = _call("FPDFPageObj_CountMarks", c_int, c_void_p)
mark_at: Final = _call("FPDFPageObj_GetMark", c_void_p, c_void_p, c_ulong)
mark_name: Final = _call("FPDFPageObjMark_GetName", c_int, c_void_p, c_void_p, c_ulong, c_void_p)
mark_string: Final = _call(
    "FPDFPageObjMark_GetParamStringValue", c_int, c_void_p, c_char_p, c_void_p, c_ulong, c_void_p
)
mark_bytes: Final = _call("FPDFPageObjMark_GetParamBlobValue", c_int, c_void_p, c_char_p, c_void_p, c_ulong, c_void_p)
remove_mark_string: Final = _call("FPDFPageObjMark_RemoveParam", c_int, c_void_p, c_void_p, c_char_p)
set_mark_bytes: Final = _call(
    "FPDFPageObjMark_SetBlobParam", c_int, c_void_p, c_void_p, c_void_p, c_char_p, c_void_p, c_ulong
)

count_characters: Final = _call("FPDFText_CountChars", c_int, c_void_p)
character: Final = _call("FPDFText_GetUnicode", c_uint, c_void_p, c_int)
character_object: Final = _call("FPDFText_GetTextObject", c_void_p, c_void_p, c_int)
characters: Final = _call("FPDFText_GetText", c_int, c_void_p, c_int, c_int, c_void_p)
character_box: Final = _call("FPDFText_GetCharBox", c_int, c_void_p, c_int, *[c_void_p] * 4)


class Numbers:
    """Places that PDFium writes numbers to: ``at`` are their addresses, ``values`` what stands there."""

    def __init__(self, kind: type[Any], count: int) -> None:
        self.values = (kind * count)()
        self.at = tuple(addressof(self.values) + number * sizeof(kind) for number in range(count))
