"""What a provider sent back, from plain data: each wire says in its own words how it ended and what it took."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from handrail_ai_steps.models.openai.failure import Failure
from handrail_ai_steps.models.openai.reply import Usage, content_text, count_of, ending_of, read_usage

NO_JSON = "the provider answered with something that is no JSON"
_UNFIT = frozenset({"malformed_function_call", "unexpected_tool_call", "malformed_response"})
"""Ends of answers that were meant well and are none: another try may be."""


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """One response."""

    model: str
    """What it calls the model that gave it, or the name asked for."""
    text: str = ""
    """What the model wrote, or the arguments of the call it made."""
    finish: str = ""
    """Why it ended, in the provider's word; empty: it does not say."""
    refusal: str = ""
    usage: Usage = Usage()  # noqa: RUF009 -- frozen
    has_answer: bool = True
    """Whether there is anything of an answer in it."""
    is_page: bool = False
    """Whether it is a text where JSON was due, such as the page of a proxy, which some libraries hand on."""

    @property
    def flaw(self) -> Failure | None:
        """Return why it is no whole answer, or None."""
        ending = ending_of(self.finish)
        if self.refusal or ending == "refused":
            return Failure("refused", f"the model refused: {self.refusal or f'it ended with {self.finish!r}'}")
        if ending == "cut":
            after = f" after {self.usage.output_tokens} tokens" if self.usage.output_tokens else ""
            return Failure("truncated", f"the answer was cut off{after}")
        if ending == "broken" and not self.is_unfit:
            return Failure("failed", f"the provider ended the answer with {self.finish!r}")
        if self.is_page:
            return Failure("failed", NO_JSON, passing=True)
        if not self.has_answer:
            return Failure("failed", "the provider answered without an answer", passing=True)
        return None

    @property
    def is_unfit(self) -> bool:
        """Return whether the model tried to answer and did not get it right."""
        return self.finish.casefold() in _UNFIT


def read_response(response: object, asked: str) -> ProviderReply:
    """Read a response of a provider's library, whatever its wire."""
    body = _plain(response)
    if isinstance(response, str | bytes):
        reply = ProviderReply("", is_page=True)
    elif "choices" in body:
        reply = _chat(body)
    elif "stop_reason" in body:
        reply = _messages(body)
    elif "finish_reason" in body and "message" in body:
        reply = _cohere(body)
    elif "stopReason" in body or "output" in body:
        reply = _converse(body)
    elif "candidates" in body or "prompt_feedback" in body or "usage_metadata" in body:
        reply = _candidates(body)
    else:
        reply = ProviderReply("", has_answer=False)
    named = body.get("model") or body.get("model_version")
    model = named if isinstance(named, str) and named else asked
    usage = reply.usage.as_told.beside(reply.text)  # instructor puts 0 where it cannot add
    return replace(reply, model=model, usage=usage)


def _plain(response: object) -> Mapping[str, Any]:
    if isinstance(response, BaseModel):
        try:
            return response.model_dump(mode="json", warnings=False)
        except ValueError:
            return dict(response)
    return response if isinstance(response, Mapping) else {}


def _chat(body: Mapping[str, Any]) -> ProviderReply:
    """Read OpenAI's wire, which most have."""
    [choice] = (body["choices"] or [{}])[:1]
    choice = choice if isinstance(choice, Mapping) else {}
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    calls = [each.get("function") or {} for each in message.get("tool_calls") or () if isinstance(each, Mapping)]
    text = content_text(message.get("content")) or (_text_of(calls[0].get("arguments")) if calls else "")
    return ProviderReply(
        "",
        text,
        str(choice.get("finish_reason") or ""),
        str(message.get("refusal") or ""),
        read_usage(body.get("usage")),
        has_answer=bool(message),
    )


def _messages(body: Mapping[str, Any]) -> ProviderReply:
    """Read Anthropic's wire."""
    blocks = [each for each in body.get("content") or () if isinstance(each, Mapping)]
    calls = [_text_of(each.get("input")) for each in blocks if each.get("type") == "tool_use"]
    usage = body.get("usage") or {}
    read, written = count_of(usage.get("cache_read_input_tokens")), count_of(usage.get("cache_creation_input_tokens"))
    asked = count_of(usage.get("input_tokens"))
    return ProviderReply(
        "",
        next(iter(calls), "") or content_text(blocks),
        str(body.get("stop_reason") or ""),
        "",
        Usage(
            None if asked is None else asked + (read or 0) + (written or 0),
            count_of(usage.get("output_tokens")),
            read,
            written,
        ),
        has_answer=bool(blocks) or body.get("stop_reason") == "refusal",
    )


def _candidates(body: Mapping[str, Any]) -> ProviderReply:
    """Read Google's wire."""
    blocked = (body.get("prompt_feedback") or {}).get("block_reason")
    listed = [each for each in body.get("candidates") or () if isinstance(each, Mapping)]
    first = listed[0] if listed else {}
    parts = [each for each in (first.get("content") or {}).get("parts") or () if isinstance(each, Mapping)]
    said = [each for each in parts if not each.get("thought")]
    calls = [_text_of(call.get("args")) for each in said if (call := each.get("function_call"))]
    usage = body.get("usage_metadata") or {}
    given, thought = count_of(usage.get("candidates_token_count")), count_of(usage.get("thoughts_token_count"))
    return ProviderReply(
        "",
        next(iter(calls), "") or "".join(str(each.get("text") or "") for each in said),
        str(first.get("finish_reason") or ""),
        f"the prompt was blocked ({blocked})" if blocked else "",
        Usage(
            count_of(usage.get("prompt_token_count")),
            None if given is None and thought is None else (given or 0) + (thought or 0),
            count_of(usage.get("cached_content_token_count")),
            reasoning_tokens=thought,
        ),
        has_answer=bool(said) or ending_of(str(first.get("finish_reason") or "")) != "whole",
    )


def _converse(body: Mapping[str, Any]) -> ProviderReply:
    """Read Bedrock's wire."""
    message = (body.get("output") or {}).get("message") or {}
    blocks = [each for each in message.get("content") or () if isinstance(each, Mapping)]
    calls = [_text_of(call.get("input")) for each in blocks if isinstance(call := each.get("toolUse"), Mapping)]
    usage = body.get("usage") or {}
    asked, read = count_of(usage.get("inputTokens")), count_of(usage.get("cacheReadInputTokens"))
    written = count_of(usage.get("cacheWriteInputTokens"))
    return ProviderReply(
        "",
        next(iter(calls), "") or "".join(str(each.get("text") or "") for each in blocks),
        str(body.get("stopReason") or ""),
        "",
        Usage(
            None if asked is None else asked + (read or 0) + (written or 0),
            count_of(usage.get("outputTokens")),
            read,
            written,
        ),
        has_answer=bool(blocks),
    )


def _cohere(body: Mapping[str, Any]) -> ProviderReply:
    """Read Cohere's wire."""
    message = body.get("message") or {}
    blocks = [each for each in message.get("content") or () if isinstance(each, Mapping)]
    calls = [
        _text_of(call.get("arguments")) for each in message.get("tool_calls") or () if (call := each.get("function"))
    ]
    usage = body.get("usage") or {}
    return ProviderReply(
        "",
        next(iter(calls), "") or content_text(blocks),
        str(body.get("finish_reason") or ""),
        "",
        read_usage(usage.get("billed_units") or usage.get("tokens")),
        has_answer=bool(message),
    )


def _text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
