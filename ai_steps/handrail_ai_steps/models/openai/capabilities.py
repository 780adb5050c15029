"""What a server has been seen to take; learned from what it rejects, and remembered for the next request."""

import time
from dataclasses import dataclass, field
from typing import Literal

from handrail_ai_steps.models.openai.failure import Feature
from handrail_ai_steps.models.openai.formats import Formats

MOST_ALTERNATIVES = 20
FEWER_ALTERNATIVES = 5
MOST_SILENT = 3
"""Answers without log-probabilities after which a server that never gave any is not asked for them again."""
MOST_FAILED = 2
"""Failures of the decisions endpoint in a row after which it is left alone for a while."""
REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3600.0
SILENCE_SECONDS = 600.0
"""How long it is not asked; servers behind a gateway change."""


@dataclass(slots=True)
class Capabilities:
    """What one server takes, as far as it is known; the same for every request to it."""

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
    system: bool = True
    """Whether a message may have the role ``system``."""
    capped: bool = True
    """Whether a limit to the length of an answer may be sent where no budget asks for one."""
    stream_usage: bool = True
    unmarked_reasoning: bool | None = field(default=None, compare=False)
    """Whether texts came whose reasoning has no opening tag, so that none is handed on before its end; None: no text
    came yet."""
    decisions: bool | None = field(default=None, compare=False)
    """Whether there is a decisions endpoint; None: not known yet."""
    decisions_failed: int = field(default=0, compare=False)
    """How often in a row it failed without saying that it is not there."""
    decisions_from: float = field(default=0.0, compare=False)
    """When it may be asked again."""
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

    @property
    def asks_decisions(self) -> bool:
        """Whether the decisions endpoint is worth a request now."""
        return self.decisions is not False and time.monotonic() >= self.decisions_from

    def saw_decisions(self) -> None:
        """Remember that the decisions endpoint answered."""
        self.decisions, self.decisions_failed = True, 0

    def lost_decisions(self, *, at_once: bool) -> None:
        """Leave the decisions endpoint alone for a while after some failures, or after this one; each time longer."""
        self.decisions_failed = max(self.decisions_failed + 1, MOST_FAILED if at_once else 0)
        doubled = self.decisions_failed - MOST_FAILED
        if doubled >= 0:
            self.decisions_from = time.monotonic() + min(LONGEST_REST_SECONDS, REST_SECONDS * 2.0 ** min(doubled, 30))

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
            case "system":
                self.system = False
            case "response_format" | "max_output":
                pass  # a form's own matter, and a request's: see ``formats`` and ``Tries``
