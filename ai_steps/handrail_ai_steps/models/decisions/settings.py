"""How one decision model is asked, fixed when it is built."""

from dataclasses import dataclass

from handrail_ai_steps.closed_questions.question import Taken
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.decisions.provider import DecisionServer
from handrail_ai_steps.models.openai.access import Address, Credential
from handrail_ai_steps.prices import PriceTable
from handrail_guards.numbers import is_count, is_finite


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSettings:
    """How one decision model is asked.

    Raises:
        ModelNotReady: a setting cannot work.
    """

    shown: str
    """The name that records show."""
    model: str
    """The name the server knows."""
    provider: DecisionServer
    address: Address
    key: Credential | None
    """None: the server takes none."""
    prices: PriceTable
    max_concurrent: int
    per_minute: int | None
    most_options: int
    most_levels: int
    together: bool
    trust_certainty: bool

    def __post_init__(self) -> None:
        for name, least in (("max_concurrent", 1), ("most_options", 2), ("most_levels", 2)):
            value: object = getattr(self, name)  # whatever somebody without a type checker gave
            if not is_count(value, least=least):
                raise ModelNotReady(f"{self.shown}: {name} is {value!r}; give a whole number, {least} or more")
        if self.per_minute is not None and not (is_finite(self.per_minute) and self.per_minute >= 1):
            raise ModelNotReady(f"{self.shown}: per_minute is {self.per_minute!r}; give 1 or more, or None")
        for name in ("together", "trust_certainty"):
            switch: object = getattr(self, name)
            if not isinstance(switch, bool):
                raise ModelNotReady(f"{self.shown}: {name} is {switch!r}; give True or False")

    @property
    def taken(self) -> Taken:
        """Return how much the server takes of one question; options that are too many go in two rounds."""
        return Taken(options=self.most_options, levels=self.most_levels, rounds=2)

    @property
    def where(self) -> str:
        """Return the server's address, as records may show it."""
        return (self.address.url or "").rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        """Return what opens the server."""
        if self.address.authorization is not None:
            return {"Authorization": self.address.authorization.reveal()}
        if self.key is None:
            return {}
        return {self.provider.key_header: f"{self.provider.key_lead}{self.key.reveal()}"}

    def scrub(self, text: str) -> str:
        """Return a text without the key and without the login of the address."""
        for secret in (*((self.key,) if self.key is not None else ()), *self.address.hidden):
            text = secret.scrub(text)
        return text
