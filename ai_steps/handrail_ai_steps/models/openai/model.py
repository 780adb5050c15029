"""A model behind OpenAI or an OpenAI-compatible server."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.current_prices import prices_at, tier_of
from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.loading import TRANSPORT, LoadedBackend, load_ahead
from handrail_ai_steps.models.openai.access import Address, Credential, address_of, credential
from handrail_ai_steps.models.openai.clients import GivenClient, KeyFunction
from handrail_ai_steps.models.openai.sent import SentSettings
from handrail_ai_steps.models.openai.settings import (
    PREFIX,
    USUAL_SAMPLES,
    ConfidenceMode,
    ModelSettings,
    PagesShown,
)
from handrail_ai_steps.prices import OPENAI_PRICES, Price, PriceTable

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from handrail_ai_steps.models.openai.backend import Backend
    from handrail_guards.batching import BatchQuestion, BatchReply, BatchServer

KEY_VARIABLE = "OPENAI_API_KEY"
URL_VARIABLE = "OPENAI_BASE_URL"


class OpenAIModel:
    """Answers requests through chat completions with a strict schema, or through the decisions endpoint.

    The confidence comes from the strongest source the server has: decisions endpoint, log-probabilities, votes, the
    model's own word. Nothing a server does raises: it ends in a ``NoAnswer`` with the reason. One object may be used
    from several event loops. Temperature, seed, the limit, effort and extra fields are a part of the prompt version on
    record and of the name that recordings know it by; a server that refuses one of them gives no answer.

    Args:
        name: the name the server knows, such as ``gpt-5-mini``; a leading ``openai:`` is dropped.
        client: an ``AsyncOpenAI`` or ``AsyncAzureOpenAI`` to ask through, in place of an address and a key: it brings
            headers, a proxy, certificates, Azure, a managed identity. Or a function that makes one, which is called for
            each event loop: a client with an ``http_client`` of its own works in one alone. What a function made is
            closed with the model; a client is its owner's to close. Its retries are switched off: ours count.
        base_url: the server; the default is ``OPENAI_BASE_URL``, or the public OpenAI endpoint. A login in it
            (``https://user:password@host/v1``) is sent in place of the key, and shows no more than that.
        api_key: the key, or a function that returns it, awaited where it is asynchronous and called for each request;
            the default is ``OPENAI_API_KEY``.
        temperature: from 0 to 2; None: 0, and 1 for samples that vote, and none for models that think first.
        seed: what answers are drawn with; samples that vote have ``seed``, ``seed + 1`` and so on, each asked for by
            itself.
        max_output_tokens: the most tokens that one answer may take, its thinking included; None: 4,096 to 16,384 by the
            size of the schema, 32,768 for models that think first.
        reasoning_effort: how long a model thinks that thinks first, in the server's words, such as ``low``.
        extra: more fields of each request's body, as JSON data. Values under names such as ``api_key`` are sent, and
            shown nowhere.
        prices: a table, or prices on top of those that are known: with ``genai-prices`` (the extra ``prices``) the
            current ones of the provider at this address, else built-in ones for the public endpoint. A model without a
            price has money ``None``, which is unknown and not zero.
        max_concurrent: requests open at the same time in one event loop, 1 or more; the others wait.
        per_minute: requests started within any minute, the others wait; None: no limit.
        confidence: where it comes from; ``auto`` takes the strongest source.
        samples: answers that vote, where votes are the source; 1: no votes.
        reasks: how often an answer that does not fit the schema is sent back, 0 or more; a step's ``Limits`` may
            allow fewer.
        codes: ask for labels by single-token codes where log-probabilities are the source; False: by their names.
        among_labels: share out the probability among the labels alone, for servers whose log-probabilities are
            from before the schema was enforced. Both are a part of the prompt version on record, so that numbers
            that were had in another way are calibrated apart.
        decisions: whether the decisions endpoint is looked for, where the confidence is ``auto``.
        pages: how the pages of documents (PDF, pictures) are shown: as ``text``, as an ``image``, or as ``both``; it is
            a part of the prompt version on record.
        dpi: how fine the pictures of pages are, 30 to 300 dots per inch.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting with a name of its own, and all but the first have defaults
        self,
        name: str,
        *,
        client: "AsyncOpenAI | Callable[[], AsyncOpenAI] | None" = None,
        base_url: str | None = None,
        api_key: str | KeyFunction | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        max_output_tokens: int | None = None,
        reasoning_effort: str | None = None,
        extra: Mapping[str, Any] | None = None,
        prices: PriceTable | Mapping[str, Price] | None = None,
        max_concurrent: int = 20,
        per_minute: int | None = None,
        confidence: ConfidenceMode = "auto",
        samples: int = USUAL_SAMPLES,
        reasks: int = 2,
        codes: bool = True,
        among_labels: bool = False,
        decisions: bool = True,
        pages: PagesShown = "text",
        dpi: float = 100.0,
    ) -> None:
        """Set up the model; nothing is loaded or asked before the first request.

        Raises:
            ModelNotReady: there is no key, or a setting cannot work.
        """
        model, shown = _names(name)
        through = _client(client, shown, base_url=base_url, api_key=api_key)
        address = address_of(_url(base_url) if through is None else str(through.first.base_url), shown)
        self._settings = ModelSettings(
            model=model,
            address=address,
            client=through,
            key=_key(api_key, model) if through is None else None,
            sent=SentSettings(
                shown=shown,
                temperature=temperature,
                seed=seed,
                max_output_tokens=max_output_tokens,
                reasoning_effort=reasoning_effort,
                extra={} if extra is None else extra,
                query={} if through is None else through.query,
            ),
            prices=_prices(prices, address, tier_of(extra)),
            max_concurrent=max_concurrent,
            per_minute=per_minute,
            confidence=confidence,
            samples=samples,
            reasks=reasks,
            codes=codes,
            among_labels=among_labels,
            decisions=decisions,
            pages=pages,
            dpi=dpi,
        )
        self._settings.seen.add("" if through is None else through.first.api_key)
        self._backend = LoadedBackend(self._loaded)

    @property
    def name(self) -> str:
        """Return the name the record shows, such as ``openai:gpt-5-mini``."""
        return self._settings.shown

    @property
    def full_name(self) -> str:
        """Return the name with the mark of what is sent beside the question: ``openai:gpt-5-mini@1a2b3c4d``."""
        mark = self._settings.sent.mark
        return f"{self._settings.shown}@{mark}" if mark else self._settings.shown

    @property
    def sees_pictures(self) -> bool:
        """Return that pictures are sent; a server whose model does not see refuses them."""
        return True

    @property
    def prices(self) -> PriceTable:
        """Return what it is charged by."""
        return self._settings.prices

    @property
    def server(self) -> str:
        """Return the address of its server, without a login; ``openai`` is the public one."""
        return (self._settings.address.url or "openai").rstrip("/")

    @property
    def settings_told(self) -> Mapping[str, Any]:
        """Return what is sent with every question, without its secrets."""
        return self._settings.sent.told

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer the request within its time and budget, or say why there is no answer."""
        return await self._backend.answer(request)

    @property
    def batch_group(self) -> str:
        """Return what the questions of one batch have in common: the server, and the model there."""
        return f"{self.name} at {self.server}"

    async def batch_question(self, request: ModelRequest) -> "BatchQuestion | NoAnswer":
        """Return a request as a batch holds it, or why it cannot be asked at all."""
        backend = await self._backend.here()
        return await backend.question(request, self.batch_group)

    async def read(self, request: ModelRequest, reply: "BatchReply") -> Answer | NoAnswer:
        """Return the answer that a reply from a batch holds; what is still missing then is asked singly."""
        backend = await self._backend.here()
        return await backend.read(request, reply, request.deadline or Deadline(request.seconds))

    async def batch_server(self) -> "BatchServer":
        """Return who takes batches for it."""
        return (await self._backend.here()).batches

    async def ready(self) -> None:
        """Load what asking needs, which takes a second or more, so that the first request need not."""
        await self._backend.here()

    def _loaded(self) -> "Backend":
        from handrail_ai_steps.models.openai.backend import Backend  # noqa: PLC0415 -- that is the point

        load_ahead("instructor.v2.providers.openai", *TRANSPORT)
        self._settings.prices.price(self._settings.model)
        return Backend(self._settings)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._backend.aclose()

    def __repr__(self) -> str:
        told = "".join(f", {name}={value!r}" for name, value in self._settings.sent.told.items() if name != "query")
        return f"OpenAIModel({self._settings.model!r}{told})"


def _names(name: object) -> tuple[str, str]:
    """Return the name that a server knows a model by, and the one that is shown, from whatever was given for one."""
    if not isinstance(name, str):
        raise ModelNotReady(f"an OpenAI model needs a name, such as OpenAIModel('gpt-5-mini'), not {name!r}")
    model = name.removeprefix(PREFIX)
    return model, f"{PREFIX}{model}"


def _url(base_url: str | None) -> str | None:
    return base_url or os.environ.get(URL_VARIABLE) or None


def _client(given: Any, shown: str, *, base_url: object, api_key: object) -> GivenClient | None:
    """Return what a user gave to ask through, or None.

    Raises:
        ModelNotReady: it is no client, or an address or a key stands beside it.
    """
    if given is None:
        return None
    beside = [name for name, value in (("base_url", base_url), ("api_key", api_key)) if value is not None]
    if beside:
        raise ModelNotReady(f"{shown}: a client brings its own address and key; leave out {' and '.join(beside)}")
    return GivenClient.of(given, shown)


def _key(given: Any, model: str) -> Credential | KeyFunction:
    """Return the key to send.

    Raises:
        ModelNotReady: there is none.
    """
    key = given if given is not None else os.environ.get(KEY_VARIABLE, "")
    if callable(key) and not isinstance(key, type):
        function: KeyFunction = key
        return function
    if not isinstance(key, str):
        raise ModelNotReady(f"{PREFIX}{model}: api_key is a {type(key).__name__}; give text, or a function")
    if not key:
        raise ModelNotReady(
            f"{PREFIX}{model} has no key: set {KEY_VARIABLE} or give OpenAIModel(api_key=...); "
            "for a server that needs none, give any text, such as api_key='none'"
        )
    return credential(key, f"{PREFIX}{model}")


def _prices(given: PriceTable | Mapping[str, Price] | None, address: Address, tier: str) -> PriceTable:
    """Return the price table: a provider's list prices hold where it sends the bill, and nowhere else."""
    if address.is_public:
        return prices_at(given, provider="openai", earlier=OPENAI_PRICES, tier=tier)
    return prices_at(given, address=address.url or "", tier=tier)
