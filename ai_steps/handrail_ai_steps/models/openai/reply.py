"""What came back: choices, tokens and oddities, read from the JSON itself and not from the SDK's objects.

Servers leave out, rename and add fields; the SDK hands those on unchecked. Reading the JSON also saves building an
object for every token's alternatives, which costs more than everything else together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pydantic_core import from_json

from handrail_ai_steps.models.openai.candidates import find_objects
from handrail_ai_steps.models.openai.failure import Failure, told_failure
from handrail_ai_steps.models.openai.form import Form
from handrail_ai_steps.models.openai.reasoning import may_hold_tags, spoken
from handrail_ai_steps.strict_json import JsonObject
from handrail_guards.outcome import AttemptResult


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response."""

    input_tokens: int | None = None
    """None: the server did not say."""
    output_tokens: int | None = None
    cached_tokens: int | None = None
    """Input the server had in its cache; part of ``input_tokens``. None: it did not say."""
    written_tokens: int | None = None
    """Input that it put into its cache, where that has a price of its own; part of ``input_tokens`` too."""
    reasoning_tokens: int | None = None
    """What the model thought; part of ``output_tokens``. None: the server did not say."""

    @property
    def as_told(self) -> "Usage":
        """Return it as far as it can be: no question takes no tokens, and servers say 0 where they did not count."""
        if self.input_tokens != 0:
            return self
        return replace(self, input_tokens=None, output_tokens=self.output_tokens or None)

    def beside(self, text: str) -> "Usage":
        """Return it as far as it can be beside such an answer: no text was written with no tokens."""
        return replace(self, output_tokens=None) if text and self.output_tokens == 0 else self


MOST_TOKENS = 10**12
"""No request takes more; a number above it was written by mistake, and money cannot be counted by it."""


def read_usage(body: object) -> Usage:
    """Read a usage object of any endpoint; what is missing or no count stays unknown.

    Some servers (xAI's, Gemini's) count what a model thought in ``total_tokens`` alone, and charge for it as for the
    rest of the answer. Most have it in ``completion_tokens`` already, so the sum decides.
    """
    if not isinstance(body, Mapping):
        return Usage()
    details = body.get("prompt_tokens_details") or body.get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else body.get("total_cached_tokens")
    written = details.get("cache_write_tokens") if isinstance(details, Mapping) else None
    given = body.get("completion_tokens_details") or body.get("output_tokens_details")
    thought = given.get("reasoning_tokens") if isinstance(given, Mapping) else None
    asked = _count(body, "prompt_tokens", "input_tokens", "total_input_tokens")
    answered, thinking = _count(body, "completion_tokens", "output_tokens", "total_output_tokens"), count_of(thought)
    return Usage(
        asked,
        _with_thinking(answered, asked, thinking, _count(body, "total_tokens")),
        count_of(cached),
        count_of(written),
        thinking,
    ).as_told


def _with_thinking(answered: int | None, asked: int | None, thinking: int | None, total: int | None) -> int | None:
    """Return the tokens of an answer, with those that the model thought where the server leaves them out."""
    if answered is None:
        return None
    if asked and total is not None:
        return max(answered, total - asked)
    return answered + thinking if thinking is not None and thinking > answered else answered


def _count(body: JsonObject, *names: str) -> int | None:
    """Return what stands under the first of the names that there is; ``12.0`` is 12, as in JSON it may be."""
    return count_of(next((body[name] for name in names if name in body), None))


def count_of(value: object) -> int | None:
    """Return a number of tokens, or None where it can be none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS or value % 1:
        return None
    return int(value)


Ending: TypeAlias = Literal["whole", "cut", "refused", "broken"]

_WHOLE = frozenset({
    "stop", "eos", "eos_token", "end_turn", "complete", "completed", "tool_calls", "tool_use", "function_call",
})  # fmt: skip
_CUT = frozenset({
    "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length",
    "context_length", "token_limit", "model_context_window_exceeded",
})  # fmt: skip
_REFUSED = frozenset({
    "content_filter", "content_filtered", "safety", "refusal", "recitation", "blocklist", "prohibited_content", "spii",
    "sensitive", "image_safety", "guardrail_intervened", "moderation", "flagged", "error_toxic",
})  # fmt: skip


def ending_of(finish: str) -> Ending:
    """Return what a finish reason says; one that is missing, as in older servers, says that nothing was wrong."""
    name = finish.strip().casefold().replace("-", "_").removeprefix("finish_reason_")
    if not name or name in _WHOLE:
        return "whole"
    if name in _CUT:
        return "cut"
    return "refused" if name in _REFUSED else "broken"


@dataclass(frozen=True, slots=True)
class ReplyChoice:
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
    called: bool = False
    """Whether the model called a tool, which was not offered."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that holds at least one answer."""

    model: str
    """What the answer calls the model that gave it, or the name asked for when it does not say."""
    choices: tuple[ReplyChoice, ...]
    usage: Usage
    notes: tuple[str, ...] = ()
    first_chunk_seconds: float | None = None
    """From the request to the first piece; None: it came whole."""


def read_reply(content: bytes, asked: str) -> Reply | Failure:
    """Read the body of a response with status 200."""
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
    usage = read_usage(body.get("usage")).beside("".join(each.text for each in choices))
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
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # the object ends, and something follows
            return False
        try:
            from_json(bare, allow_partial="trailing-strings")
        except ValueError:
            return False
        return True
    except RecursionError:
        return False
    return False


def _is_choice(choice: object) -> bool:
    """Return whether there is anything to read: filtered and failed choices may come without a message."""
    if not isinstance(choice, Mapping):
        return False
    return (
        isinstance(choice.get("message"), Mapping) or bool(choice.get("error")) or ending_of(_finish(choice)) != "whole"
    )


def _index(choice: JsonObject) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def _finish(choice: JsonObject) -> str:
    finish = choice.get("finish_reason")
    return "" if finish is None else str(finish)


def _choice(choice: JsonObject) -> ReplyChoice:
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    notes: tuple[str, ...] = ()
    text = content_text(message.get("content"))
    calls = message.get("tool_calls")
    if not text and (arguments := _arguments(calls)):
        text, notes = arguments, ("answered with a tool call, although no tool was offered",)
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    error = choice.get("error") or message.get("error")
    return ReplyChoice(
        text,
        _finish(choice),
        str(message.get("refusal") or ""),
        tuple(tokens) if isinstance(tokens, list) else (),
        notes,
        told_failure(error) if error else None,
        called=bool(calls) and isinstance(calls, list),
    )


def content_text(content: object) -> str:
    """Return the text of a content: a string, or a list of parts, of which those that hold reasoning are left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if _is_text(part))
    return ""


def _is_text(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type", "text") in {"text", "output_text"}


def _arguments(calls: Any) -> str:
    """Return the arguments of all tool calls, one under the other: several that differ are several answers."""
    try:
        given = [call["function"]["arguments"] for call in calls]
    except (TypeError, KeyError, IndexError):
        return ""
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in given)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a choice is no whole answer."""

    result: AttemptResult
    reason: str


def flaw_of(choice: ReplyChoice, form: Form | None, output_tokens: int | None = None) -> Flaw | None:
    """Return why a choice is no whole answer, or None; ``output_tokens`` is what a cut-off answer took."""
    if choice.failure is not None:
        return Flaw(choice.failure.result, choice.failure.reason)
    ending = ending_of(choice.finish)
    if choice.refusal or ending == "refused":
        return Flaw("refused", f"the model refused: {choice.refusal or 'its content filter stopped it'}")
    if ending == "broken" or (choice.called and form is None):
        by_call = "the model called a tool in place of writing a text, although no tool was offered"
        return Flaw("failed", by_call if ending != "broken" else f"the server ended the answer with {choice.finish!r}")
    after = f" after {output_tokens} tokens" if output_tokens else ""
    if ending == "cut" or (choice.finish == "tool_calls" and is_cut(choice.text)):
        return Flaw("truncated", f"the answer was cut off{after}")
    if may_hold_tags(choice.text) and _is_unclosed(choice.text, form):
        return Flaw("truncated", f"the answer was cut off{after} in the middle of its reasoning")
    return None


def _is_unclosed(text: str, form: Form | None) -> bool:
    return find_objects(text).unclosed if form is not None else spoken(text).unclosed
