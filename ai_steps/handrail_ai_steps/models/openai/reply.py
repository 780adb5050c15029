"""What came back: choices, tokens and oddities, read from the JSON itself and not from the SDK's objects.

Servers leave out, rename and add fields; the SDK hands those on unchecked. Reading the JSON also saves building an
object for every token's alternatives, which costs more than everything else together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.models.openai.ending import ending_of
from handrail_ai_steps.models.openai.failure import Failure, told_failure
from handrail_ai_steps.models.openai.usage import Usage, read_usage


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a response."""

    text: str
    finish: str
    """Why the server says it ended; empty when it does not say."""
    refusal: str = ""
    tokens: tuple[Any, ...] = ()
    """The entries of ``logprobs.content``; empty when there are none."""
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    """What a gateway says went wrong with this choice, beside whatever text there is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that holds at least one answer."""

    model: str
    """What the answer calls the model that gave it, or the name asked for when it does not say."""
    choices: tuple[Choice, ...]
    usage: Usage
    notes: tuple[str, ...] = ()


def read_reply(content: bytes, asked: str) -> Reply | Failure:
    """Read the body of a response with status 200."""
    from pydantic_core import from_json  # noqa: PLC0415 -- loaded on the first question

    try:
        body = from_json(content)
    except ValueError:
        shown = " ".join(content.decode(errors="replace").split())
        return Failure("failed", f"the server answered 200 with something that is no JSON: {shown}", passing=True)
    return read_body(body, asked)


def read_body(body: Any, asked: str) -> Reply | Failure:
    """Read the JSON of a chat completion."""
    if isinstance(body, Mapping) and body.get("error"):
        return told_failure(body["error"])
    listed = body.get("choices") if isinstance(body, Mapping) else None
    choices = tuple(map(_choice, sorted(filter(_is_choice, listed), key=_index))) if isinstance(listed, list) else ()
    if not choices:
        return Failure("failed", "the server answered 200 without any choice", passing=True)
    model = body.get("model")
    model = model if isinstance(model, str) and model else asked
    notes = tuple(note for choice in choices for note in choice.notes)
    if not (model == asked or model.startswith(f"{asked}-") or model.endswith(f"/{asked}")):
        notes += (f"asked for {asked}, answered by {model}",)
    usage = read_usage(body.get("usage"))
    if usage.output_tokens is None:
        notes += ("the server did not say how many tokens it took",)
    return Reply(model, choices, usage, notes)


def is_cut(text: str) -> bool:
    """Return whether a text is the beginning of a JSON object that does not end."""
    bare = text.strip()
    if not bare.startswith("{"):
        return False
    try:
        json.loads(bare)
    except json.JSONDecodeError:
        from pydantic_core import from_json  # noqa: PLC0415 -- as above

        try:
            from_json(bare, allow_partial="trailing-strings")
        except ValueError:
            return False
        return True
    except RecursionError:
        return False
    return False


def _is_choice(choice: Any) -> bool:
    """Return whether there is anything to read: filtered and failed choices may come without a message."""
    if not isinstance(choice, Mapping):
        return False
    return (
        isinstance(choice.get("message"), Mapping) or bool(choice.get("error")) or ending_of(_finish(choice)) != "whole"
    )


def _index(choice: Mapping[str, Any]) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def _finish(choice: Mapping[str, Any]) -> str:
    finish = choice.get("finish_reason")
    return "" if finish is None else str(finish)


def _choice(choice: Mapping[str, Any]) -> Choice:
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    notes: tuple[str, ...] = ()
    text = content_text(message.get("content"))
    if not text:
        called = _called(message.get("tool_calls"))
        if called:
            text, notes = called, ("answered with a tool call, although no tool was offered",)
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    error = choice.get("error") or message.get("error")
    return Choice(
        text,
        _finish(choice),
        str(message.get("refusal") or ""),
        tuple(tokens) if isinstance(tokens, list) else (),
        notes,
        told_failure(error) if error else None,
    )


def content_text(content: Any) -> str:
    """Return the text of a content: a string, or a list of parts, of which those that hold reasoning are left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if _is_text(part))
    return ""


def _is_text(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type", "text") in {"text", "output_text"}


def _called(calls: Any) -> str:
    """Return the arguments of the first tool call."""
    try:
        arguments = calls[0]["function"]["arguments"]
    except (TypeError, KeyError, IndexError):
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
