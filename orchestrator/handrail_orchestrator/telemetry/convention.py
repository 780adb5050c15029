"""The names of OpenTelemetry's conventions for generative AI, as of before they moved and after.

They moved to a repository of their own, whose first release renamed some. Its status is "development": what a backend
knows is chosen with the variable that the conventions have for it, ``OTEL_SEMCONV_STABILITY_OPT_IN``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

OPT_IN_VARIABLE = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST_VALUE = "gen_ai_latest_experimental"


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """The names that differ between the two."""

    provider: str
    """Who runs the model."""
    workflow_operation: str
    """What the execution of a workflow is called."""
    workflow_name: str
    cache_read: str
    """Input tokens that the server had in its cache."""
    cache_write: str
    """Input tokens that the server put into its cache."""
    inference_duration: str
    """Histogram of the seconds that models took."""
    first_chunk: str
    """Histogram of the seconds from a request to the first piece of its answer, where that is streamed."""
    each_chunk: str
    """Histogram of the seconds from each piece of a streamed answer to the next."""
    reasoning_level: str | None
    """How much a model is told to think; None: there is no name for it."""
    inference_calls: str | None
    """Histogram of the models asked by one execution; None: there is none."""
    workflow_durations: tuple[str, ...]
    """Histograms of the seconds from the start of a run to its end: stored versions of the convention disagree."""
    usage: str | None
    """Histogram of tokens by ``gen_ai.token.type``; None: there are counters in its place."""
    token_counters: Mapping[str, str]
    """Counter of tokens, by ``input``, ``output``, ``cache_read``, ``cache_write`` and ``reasoning``."""
    token_histograms: Mapping[str, str]
    """Histogram of the tokens of one call, by ``input`` and ``output``."""

    def usage_attribute(self, kind: str) -> str:
        """Return a span's attribute for tokens of a kind."""
        own = {
            "cache_read": self.cache_read,
            "cache_write": self.cache_write,
            "reasoning": "gen_ai.usage.reasoning.output_tokens",
        }
        return own.get(kind) or f"gen_ai.usage.{kind}_tokens"


OLD = Convention(
    provider="gen_ai.system",
    workflow_operation="invoke_workflow",
    workflow_name="gen_ai.workflow.name",
    cache_read="gen_ai.usage.cache_read.input_tokens",
    cache_write="gen_ai.usage.cache_creation.input_tokens",
    inference_duration="gen_ai.client.operation.duration",
    first_chunk="gen_ai.client.operation.time_to_first_chunk",
    each_chunk="gen_ai.client.operation.time_per_output_chunk",
    reasoning_level=None,
    inference_calls=None,
    workflow_durations=("gen_ai.invoke_workflow.duration",),
    usage="gen_ai.client.token.usage",
    token_counters={},
    token_histograms={},
)
"""Up to version 1.41 of the semantic conventions."""

LATEST = Convention(
    provider="gen_ai.provider.name",
    workflow_operation="invoke_agent",
    workflow_name="gen_ai.agent.name",
    cache_read="gen_ai.usage.cache_read.input_tokens",
    cache_write="gen_ai.usage.cache_write.input_tokens",
    inference_duration="gen_ai.client.inference.duration",
    first_chunk="gen_ai.client.inference.time_to_first_chunk",
    each_chunk="gen_ai.client.inference.time_per_output_chunk",
    reasoning_level="gen_ai.request.reasoning.level",
    inference_calls="gen_ai.invoke_agent.inference_calls",
    workflow_durations=("gen_ai.invoke_agent.duration", "gen_ai.invoke_workflow.duration"),
    usage=None,
    token_counters={
        "input": "gen_ai.client.inference.usage.input_tokens",
        "output": "gen_ai.client.inference.usage.output_tokens",
        "cache_read": "gen_ai.client.inference.usage.cache_read.input_tokens",
        "cache_write": "gen_ai.client.inference.usage.cache_write.input_tokens",
        "reasoning": "gen_ai.client.inference.usage.reasoning.output_tokens",
    },
    token_histograms={
        "input": "gen_ai.client.inference.operation.input_tokens",
        "output": "gen_ai.client.inference.operation.output_tokens",
    },
)
"""From version 0.1.0 of the conventions for generative AI."""


def chosen(environment: Mapping[str, str]) -> Convention:
    """Return the convention that the environment asks for: the old one unless it opts in."""
    asked = {each.strip() for each in environment.get(OPT_IN_VARIABLE, "").split(",")}
    return LATEST if LATEST_VALUE in asked else OLD
