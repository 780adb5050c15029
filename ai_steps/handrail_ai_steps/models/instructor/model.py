"""A model of any provider that instructor knows."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.current_prices import prices_at, tier_of
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.instructor.providers import ModelProvider, own_key, provider_of, require_library
from handrail_ai_steps.models.instructor.settings import (
    PREFIX,
    TAKEN,
    AnswersBy,
    ProviderConfidence,
    ProviderSettings,
)
from handrail_ai_steps.models.loading import TRANSPORT, LoadedBackend, load_ahead
from handrail_ai_steps.models.openai.access import address_of, credential
from handrail_ai_steps.models.openai.sent import SentSettings, is_secret
from handrail_ai_steps.models.openai.settings import USUAL_SAMPLES
from handrail_ai_steps.prices import Price, PriceTable

if TYPE_CHECKING:
    from instructor import AsyncInstructor

    from handrail_ai_steps.models.instructor.backend import ProviderBackend


class InstructorModel:
    """Answers requests through ``instructor.from_provider``: Anthropic, Google, Bedrock, Mistral, Groq, Ollama, others.

    The confidence is the share of several answers that agree, or the model's own word: providers give instructor no
    log-probabilities. Nothing a provider does raises: it ends in a ``NoAnswer`` with the reason. Retries are ours
    alone; those of instructor and of the provider's library are switched off.

    Args:
        name: provider and model, such as ``anthropic/claude-sonnet-4-5``; a leading ``instructor:`` is dropped.
        client: an asynchronous client of instructor's in place of a key, for one event loop; or a function that makes
            one, which is called for each.
        api_key: the default is the provider's own variable, such as ``ANTHROPIC_API_KEY``.
        base_url: another address than the provider's.
        options: what ``from_provider`` takes beside for this provider, such as ``{"region": "eu-central-1"}``.
        prices: a table, or prices on top of the current ones (the extra ``prices``).
        temperature: from 0 to 2; None: the provider's own.
        seed: what answers are drawn with, where the provider takes one.
        max_output_tokens: the most tokens of an answer; None: 4,096 to 16,384 by the size of the schema.
        reasoning_effort: how long a model thinks that thinks first, where the provider takes it.
        extra: more of what the provider's client takes with a request, such as ``{"top_k": 5}``.
        answers_by: how data is asked for: as a call of a tool (``tools``), or as JSON; None: as instructor does it.
        confidence: ``vote``, ``stated`` or ``none``; ``auto`` votes, and with one sample asks for the model's word.
        samples: answers that vote.
        reasks: how often an answer that does not fit is sent back; a step's ``Limits`` may allow fewer.
        max_concurrent: requests open at the same time in one event loop.
        per_minute: requests started within any minute; None: no limit.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting with a name of its own, and all but the first have defaults
        self,
        name: str,
        *,
        client: "AsyncInstructor | Callable[[], AsyncInstructor] | None" = None,
        api_key: str | None = None,
        base_url: str | None = None,
        options: Mapping[str, Any] | None = None,
        prices: PriceTable | Mapping[str, Price] | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        max_output_tokens: int | None = None,
        reasoning_effort: str | None = None,
        extra: Mapping[str, Any] | None = None,
        answers_by: AnswersBy | None = None,
        confidence: ProviderConfidence = "auto",
        samples: int = USUAL_SAMPLES,
        reasks: int = 2,
        max_concurrent: int = 20,
        per_minute: int | None = None,
    ) -> None:
        """Set up the model; nothing is loaded or asked before the first request.

        Raises:
            UnknownModel: instructor knows no such provider.
            ModelNotReady: its library or key is missing, or a setting cannot work.
        """
        provider_name, model = _parts_of(name)
        provider = provider_of(provider_name)
        billed = "" if base_url else provider.bills_as
        shown = f"{PREFIX}{provider_name}/{model}"
        _require_ways(client, shown, provider, api_key=api_key, base_url=base_url, options=options)
        self._settings = ProviderSettings(
            provider=provider,
            model=model,
            address=address_of(base_url or None, shown),
            key=_key(api_key or own_key(provider, options or {}), shown) if client is None else "",
            prices=prices_at(prices, provider=billed, address=base_url or "", tier=tier_of(extra)),
            sent=SentSettings(
                shown=shown,
                temperature=temperature,
                seed=seed,
                max_output_tokens=max_output_tokens,
                reasoning_effort=reasoning_effort,
                extra={} if extra is None else extra,
                taken=TAKEN,
            ),
            client=client,
            answers_by=answers_by,
            confidence=confidence,
            samples=samples,
            reasks=reasks,
            max_concurrent=max_concurrent,
            per_minute=per_minute,
            options={} if options is None else dict(options),
        )
        for secret in (self._settings.key, *_secrets(self._settings.options)):
            self._settings.seen.add(secret)
        self._backend = LoadedBackend(self._loaded)

    @property
    def name(self) -> str:
        """Return the name the record shows, such as ``instructor:anthropic/claude-sonnet-4-5``."""
        return self._settings.shown

    @property
    def full_name(self) -> str:
        """Return the name with the mark of what is sent beside the question."""
        mark = self._settings.sent.mark
        return f"{self._settings.shown}@{mark}" if mark else self._settings.shown

    @property
    def server(self) -> str:
        """Return the address of its server, or the name of the provider where that is its own."""
        return (self._settings.address.url or self._settings.provider.name).rstrip("/")

    @property
    def sees_pictures(self) -> bool:
        """Return whether pictures are sent to its provider."""
        return self._settings.provider.takes_pictures

    @property
    def prices(self) -> PriceTable:
        """Return what it is charged by."""
        return self._settings.prices

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer the request within its time and budget, or say why there is no answer.

        Raises:
            ModelNotReady: the provider's client cannot be made.
        """
        return await self._backend.answer(request)

    async def ready(self) -> None:
        """Load what asking needs, which takes a second or more, so that the first request need not."""
        await self._backend.here()

    def _loaded(self) -> "ProviderBackend":
        from handrail_ai_steps.models.instructor.backend import ProviderBackend  # noqa: PLC0415 -- that is the point

        load_ahead(*TRANSPORT)
        self._settings.prices.price(self._settings.model)
        return ProviderBackend(self._settings)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._backend.aclose()

    def __repr__(self) -> str:
        told = "".join(f", {name}={value!r}" for name, value in self._settings.sent.told.items())
        return f"InstructorModel({self._settings.shown.removeprefix(PREFIX)!r}{told})"


def _parts_of(name: object) -> tuple[str, str]:
    """Return the provider and the model that a name, or whatever was given for one, tells of."""
    said = name.removeprefix(PREFIX) if isinstance(name, str) else ""
    provider, slash, model = said.partition("/")
    if not slash:
        raise ModelNotReady(
            f"a model is named with its provider, such as InstructorModel('anthropic/claude-sonnet-4-5'), not {name!r}"
        )
    return provider, model


def _require_ways(
    client: object, shown: str, provider: ModelProvider, *, api_key: object, base_url: object, options: object
) -> None:
    """Check how a provider is to be reached.

    Raises:
        ModelNotReady: it cannot be so.
    """
    require_library(provider)
    beside = [name for name, value in (("api_key", api_key), ("base_url", base_url), ("options", options)) if value]
    if client is not None and beside:
        raise ModelNotReady(f"{shown}: a client brings its own; leave out {' and '.join(beside)}")
    if client is not None and isinstance(client, str | int | float | Mapping):
        raise ModelNotReady(
            f"{shown}: client is a {type(client).__name__}; give a client of instructor's, or a function that makes one"
        )
    if api_key is not None and not isinstance(api_key, str):
        raise ModelNotReady(f"{shown}: api_key is a {type(api_key).__name__}; give text")
    if options is not None and not isinstance(options, Mapping):
        raise ModelNotReady(f"{shown}: options is {type(options).__name__}; give them by name")
    if base_url and provider.address == "nowhere":
        raise ModelNotReady(f"{shown}: instructor's client for it takes no address; give client=... with its own")


def _secrets(options: Mapping[str, Any]) -> list[str]:
    return [value for name, value in options.items() if is_secret(name) and isinstance(value, str)]


def _key(key: str, shown: str) -> str:
    """Return a key that can be sent; some providers have none.

    Raises:
        ModelNotReady: it cannot.
    """
    return credential(key, shown).reveal() if key else ""
