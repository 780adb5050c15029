"""How one model of a provider is asked, fixed when it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.instructor.providers import ModelProvider
from handrail_ai_steps.models.openai.access import Address
from handrail_ai_steps.models.openai.clients import SeenKeys
from handrail_ai_steps.models.openai.sent import OWN, SentSettings
from handrail_ai_steps.prices import PriceTable
from handrail_guards.numbers import is_count, is_finite, is_text

PREFIX = "instructor:"

ProviderConfidence: TypeAlias = Literal["auto", "vote", "stated", "none"]
"""Where the confidence comes from; ``auto`` votes, or with one sample asks for the model's word."""

AnswersBy: TypeAlias = Literal["tools", "json", "json_schema", "md_json"]
"""How a provider is asked for data: as a call of a tool, or as text that is JSON."""

_STEPS = ("response_model", "max_retries", "hooks", "context", "validation_context", "strict", "token_budget")
TAKEN: Mapping[str, str] = MappingProxyType(
    dict(OWN)
    | dict.fromkeys(_STEPS, "instructor has it from the step")
    | dict.fromkeys(("system", "contents"), "it is the step's")
    | {"cache": "record the answers with RecordedModel"}
)
"""Fields that are no extra ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """How one model is asked.

    Raises:
        ModelNotReady: a setting cannot work.
    """

    provider: ModelProvider
    model: str
    """The name the provider knows."""
    address: Address
    key: str = field(repr=False)
    prices: PriceTable
    sent: SentSettings
    client: Any = None
    """What is asked through, or what makes one for each event loop; None: what ``from_provider`` makes."""
    answers_by: AnswersBy | None = None
    """None: as instructor asks this provider by itself."""
    confidence: ProviderConfidence
    samples: int
    reasks: int
    max_concurrent: int
    per_minute: int | None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What ``from_provider`` is given beside: a region, a project."""
    seen: SeenKeys = field(default_factory=SeenKeys, compare=False)

    def __post_init__(self) -> None:
        if not is_text(self.model):
            raise ModelNotReady("a model needs a name, such as InstructorModel('anthropic/claude-sonnet-4-5')")
        for name, kinds in (("confidence", ProviderConfidence), ("answers_by", AnswersBy)):
            value: object = getattr(self, name)
            if value not in get_args(kinds) and not (name == "answers_by" and value is None):
                known = ", ".join(map(repr, get_args(kinds)))
                raise ModelNotReady(f"{self.shown}: {name} is {value!r}; give one of {known}")
        for name, least in (("max_concurrent", 1), ("samples", 1), ("reasks", 0)):
            number: object = getattr(self, name)
            if not is_count(number, least=least):
                raise ModelNotReady(f"{self.shown}: {name} is {number!r}; give a whole number, {least} or more")
        if self.per_minute is not None and not (is_finite(self.per_minute) and self.per_minute >= 1):
            raise ModelNotReady(f"{self.shown}: per_minute is {self.per_minute!r}; give 1 or more, or None")
        if self.votes and self.samples < 2:
            raise ModelNotReady(f"{self.shown}: a vote needs samples=2 or more, not {self.samples}")
        if self.votes and self.sent.temperature == 0:
            raise ModelNotReady(
                f"{self.shown}: samples at temperature=0 are one answer again and again, and agree whether it is right"
                " or not; give a temperature above 0, or none, or confidence='stated'"
            )

    @property
    def shown(self) -> str:
        """Return the name that records show."""
        return f"{PREFIX}{self.provider.name}/{self.model}"

    @property
    def votes(self) -> bool:
        """Return whether several answers vote, where a confidence is wanted."""
        return self.confidence == "vote" or (self.confidence == "auto" and self.samples > 1)

    def scrub(self, text: str) -> str:
        """Return a text without the keys, and without the login of the address."""
        for secret in (*self.address.hidden, *self.sent.hidden):
            text = secret.scrub(text)
        return self.seen.scrub(text)


Maker: TypeAlias = Callable[[], Any]
"""Makes a client of instructor's."""
