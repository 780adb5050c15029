"""Bodies of Anthropic's wire, for ``tests.stub_server`` to play."""

from typing import Any

Json = dict[str, Any]


def message(
    *content: Json, stop: str = "tool_use", model: str = "claude-sonnet-4-5-20250929", usage: Json | None = None
) -> Json:
    """Return a message of these blocks."""
    return {
        "id": "msg_stub",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 10} if usage is None else usage,
    }


def call(arguments: Json, *, name: str = "route") -> Json:
    """Return a block that calls a tool."""
    return {"type": "tool_use", "id": "toolu_stub", "name": name, "input": arguments}


def said(text: str) -> Json:
    """Return a block of text."""
    return {"type": "text", "text": text}


def error(kind: str, text: str) -> Json:
    """Return the body of an error."""
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_stub"}
