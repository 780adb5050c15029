"""Documents: files as pages of text with places, what was found beside the text, and errors that say what to do."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail.file_reading import FileReader as FileReader
    from handrail.file_reading import OtherFile as OtherFile
    from handrail.file_reading import SetAside as SetAside
    from handrail.file_reading import TypedByHand as TypedByHand
    from handrail.file_reading import read_document as read_document
    from handrail.file_reading import read_or_ask as read_or_ask
    from handrail.file_reading import reading as reading
    from handrail_ai_steps.documents.boundaries import Boundaries as Boundaries
    from handrail_ai_steps.documents.boundaries import PageRange as PageRange
    from handrail_ai_steps.documents.boundaries import boundaries as boundaries
    from handrail_ai_steps.documents.document import DocumentNote as DocumentNote
    from handrail_ai_steps.documents.document import FormValue as FormValue
    from handrail_ai_steps.documents.document import Part as Part
    from handrail_ai_steps.documents.embedded.attached import AttachedInvoices as AttachedInvoices
    from handrail_ai_steps.documents.embedded.attached import AttachedNote as AttachedNote
    from handrail_ai_steps.documents.embedded.attached import EmbeddedInvoice as EmbeddedInvoice
    from handrail_ai_steps.documents.embedded.attached import invoices_in as invoices_in
    from handrail_ai_steps.documents.embedded.comparison import PageComparison as PageComparison
    from handrail_ai_steps.documents.embedded.comparison import compare_with_page as compare_with_page
    from handrail_ai_steps.documents.embedded.identity import IdentityCheck as IdentityCheck
    from handrail_ai_steps.documents.embedded.identity import InvoiceIdentity as InvoiceIdentity
    from handrail_ai_steps.documents.embedded.identity import NoIdentity as NoIdentity
    from handrail_ai_steps.documents.embedded.identity import identity_of_values as identity_of_values
    from handrail_ai_steps.documents.embedded.identity import invoice_identity as invoice_identity
    from handrail_ai_steps.documents.embedded.prevailing import Prevailing as Prevailing
    from handrail_ai_steps.documents.embedded.reading import read_invoice as read_invoice
    from handrail_ai_steps.documents.embedded.verdict import ComparedValue as ComparedValue
    from handrail_ai_steps.documents.errors import BrokenDocument as BrokenDocument
    from handrail_ai_steps.documents.errors import BytesMissing as BytesMissing
    from handrail_ai_steps.documents.errors import DocumentError as DocumentError
    from handrail_ai_steps.documents.errors import EmptyDocument as EmptyDocument
    from handrail_ai_steps.documents.errors import EncryptedDocument as EncryptedDocument
    from handrail_ai_steps.documents.errors import LanguageMissing as LanguageMissing
    from handrail_ai_steps.documents.errors import ReaderCrashed as ReaderCrashed
    from handrail_ai_steps.documents.errors import TooHeavy as TooHeavy
    from handrail_ai_steps.documents.errors import TruncatedDocument as TruncatedDocument
    from handrail_ai_steps.documents.errors import WrongKind as WrongKind
    from handrail_ai_steps.documents.invoice import Adjustment as Adjustment
    from handrail_ai_steps.documents.invoice import InvoiceData as InvoiceData
    from handrail_ai_steps.documents.invoice import InvoiceFinding as InvoiceFinding
    from handrail_ai_steps.documents.invoice import InvoiceLine as InvoiceLine
    from handrail_ai_steps.documents.invoice import InvoiceParty as InvoiceParty
    from handrail_ai_steps.documents.invoice import NoInvoice as NoInvoice
    from handrail_ai_steps.documents.invoice import TaxAtRate as TaxAtRate
    from handrail_ai_steps.documents.limits import ReadingLimits as ReadingLimits
    from handrail_ai_steps.documents.line_items.reading import LineItem as LineItem
    from handrail_ai_steps.documents.line_items.reading import LineItems as LineItems
    from handrail_ai_steps.documents.line_items.reading import line_items as line_items
    from handrail_ai_steps.documents.ocr.engines import rapid_ocr as rapid_ocr
    from handrail_ai_steps.documents.ocr.engines import tesseract_ocr as tesseract_ocr
    from handrail_ai_steps.documents.ocr.port import Ocr as Ocr
    from handrail_ai_steps.documents.ocr.port import OcrPage as OcrPage
    from handrail_ai_steps.documents.opening import open_document as open_document
    from handrail_ai_steps.documents.page import Box as Box
    from handrail_ai_steps.documents.page import HiddenText as HiddenText
    from handrail_ai_steps.documents.page import Page as Page
    from handrail_ai_steps.documents.page import TextLine as TextLine
    from handrail_ai_steps.documents.separating import Separating as Separating
    from handrail_ai_steps.models.sources.embedded import embedded as embedded
    from handrail_ai_steps.models.sources.form import form_fields as form_fields
    from handrail_ai_steps.on_page import on_page as on_page
    from handrail_ai_steps.windows.model import WindowedModel as WindowedModel
    from handrail_ai_steps.windows.model import in_windows as in_windows
    from handrail_guards.values.day import Date as Date
    from handrail_guards.values.identifier import Iban as Iban
    from handrail_guards.values.identifier import Identifier as Identifier
    from handrail_guards.values.identifier import VatNumber as VatNumber
    from handrail_guards.values.money import Money as Money
    from handrail_guards.values.percentage import Percentage as Percentage
    from handrail_guards.values.written import UnclearValue as UnclearValue
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
