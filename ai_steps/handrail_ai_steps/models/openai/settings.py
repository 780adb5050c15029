"""How one model is asked, fixed when it is built."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai.access import Address, Credential
from handrail_ai_steps.models.openai.clients import GivenClient, KeyFunction, SeenKeys
from handrail_ai_steps.models.openai.sent import SentSettings
from handrail_ai_steps.prices import PriceTable
from handrail_guards.numbers import is_count, is_finite, is_text

ConfidenceMode: TypeAlias = Literal["auto", "logprob", "vote", "stated", "none"]
"""Where the confidence comes from; ``auto`` takes the strongest source the server has."""

PagesShown: TypeAlias = Literal["text", "image", "both"]
"""How the pages of a document are shown to a model."""

USUAL_SAMPLES = 3
"""Answers that vote where nothing else is said."""
LEAST_DPI, MOST_DPI = 30, 300
PREFIX = "openai:"
REASONING = ("o1", "o3", "o4", "gpt-5")
"""Names that begin so belong to models that think first: no log-probabilities, no temperature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How one model is asked.

    Raises:
        ModelNotReady: a setting cannot work.
    """

    model: str
    """The name the server knows."""
    address: Address
    key: Credential | KeyFunction | None
    """None: a client brings its own."""
    prices: PriceTable
    max_concurrent: int
    """Requests open at the same time, 1 or more."""
    per_minute: int | None
    """Requests started within any 60 seconds, 1 or more; None: no limit."""
    confidence: ConfidenceMode
    samples: int
    """Answers asked for when they vote, 1 or more; with 1 there is nothing to vote."""
    reasks: int
    """How often an answer that does not fit the schema is sent back, 0 or more."""
    codes: bool = True
    """Whether labels are asked for by short codes where their log-probabilities are the confidence."""
    among_labels: bool = False
    """Whether probability is shared out among the labels alone."""
    decisions: bool = True
    """Whether the decisions endpoint may be asked, where the confidence is ``auto``."""
    pages: PagesShown = "text"
    """Whether a document's pages are shown as text, as pictures, or as both."""
    dpi: float = 100.0
    """How fine pictures of pages are, in dots per inch."""
    client: GivenClient | None = None
    """What is asked through; None: a client of our own."""
    sent: SentSettings = SentSettings(shown="")  # noqa: RUF009 -- frozen
    """What goes out with every question."""
    seen: SeenKeys = field(default_factory=SeenKeys, compare=False)
    """Keys that are known only once they went out."""

    def __post_init__(self) -> None:
        if not is_text(self.model):
            raise ModelNotReady("an OpenAI model needs a name, such as OpenAIModel('gpt-5-mini')")
        if self.confidence not in get_args(ConfidenceMode):
            modes = ", ".join(map(repr, get_args(ConfidenceMode)))
            raise ModelNotReady(f"{self.shown}: confidence is {self.confidence!r}; give one of {modes}")
        for name, least in (("max_concurrent", 1), ("samples", 1), ("reasks", 0)):
            value: object = getattr(self, name)  # whatever somebody without a type checker gave
            if not is_count(value, least=least):
                raise ModelNotReady(f"{self.shown}: {name} is {value!r}; give a whole number, {least} or more")
        if self.per_minute is not None and not (is_finite(self.per_minute) and self.per_minute >= 1):
            raise ModelNotReady(f"{self.shown}: per_minute is {self.per_minute!r}; give 1 or more, or None")
        for name in ("codes", "among_labels", "decisions"):
            switch: object = getattr(self, name)
            if not isinstance(switch, bool):
                raise ModelNotReady(f"{self.shown}: {name} is {switch!r}; give True or False")
        if self.confidence == "vote" and self.samples < 2:
            raise ModelNotReady(f"{self.shown}: a vote needs samples=2 or more, not {self.samples}")
        if self.confidence == "vote" and self.sent.temperature == 0:
            raise ModelNotReady(
                f"{self.shown}: samples at temperature=0 are one answer again and again, and agree whether it is right"
                " or not; give a temperature above 0, or none"
            )
        self._require_pages()

    def _require_pages(self) -> None:
        if self.pages not in get_args(PagesShown):
            raise ModelNotReady(f"{self.shown}: pages is {self.pages!r}; give 'text', 'image' or 'both'")
        if not (is_finite(self.dpi) and LEAST_DPI <= self.dpi <= MOST_DPI):
            raise ModelNotReady(f"{self.shown}: dpi is {self.dpi!r}; give {LEAST_DPI} to {MOST_DPI}")

    @property
    def shown(self) -> str:
        """Return the name that records show."""
        return f"{PREFIX}{self.model}"

    def scrub(self, text: str) -> str:
        """Return a text without the key and without the login of the address."""
        own = (self.key,) if isinstance(self.key, Credential) else ()
        for secret in (*own, *self.address.hidden, *self.sent.hidden):
            text = secret.scrub(text)
        return self.seen.scrub(text)

    @property
    def renews_key(self) -> bool:
        """Return whether each request asks a function for its key, so that one that ran out is followed by another."""
        return callable(self.key) or (self.client is not None and self.client.renews_key)

    @property
    def reasons(self) -> bool:
        """Return whether the name is that of a model that thinks first."""
        return self.model.startswith(REASONING)
