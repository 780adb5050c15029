"""A span and the metrics of each model that is asked, with the names of the conventions for generative AI."""

import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from handrail_guards.model_call import ModelCall, ModelCallWatch, ModelReply
from handrail_guards.outcome import Attempt
from handrail_orchestrator.telemetry import content
from handrail_orchestrator.telemetry.convention import Convention
from handrail_orchestrator.telemetry.meters import Meters
from handrail_orchestrator.telemetry.spans import CLIENT, OpenSpan, Spans, Value

OPERATION = "chat"

REQUEST = {
    "temperature": "gen_ai.request.temperature",
    "seed": "gen_ai.request.seed",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
"""The conventions' names of what is sent with every question; what is in other fields nobody knows."""


@dataclass(slots=True)
class CallCount:
    """How often one execution asked a model."""

    count: int = 0


CALLS_OF_EXECUTION: ContextVar[CallCount | None] = ContextVar("handrail_calls_of_execution", default=None)
"""The count of the execution that the code called inside belongs to."""


class ModelCalls:
    """Watches what the models of one attempt of a step are asked, and counts them."""

    def __init__(self, spans: Spans, meters: Meters, names: Convention, *, wants_content: bool) -> None:
        self._spans = spans
        self._meters = meters
        self._names = names
        self._wants_content = wants_content

    def of_run(self, run_id: str) -> "CallsOfRun":
        """Return what watches the calls of one run."""
        return CallsOfRun(self, run_id)

    def begin(self, call: ModelCall, run_id: str) -> ModelCallWatch:
        """Begin the span of a call."""
        provider, model = _named(call.model)
        if (calls := CALLS_OF_EXECUTION.get()) is not None:
            calls.count += 1
        values: dict[str, Value] = {
            "gen_ai.operation.name": OPERATION,
            self._names.provider: provider,
            "gen_ai.request.model": model,
            "gen_ai.output.type": "text" if call.is_text else "json",
            "gen_ai.prompt.name": call.task,
            "gen_ai.prompt.version": call.prompt_version,
            "gen_ai.conversation.id": run_id,
            **asked_with(call.settings, self._names),
            **where_of(call.server),
        }
        shows = self._wants_content and call.may_be_kept
        if shows:
            values["gen_ai.system_instructions"] = content.instructions(call.system)
            values["gen_ai.input.messages"] = content.message("user", call.text)
        span = self._spans.begin(f"{OPERATION} {model}", values, kind=CLIENT)
        labels = {"gen_ai.operation.name": OPERATION, self._names.provider: provider, "gen_ai.request.model": model}
        return _Watch(span, self._meters, self._names, labels, shows=shows)


class CallsOfRun:
    """Watches what the models of one run are asked."""

    def __init__(self, calls: ModelCalls, run_id: str) -> None:
        self._calls = calls
        self._run_id = run_id

    def asked(self, call: ModelCall) -> ModelCallWatch:
        """Begin the span of a call."""
        return self._calls.begin(call, self._run_id)


class _Watch:
    def __init__(
        self, span: OpenSpan, meters: Meters, names: Convention, labels: dict[str, str], *, shows: bool
    ) -> None:
        self._span = span
        self._meters = meters
        self._names = names
        self._labels = labels
        self._shows = shows
        self._begun = time.perf_counter()

    def chunk(self, seconds: float) -> None:
        """Note how long a further piece of a streamed answer took."""
        self._meters.chunk(seconds, self._labels)

    def replied(self, reply: ModelReply) -> None:
        """Say what came of it, and end the span."""
        tokens = tokens_of(reply.attempts)
        reasons = [each.finish_reason for each in reply.attempts if each.finish_reason]
        values: dict[str, Value] = {self._names.usage_attribute(kind): count for kind, count in tokens.items()}
        first = next((each.first_chunk_seconds for each in reversed(reply.attempts) if each.finish_reason), None)
        if first is not None:
            values |= {"gen_ai.request.stream": True, "gen_ai.response.time_to_first_chunk": first}
        if reply.model:
            values["gen_ai.response.model"] = reply.model
        if reasons:
            values["gen_ai.response.finish_reasons"] = reasons[-1:]
        if len(reply.attempts) > 1:
            values["handrail.model.tries"] = len(reply.attempts)
        if self._shows and reply.raw:
            values["gen_ai.output.messages"] = content.message("assistant", reply.raw, (reasons or ["stop"])[-1])
        self._span.set(values)
        labels = dict(self._labels)
        if reply.model:
            labels["gen_ai.response.model"] = reply.model
        if reply.result != "answered":
            self._span.failed(reply.result)
            labels["error.type"] = reply.result
        if first is not None:
            self._meters.first_chunk(first, labels)
        self._over(tokens, labels)

    def broke(self, error: BaseException) -> None:
        """Say that it was stopped, or broke, and end the span."""
        name = type(error).__name__
        self._span.failed(name)
        self._over({}, self._labels | {"error.type": name})

    def _over(self, tokens: dict[str, int], labels: dict[str, str]) -> None:
        self._span.end()
        self._meters.model(time.perf_counter() - self._begun, tokens, labels)


def asked_with(settings: Mapping[str, Any], names: Convention) -> dict[str, Value]:
    """Return what is sent with every question, as far as the convention has names for it."""
    extra = settings.get("extra")
    given = {**(extra if isinstance(extra, Mapping) else {}), **settings}
    told: dict[str, Value] = {
        name: given[each]
        for each, name in REQUEST.items()
        if isinstance(given.get(each), int | float) and not isinstance(given[each], bool)
    }
    stops = given.get("stop")
    if isinstance(stops, str) or (isinstance(stops, Sequence) and all(isinstance(each, str) for each in stops)):
        told["gen_ai.request.stop_sequences"] = [stops] if isinstance(stops, str) else list(stops)
    level = given.get("reasoning_effort")
    if names.reasoning_level is not None and isinstance(level, str):
        told[names.reasoning_level] = level
    return told


def where_of(server: str) -> dict[str, Value]:
    """Return the host and the port of a server's address; of what is no address, nothing."""
    try:
        parts = urlsplit(server)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return {}
    if not parts.hostname or port is None:
        return {}
    return {"server.address": parts.hostname, "server.port": port}


def tokens_of(attempts: Sequence[Attempt]) -> dict[str, int]:
    """Return the tokens of all tries by their kind, as far as they are known; of parts, what is over 0."""
    counted = {
        "input": [each.input_tokens for each in attempts],
        "output": [each.output_tokens for each in attempts],
        "cache_read": [each.cached_tokens or None for each in attempts],
        "cache_write": [each.written_tokens or None for each in attempts],
        "reasoning": [each.reasoning_tokens or None for each in attempts],
    }
    known = {kind: [count for count in counts if count is not None] for kind, counts in counted.items()}
    return {kind: sum(counts) for kind, counts in known.items() if counts}


def _named(model: str) -> tuple[str, str]:
    """Return who runs a model, and its own name there: ``openai:gpt-5-mini`` says both."""
    provider, colon, name = model.partition(":")
    return (provider, name) if colon and name else ("handrail", model)
