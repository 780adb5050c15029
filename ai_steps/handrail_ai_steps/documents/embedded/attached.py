"""The invoices in a document: in the files that a PDF carries, in a mail's attachments, or the file itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.embedded.comparison import PageComparison, compare_with_page
from handrail_ai_steps.documents.embedded.identity import InvoiceIdentity, NoIdentity, invoice_identity
from handrail_ai_steps.documents.embedded.prevailing import RULES, PrevailingRule
from handrail_ai_steps.documents.invoice import InvoiceData, NoInvoice

_PAGES = frozenset({"pdf", "image", "docx", "html"})
"""Kinds of documents that show what the data in them states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedInvoice:
    """An invoice as data, where it was found, and what the page around it says."""

    invoice: InvoiceData
    name: str
    """Of the file that it is."""
    document: str
    """The id of the document that it is."""
    page: Document | None = None
    """The document that shows it; None: the data came without a page."""
    again: tuple[str, ...] = ()
    """Names of files that are the same invoice once more."""

    def compared(self, rules: Mapping[str, PrevailingRule] = RULES) -> PageComparison | None:
        """Return what came of holding the page against the data; None: there is no page with any text."""
        if self.page is None or not self.page.text.strip():
            return None
        return compare_with_page(self.invoice, self.page.text, rules=rules)


AttachedCode: TypeAlias = Literal["order", "other_xml", "hostile", "broken", "too_heavy", "not_xml", "same_number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedNote:
    """A file that holds no invoice as data, or one that has another's number."""

    code: AttachedCode
    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedInvoices:
    """What the files in a document hold."""

    invoices: tuple[EmbeddedInvoice, ...] = ()
    """Each invoice once, however often it is there."""
    notes: tuple[AttachedNote, ...] = ()


def invoices_in(document: Document) -> AttachedInvoices:
    """Return the invoices that a document carries as data, by content and whatever their files are called.

    The same invoice twice is one, with the names of the files that repeat it; two that have the same number and say
    different things are both there, with a note.
    """
    return invoices_among((document,))


def invoices_among(documents: Iterable[Document]) -> AttachedInvoices:
    """Return the invoices that documents carry as data, each once."""
    found: list[EmbeddedInvoice] = []
    notes: list[AttachedNote] = []
    for inside, page in (each for document in documents for each in _xml_in(document, None)):
        if isinstance(inside.invoice, NoInvoice):
            notes.append(AttachedNote(code=inside.invoice.code, name=inside.name, message=inside.invoice.reason))
        elif inside.invoice is not None:
            _take(
                EmbeddedInvoice(invoice=inside.invoice, name=inside.name, document=inside.id, page=page), found, notes
            )
    return AttachedInvoices(invoices=tuple(found), notes=tuple(notes))


def _xml_in(document: Document, page: Document | None) -> Iterator[tuple[Document, Document | None]]:
    """Yield the files that are XML with the nearest document around each that has pages."""
    if document.kind == "xml":
        yield document, page
    inner = document if document.kind in _PAGES else None
    for part in document.parts:
        if part.document is not None:
            yield from _xml_in(part.document, inner or page if document.kind not in {"mail", "outlook"} else None)


def _take(new: EmbeddedInvoice, found: list[EmbeddedInvoice], notes: list[AttachedNote]) -> None:
    """Add an invoice to those found, or its name to the one that it is."""
    identity = _identity(new.invoice)
    for index, known in enumerate(found):
        other = _identity(known.invoice)
        if identity is None or other is None:
            if new.document == known.document:
                found[index] = _again(known, new)
                return
            continue
        check = identity.against([other])
        if check.result == "same":
            found[index] = _again(known, new)
            return
        if check.result != "new":
            notes.append(AttachedNote(code="same_number", name=new.name, message=check.reason))
    found.append(new)


def _again(known: EmbeddedInvoice, new: EmbeddedInvoice) -> EmbeddedInvoice:
    """Return the one of two that are the same invoice that has a page, with the other's name."""
    kept, other = (new, known) if known.page is None and new.page is not None else (known, new)
    return EmbeddedInvoice(
        invoice=kept.invoice,
        name=kept.name,
        document=kept.document,
        page=kept.page,
        again=(*known.again, *new.again, other.name),
    )


def _identity(invoice: InvoiceData) -> InvoiceIdentity | None:
    try:
        return invoice_identity(invoice)
    except NoIdentity:
        return None
