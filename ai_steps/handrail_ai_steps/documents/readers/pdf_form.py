"""The fields of a form in a PDF: their names, what is filled in, where, and whether that is displayed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c

_HIDDEN = 1 << 1 | 1 << 5
"""Flags of a field that is not displayed: Hidden, NoView."""
_PASSWORD = 1 << 13
_TEXTS = {pdfium_c.FPDF_FORMFIELD_TEXTFIELD, pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX}
_MARKS = {pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON}


class Widget(NamedTuple):
    """A field of a form, where it is on a page."""

    name: str
    value: str
    rectangle: tuple[float, float, float, float]
    """Left, top, right and bottom, in the page's own units."""
    is_hidden: bool
    is_text: bool
    """Its value is displayed as it is; a mark stands for it otherwise."""


def widgets_of(page: Any, form: Any) -> Iterator[Widget]:
    """Yield the fields of an open page that are filled in."""
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        note = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        try:
            if pdfium_c.FPDFAnnot_GetSubtype(note) == pdfium_c.FPDF_ANNOT_WIDGET:
                widget = _widget(form, note)
                if widget is not None and widget.value.strip():
                    yield widget
        finally:
            pdfium_c.FPDFPage_CloseAnnot(note)


def _widget(form: Any, note: Any) -> Widget | None:
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, note)
    if kind in _MARKS:
        if not pdfium_c.FPDFAnnot_IsChecked(form, note):
            return None
        value = _text("FPDFAnnot_GetFormFieldExportValue", form, note) or "Yes"
    elif kind in _TEXTS and not pdfium_c.FPDFAnnot_GetFormFieldFlags(form, note) & _PASSWORD:
        value = _text("FPDFAnnot_GetFormFieldValue", form, note)
    else:
        return None
    corners = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(note, corners)
    return Widget(
        name=_text("FPDFAnnot_GetFormFieldName", form, note),
        value=value.replace("\r\n", "\n").replace("\r", "\n"),
        rectangle=(corners.left, corners.top, corners.right, corners.bottom),
        is_hidden=bool(pdfium_c.FPDFAnnot_GetFlags(note) & _HIDDEN),
        is_text=kind in _TEXTS,
    )


def _text(function: str, form: Any, note: Any) -> str:
    """Return what a function of PDFium writes into a buffer."""
    call = getattr(pdfium_c, function)
    size = call(form, note, None, 0)
    if size <= 2:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * (size // 2 + 1))()
    call(form, note, buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")
