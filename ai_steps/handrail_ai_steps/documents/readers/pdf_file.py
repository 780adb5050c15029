"""A PDF file, open: its pages with their forms filled in, its attachments, and what is wrong with it as a whole."""

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument, DocumentError, EncryptedDocument, TruncatedDocument
from handrail_ai_steps.documents.kinds import kind_of
from handrail_ai_steps.documents.limits import MEGABYTE, ReadingLimits
from handrail_ai_steps.documents.readers.pdf_form import Widget, widgets_of
from handrail_ai_steps.documents.readers.piece import FoundPart
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c

_END = b"%%EOF"
_OBJECT = re.compile(rb"\d+ \d+ obj\b")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d+)|/L\s+(\d+)[^>]{0,200}?/Linearized\b")
_FORM_VERSION = 2
_ENCRYPTED = "it is encrypted on its own: ask for it without a password"


class PdfFile:
    """An open PDF file."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            DocumentError: it cannot be opened.
        """
        self._data = data
        self.raw = pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)
        """PDFium's handle of it."""
        if not self.raw:
            raise _why_not(data, pdfium_c.FPDF_GetLastError())
        self.form_type = pdfium_c.FPDF_GetFormType(self.raw)
        self._form = None
        if self.form_type != pdfium_c.FORMTYPE_NONE:  # before any page is loaded: PDFium ends the process otherwise
            self._form_settings = pdfium_c.FPDF_FORMFILLINFO(version=_FORM_VERSION)
            self._form = pdfium_c.FPDFDOC_InitFormFillEnvironment(self.raw, self._form_settings)

    def __len__(self) -> int:
        """Return how many pages it says it has."""
        return max(int(pdfium_c.FPDF_GetPageCount(self.raw)), 0)

    @contextmanager
    def page(self, number: int) -> Iterator[tuple[Any, tuple[Widget, ...]]]:
        """Open a page as it is displayed, with its notes and the values of its form painted on it, and its fields.

        The page is None if it cannot be loaded.
        """
        page = pdfium_c.FPDF_LoadPage(self.raw, number - 1)
        widgets: tuple[Widget, ...] = ()
        if page and pdfium_c.FPDFPage_GetAnnotCount(page) > 0:
            if self._form:
                pdfium_c.FORM_OnAfterLoadPage(page, self._form)
                widgets = tuple(widgets_of(page, self._form))
                pdfium_c.FORM_OnBeforeClosePage(page, self._form)
            if pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS:
                pdfium_c.FPDF_ClosePage(page)
                page = pdfium_c.FPDF_LoadPage(self.raw, number - 1)
        try:
            yield page or None, widgets
        finally:
            if page:
                pdfium_c.FPDF_ClosePage(page)

    def notes(self) -> Iterator[DocumentNote]:
        """Yield what is wrong with the file as a whole."""
        if is_cut_off(self._data):
            message = "the file ends too early: pages and values may be missing; ask for it again"
            yield DocumentNote(code="pages_left_out", message=message)
        elif not pdfium_c.FPDF_DocumentHasValidCrossReferenceTable(self.raw):
            message = "the file's table of contents is damaged and was made anew: something may be missing"
            yield DocumentNote(code="repaired", message=message)
        if self.form_type == pdfium_c.FORMTYPE_XFA_FULL:
            message = "its pages are made by an XFA form, which is not run, and what they say here stands in for them"
            yield DocumentNote(code="pages_left_out", message=f"{message}: print it to PDF in a program that shows it")
        elif self.form_type == pdfium_c.FORMTYPE_XFA_FOREGROUND:
            message = "it is an XFA form, whose fields are not read: print it to PDF"
            yield DocumentNote(code="form_not_shown", message=message)

    def attachments(self, limits: ReadingLimits) -> Iterator[FoundPart]:
        """Yield the files in it, with their bytes."""
        for index in range(max(pdfium_c.FPDFDoc_GetAttachmentCount(self.raw), 0)):
            attachment = pdfium_c.FPDFDoc_GetAttachment(self.raw, index)
            if attachment:
                part = _part(attachment, f"attachment {index + 1}", limits)
                yield replace(part, problem=_ENCRYPTED) if self._is_encrypted(part) else part

    def _is_encrypted(self, part: FoundPart) -> bool:
        """Return whether a file in it has a password of its own, with which PDFium returns it as it is."""
        if b"/Crypt" not in self._data or part.problem:
            return False
        try:
            kind_of(part.data, part.name)
        except DocumentError:
            return True
        return False


def attached_to(page: Any, limits: ReadingLimits) -> Iterator[FoundPart]:
    """Yield the files that are pinned to a page."""
    for index in range(max(pdfium_c.FPDFPage_GetAnnotCount(page), 0)):
        note = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        if pdfium_c.FPDFAnnot_GetSubtype(note) == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
            attachment = pdfium_c.FPDFAnnot_GetFileAttachment(note)
            if attachment:
                yield _part(attachment, "attachment", limits)
        pdfium_c.FPDFPage_CloseAnnot(note)


def is_cut_off(data: bytes) -> bool:
    """Return whether the end of a PDF file is missing: it has none, or goes on after it, or is shorter than it says."""
    last = data.rfind(_END)
    if last < 0 or _OBJECT.search(data, last):
        return True
    said = _LINEARIZED.search(data, 0, 2048)
    return bool(said and last < int(said[1] or said[2]) - 2048 and len(data) < int(said[1] or said[2]))


def text_of(call: Callable[[Any, int], int]) -> str:
    """Return a text that a function of PDFium writes into a buffer; the function takes it with its size in bytes."""
    size = call(None, 0)
    if size <= 2:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * (size // 2 + 1))()
    call(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")


def _part(attachment: Any, name: str, limits: ReadingLimits) -> FoundPart:
    name = text_of(lambda buffer, size: int(pdfium_c.FPDFAttachment_GetName(attachment, buffer, size))) or name
    size = ctypes.c_ulong()
    there = pdfium_c.FPDFAttachment_GetFile(attachment, None, 0, size)
    if not there and not size.value:
        return FoundPart(
            name=name, role="attachment", data=b"", problem="its bytes cannot be read: it may be encrypted"
        )
    if size.value > limits.bytes:
        problem = f"it has more than {limits.bytes / MEGABYTE:g} MB (ReadingLimits.bytes)"
        return FoundPart(name=name, role="attachment", data=b"", problem=problem)
    buffer = (ctypes.c_char * size.value)()
    written = ctypes.c_ulong()
    if size.value and not pdfium_c.FPDFAttachment_GetFile(attachment, buffer, size.value, written):
        return FoundPart(name=name, role="attachment", data=b"", problem="its bytes cannot be read")
    return FoundPart(name=name, role="attachment", data=bytes(buffer))


def _why_not(data: bytes, code: int) -> EncryptedDocument | TruncatedDocument | BrokenDocument:
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        return EncryptedDocument("it needs a password: ask for a copy without one")
    if code == pdfium_c.FPDF_ERR_SECURITY:
        return EncryptedDocument("it is protected in a way that nothing here can undo: ask for a copy without")
    if is_cut_off(data):
        return TruncatedDocument("it ends too early: ask for it again")
    return BrokenDocument("it is no PDF that can be opened: ask for it again, or print it to PDF anew")
