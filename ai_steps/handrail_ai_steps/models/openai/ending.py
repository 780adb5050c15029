"""Why an answer ended: a closed list of good endings makes one whole, and any other name is never accepted."""

from typing import Literal, TypeAlias

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
    "sensitive", "image_safety", "guardrail_intervened", "moderation", "flagged",
})  # fmt: skip


def ending_of(finish: str) -> Ending:
    """Return what a finish reason says; one that is missing, as in older servers, says that nothing was wrong."""
    name = finish.strip().casefold().replace("-", "_").removeprefix("finish_reason_")
    if not name or name in _WHOLE:
        return "whole"
    if name in _CUT:
        return "cut"
    return "refused" if name in _REFUSED else "broken"
