"""One document and what its fields truly are: what an extractor learns from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from handrail_ai_steps.documents.document import Document

TrueValue: TypeAlias = str | int | float | Decimal | date | None
"""What a field truly is in a document; None: the document has no value for it."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """One document and what its fields truly are."""

    document: Document | str
    """A document, best opened with ``places=True``, or its text."""
    fields: Mapping[str, TrueValue]
    """None: it has no value for the field. A field that is left out is not known, and teaches nothing."""
    issuer: str = ""
    """Who made it: documents of one issuer look alike, and are kept together where some are kept out. Empty: found by
    the numbers that documents have in common, such as a tax number."""
