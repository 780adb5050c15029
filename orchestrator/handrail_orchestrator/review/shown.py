"""What a person was shown, as one digest: a decision carries it, and none is taken for something else."""

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handrail_orchestrator.store.changes import AskedItem

_SHOWN = ("title", "context", "suggestion", "schema", "alternatives", "confidence", "source", "code", "reason")


def digest_of(item: "AskedItem", judged: str = "") -> str:
    """Return the digest of a question as it is put: its text, suggestion, form of answer, rule and reason.

    ``judged`` is how the suggestion came to be, with its evidence and verdicts, as it is recorded.
    """
    return _digest([*(getattr(item, name) for name in _SHOWN), judged])


def digest_again(before: str, *changed: str | None) -> str:
    """Return the digest of a question that is put once more, with what is different about it."""
    return _digest([before, *changed])


def _digest(parts: Iterable[object]) -> str:
    # lengths are in it, so that no two lists of parts read the same
    return hashlib.sha256(json.dumps(list(parts), ensure_ascii=True).encode()).hexdigest()[:32]
