"""The port to whoever watches what models are asked and what they answer, such as telemetry.

Who watches is known to the code that is called inside (a context variable), so that steps need not carry it along.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from handrail_guards.outcome import Attempt, AttemptResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """What one model is asked, its own retries included."""

    task: str
    """The AI step's name."""
    model: str
    """The model's name, such as ``openai:gpt-5-mini``."""
    prompt_version: str
    system: str
    """The instructions; personal data that the step masks is not in them."""
    text: str
    """The input, as the model sees it."""
    is_text: bool
    """Whether the answer is free text; otherwise it is JSON."""
    may_be_kept: bool = True
    """Whether the step lets its input be kept anywhere."""
    server: str = ""
    """Where it is asked, as records may show it; empty: in this process, or nobody says."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What is sent with every question, without secrets: ``temperature``, ``seed``, ``max_output_tokens`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What came of it."""

    result: AttemptResult
    model: str
    """The answer's own name for the model that gave it; empty: there is no answer."""
    raw: str = ""
    """The answer as the model gave it; empty: there is none."""
    attempts: Sequence[Attempt] = ()


class ModelCallWatch(Protocol):
    """One call that is being watched."""

    def chunk(self, seconds: float) -> None:
        """Take note of a piece of a streamed answer, so long after the piece before; never raises."""
        ...

    def replied(self, reply: ModelReply) -> None:
        """Take note of what came of it; never raises."""
        ...

    def broke(self, error: BaseException) -> None:
        """Take note that it was stopped, or broke; never raises."""
        ...


class ModelCallWatcher(Protocol):
    """Watches what models are asked; never raises, and never waits."""

    def asked(self, call: ModelCall) -> ModelCallWatch:
        """Begin to watch a call."""
        ...


_watcher: ContextVar[ModelCallWatcher | None] = ContextVar("handrail_model_calls", default=None)

watch_model_calls = _watcher.set
stop_watching = _watcher.reset
model_call_watcher = _watcher.get
