"""What models were asked and answered, as a trace may show it: only when asked for, and without what guards find."""

import json
from collections.abc import Mapping

CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The variable that OpenTelemetry's own instrumentations have for it."""
LONGEST = 20_000
"""Characters of one text that are shown; the rest is cut."""

_YES = frozenset({"true", "1", "span_only", "span_and_event"})


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether the environment asks for content."""
    return environment.get(CONTENT_VARIABLE, "").strip().lower() in _YES


def shown(text: str) -> str:
    """Return a text without the secrets and the personal data that the guards find in it, each by a word for its kind.

    What the guards do not find, such as names and street addresses, stays.
    """
    from handrail_guards.personal_data.find import find_personal_data  # noqa: PLC0415 -- patterns that few need
    from handrail_guards.secrets import find_secrets  # noqa: PLC0415 -- as above

    cut = text if len(text) <= 2 * LONGEST else text[: 2 * LONGEST]
    found = [(each.span.start, each.span.end, "[SECRET]") for each in find_secrets(cut)]
    found += [(each.span.start, each.span.end, f"[{each.kind.upper()}]") for each in find_personal_data(cut)]
    pieces: list[str] = []
    done = 0
    for start, end, word in sorted(found):
        if start >= done:
            pieces += [cut[done:start], word]
        done = max(done, end)
    hidden = "".join([*pieces, cut[done:]])
    return hidden if len(hidden) <= LONGEST else f"{hidden[:LONGEST]}… (cut: the text has {len(text):,} characters)"


def message(role: str, text: str, finish: str | None = None) -> str:
    """Return a list of one message as the conventions write it."""
    one: dict[str, object] = {"role": role, "parts": [{"type": "text", "content": shown(text)}]}
    if finish is not None:
        one["finish_reason"] = finish
    return json.dumps([one], ensure_ascii=False)


def instructions(text: str) -> str:
    """Return instructions as the conventions write them."""
    return json.dumps([{"type": "text", "content": shown(text)}], ensure_ascii=False)
