"""What a server has been seen to take; learned from what it rejects, and remembered for the next question."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ai_steps.models.openai.failure import Feature
from ai_steps.models.openai.form import Form

Format: TypeAlias = Literal["json_schema", "json_object", "text"]
"""How the shape of the answer is asked for: enforced by the server, JSON of any shape, or only in words."""

WEAKER: dict[Format, Format] = {"json_schema": "json_object", "json_object": "text"}
MOST_ALTERNATIVES = 20
FEWER_ALTERNATIVES = 5


@dataclass(slots=True)
class Capabilities:
    """What one server takes, as far as it is known; the same for every question to it."""

    logprobs: bool = True
    """Whether answers came with log-probabilities; True until one came without."""
    alternatives: int = MOST_ALTERNATIVES
    """The most alternatives a token may be asked for."""
    several: bool = True
    """Whether ``n`` is obeyed."""
    tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    temperature: bool = True
    stream_usage: bool = True
    decisions: bool | None = None
    """Whether there is a decisions endpoint; None: not asked yet."""
    formats: dict[Form, Format] = field(default_factory=dict)
    """What worked for a form whose schema the server does not take; it may take that of another."""

    def give_up(self, feature: Feature) -> None:
        """Stop asking for a feature, or ask for less of it."""
        match feature:
            case "top_logprobs" if self.alternatives > FEWER_ALTERNATIVES:
                self.alternatives = FEWER_ALTERNATIVES
            case "top_logprobs" | "logprobs":
                self.logprobs = False
            case "n":
                self.several = False
            case "max_completion_tokens":
                self.tokens_field = "max_tokens"
            case "temperature":
                self.temperature = False
            case "stream_options":
                self.stream_usage = False
            case "response_format":
                pass  # a form's own matter: see ``formats``
