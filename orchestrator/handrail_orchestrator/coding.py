"""Codecs on demand: pydantic takes as long to import as all the rest, so it is loaded with the first codec."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec, InputCodec


def codec_for(annotation: object, *, where: str) -> "Codec[Any]":
    """Return the codec for an annotation; see ``handrail_orchestrator.codec``."""
    from handrail_orchestrator import codec  # noqa: PLC0415 -- on demand, as the module says

    return codec.codec_for(annotation, where=where)


def signature_codec(function: Callable[..., Any], *, where: str) -> "InputCodec":
    """Return the codec for a function's arguments; see ``handrail_orchestrator.codec``."""
    from handrail_orchestrator import codec  # noqa: PLC0415 -- on demand, as the module says

    return codec.signature_codec(function, where=where)
