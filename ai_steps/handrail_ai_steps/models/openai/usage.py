"""How many tokens an answer took, as the server counted them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response."""

    input_tokens: int | None = None
    """None: the server did not say."""
    output_tokens: int | None = None
    cached_tokens: int = 0
    """Input the server had in its cache; part of ``input_tokens``."""


def read_usage(body: Any) -> Usage:
    """Read a usage object of the chat or the decisions endpoint; what is missing or no count stays unknown."""
    if not isinstance(body, Mapping):
        return Usage()
    details = body.get("prompt_tokens_details") or body.get("input_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
    return Usage(
        _count(body.get("prompt_tokens", body.get("input_tokens"))),
        _count(body.get("completion_tokens", body.get("output_tokens"))),
        cached or 0,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
