"""Which reader reads which kind of file."""

from collections.abc import Mapping
from importlib import import_module

from handrail_ai_steps.documents.document import DocumentKind
from handrail_ai_steps.documents.errors import WrongKind
from handrail_ai_steps.documents.readers.piece import DocumentReader

READERS: Mapping[DocumentKind, str] = {
    "pdf": "handrail_ai_steps.documents.readers.pdf:read",
    "docx": "handrail_ai_steps.documents.readers.word:read",
    "xlsx": "handrail_ai_steps.documents.readers.sheets:read",
    "image": "handrail_ai_steps.documents.readers.picture:read",
    "html": "handrail_ai_steps.documents.readers.html:read",
    "mail": "handrail_ai_steps.documents.readers.mail:read",
    "markdown": "handrail_ai_steps.documents.readers.text:read_markdown",
    "outlook": "handrail_ai_steps.documents.readers.outlook:read",
    "winmail": "handrail_ai_steps.documents.readers.winmail:read",
    "ocr_lines": "handrail_ai_steps.documents.readers.ocr_lines:read",
    "text": "handrail_ai_steps.documents.readers.text:read",
    "xml": "handrail_ai_steps.documents.readers.xml_text:read",
}
"""The module and the function; imported in the process that reads, and only there."""


def module_of(kind: DocumentKind) -> str:
    """Return the module that reads files of a kind.

    Raises:
        WrongKind: none does.
    """
    return _home(kind)[0]


def reader_of(kind: DocumentKind) -> DocumentReader:
    """Return what reads files of a kind; only for the process that reads.

    Raises:
        WrongKind: nothing does.
    """
    module, function = _home(kind)
    reader: DocumentReader = getattr(import_module(module), function)
    return reader


def _home(kind: DocumentKind) -> tuple[str, str]:
    home = READERS.get(kind)
    if home is None:
        raise WrongKind(f"nothing here reads files of the kind {kind!r}; kinds that are read: {', '.join(READERS)}")
    module, _, function = home.partition(":")
    return module, function
