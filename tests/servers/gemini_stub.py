"""Bodies of Gemini's wire, for ``tests.stub_server`` to play."""

from typing import Any

Json = dict[str, Any]


def generated(*parts: Json, finish: str = "STOP", model: str = "gemini-2.5-flash", usage: Json | None = None) -> Json:
    """Return what one candidate of these parts comes in."""
    return {
        "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 6, "thoughtsTokenCount": 4}
        if usage is None
        else usage,
        "modelVersion": model,
    }


def call(arguments: Json, *, name: str = "route") -> Json:
    """Return a part that calls a function."""
    return {"functionCall": {"name": name, "args": arguments}}


def said(text: str, *, thought: bool = False) -> Json:
    """Return a part of text."""
    return {"text": text, **({"thought": True} if thought else {})}


def blocked(reason: str = "SAFETY") -> Json:
    """Return what comes of a prompt that is not answered."""
    return {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 100}}


def error(status: int, name: str, text: str) -> Json:
    """Return the body of an error."""
    return {"error": {"code": status, "status": name, "message": text}}
