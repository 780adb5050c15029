"""Errors of reading documents.

AIStepError
├── LanguageMissing          an engine that reads pictures has no data for a language
└── DocumentError            a file that cannot be read; each says what to do
    ├── EmptyDocument        there is nothing in it
    ├── TruncatedDocument    it ends too early
    ├── BrokenDocument       it is none of what its kind allows
    ├── EncryptedDocument    it needs a password
    ├── WrongKind            nothing here reads this kind of file
    ├── TooHeavy             it costs more than the limits allow
    ├── ReaderCrashed        the process that read it died
    ├── NoTextLayer          it has pictures of text only, and nothing here reads them
    ├── GarbledText          its text layer does not say what the page shows
    ├── BytesMissing         a document from a record is asked for what only its bytes show
    └── NotItsBytes          bytes that were given back to a document are others
"""

from handrail_ai_steps.errors import AIStepError


class LanguageMissing(AIStepError, ValueError):
    """An engine that reads pictures has no data for a language; the message says how to get it."""


class DocumentError(AIStepError, ValueError):
    """A file that cannot be read; the message says what is wrong with it, and what to do."""

    seconds: float = 0.0
    """Of the processor, that went into reading it, as far as that is known."""


class EmptyDocument(DocumentError):
    """A file with nothing in it."""


class TruncatedDocument(DocumentError):
    """A file that ends too early: ask for it again."""


class BrokenDocument(DocumentError):
    """A file that says it is of a kind and does not follow its rules."""


class EncryptedDocument(DocumentError):
    """A file that needs a password."""


class WrongKind(DocumentError):
    """A file of a kind that nothing here reads."""


class TooHeavy(DocumentError):
    """A file that costs more bytes, time, memory or pages than the limits allow."""


class ReaderCrashed(DocumentError):
    """The process that read a file died of it."""


class NoTextLayer(DocumentError):
    """A file that has pictures of text only, where nothing reads them."""


class GarbledText(DocumentError):
    """A file whose text layer does not say what its pages show."""


class BytesMissing(DocumentError):
    """A document that was read from a record is asked for what only its bytes show."""


class NotItsBytes(DocumentError):
    """Bytes that are not those a document was read from."""
