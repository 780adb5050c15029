"""What a server has been seen to take; learned from what it rejects, and remembered for the next question."""

import time
from dataclasses import dataclass, field
from typing import Literal

from ai_steps.models.openai.failure import Feature
from ai_steps.models.openai.formats import Formats

MOST_ALTERNATIVES = 20
FEWER_ALTERNATIVES = 5
MOST_SILENT = 3
"""Answers without log-probabilities after which a server that never gave any is not asked for them again."""
SILENCE_SECONDS = 600.0
"""How long it is not asked; servers behind a gateway change."""


@dataclass(slots=True)
class Capabilities:
    """What one server takes, as far as it is known; the same for every question to it."""

    logprobs: bool = True
    """Whether log-probabilities may be asked for; False once the server rejected that."""
    silent: int | None = field(default=0, compare=False)
    """Answers that came without the log-probabilities asked for; None: some came with them, so the next may too."""
    silent_until: float = field(default=0.0, compare=False)
    """When to ask for them again."""
    alternatives: int = MOST_ALTERNATIVES
    """The most alternatives a token may be asked for."""
    several: bool = True
    """Whether ``n`` is obeyed."""
    tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    temperature: bool = True
    seed: bool = True
    stream_usage: bool = True
    unmarked_reasoning: bool | None = field(default=None, compare=False)
    """Whether texts came whose reasoning has no opening tag, so that none is handed on before its end; None: no text
    came yet."""
    decisions: bool | None = None
    """Whether there is a decisions endpoint; None: not asked yet."""
    formats: Formats = field(default_factory=Formats, compare=False)
    """What worked for a form whose schema the server does not take; it may take that of another."""

    @property
    def tells_logprobs(self) -> bool:
        """Whether asking for log-probabilities is worth a request: gateways send some answers where there are none."""
        return self.logprobs and time.monotonic() >= self.silent_until

    def saw_logprobs(self, *, there: bool) -> None:
        """Learn from an answer for which log-probabilities were asked."""
        if there:
            self.silent = None
        elif self.silent is not None:
            self.silent += 1
            if self.silent >= MOST_SILENT:
                self.silent_until = time.monotonic() + SILENCE_SECONDS

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
            case "seed":
                self.seed = False
            case "stream_options":
                self.stream_usage = False
            case "response_format":
                pass  # a form's own matter: see ``formats``
