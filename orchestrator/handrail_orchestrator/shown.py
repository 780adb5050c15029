"""What a person was shown, as one digest: a decision carries it, and none is taken for something else."""

import hashlib
import json
from typing import NamedTuple


class AskedQuestion(NamedTuple):
    """The columns of an item that people answer by: none of them changes unless its run asks anew."""

    title: str
    context: str
    suggestion: str | None
    schema: str
    alternatives: str
    confidence: float | None
    source: str | None
    code: str
    reason: str

    def digest(self) -> str:
        """Return the digest by which an item in the store is held against what the audit log says was asked."""
        sure = None if self.confidence is None else float(self.confidence)  # as the store gives it back
        return digest_of("question", *self._replace(confidence=sure))


def question_of(holder: object) -> AskedQuestion:
    """Return what is asked by whatever has the columns of an item."""
    return AskedQuestion(*(getattr(holder, name) for name in AskedQuestion._fields))


def digest_of(*parts: object) -> str:
    """Return the digest of what is shown of a question: its text, suggestion, form of answer, rule and reason."""
    # as a list, so that no two lists of parts read the same
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]
