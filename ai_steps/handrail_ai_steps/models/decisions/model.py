"""A model that answers closed questions with a probability for every option, and writes nothing."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.closed_questions.question import OpenQuestion, closed_questions
from handrail_ai_steps.errors import InvalidTask, ModelNotReady
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.decisions.provider import PROVIDERS, DecisionServer
from handrail_ai_steps.models.decisions.settings import DecisionSettings
from handrail_ai_steps.models.loading import TRANSPORT, LoadedBackend, load_ahead
from handrail_ai_steps.models.openai.access import Credential, address_of, credential
from handrail_ai_steps.output import Output
from handrail_ai_steps.prices import Price, PriceTable

if TYPE_CHECKING:
    from handrail_ai_steps.models.decisions.backend import DecisionBackend

FIRST = "systemone"
"""Who serves a name without one."""


class DecisionModel:
    """Answers closed questions (yes or no, a label, a level, a record of such fields) by a probability for each option.

    All fields of a record are asked in one request. The confidence is the probability of the likeliest option, as the
    server's probabilities have it; what a server calls ``confidence`` is not read, as servers mean five things by it.
    Probabilities that are no distribution are no answer. Nothing a server does raises. One object may be used from
    several event loops.

    Args:
        name: who serves it and the name the server knows: ``systemone:jev-latest`` (any server with
            ``POST /v1/systemone``), ``gemini:gemini-decision-1``, ``openai:gpt-6-luna``.
        base_url: the server, with or without its version and route; the default is the environment's
            (``TYPESAFE_BASE_URL``, ``GEMINI_BASE_URL``, ``OPENAI_BASE_URL``), or the public one.
        api_key: the default is the environment's (``TYPESAFE_API_KEY``, ``GEMINI_API_KEY``, ``OPENAI_API_KEY``), which
            goes to the default server alone; another one gets the key that is given here, or none.
        prices: what it charges; without, money is ``None``, which is unknown and not zero.
        max_concurrent: requests open at the same time in one event loop, 1 or more; the others wait.
        per_minute: requests started within any minute, the others wait; None: no limit.
        most_options: options of a choice that the server takes; more are asked for in groups, and then for one of those
            that won theirs. None: 255.
        most_levels: levels of a score that the server takes; more are asked for as a choice. None: 10 (Gemini: 255).
        together: whether all questions go in one request; False: each by itself, for servers where one question's
            answer depends on the others.
        trust_certainty: whether probabilities that all are 0 or 1 are believed, for servers that round; else they say
            what was drawn and are no confidence. This, ``together`` and groups are parts of the prompt version on
            record.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting with a name of its own, and all but the first have defaults
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        prices: PriceTable | Mapping[str, Price] | None = None,
        max_concurrent: int = 20,
        per_minute: int | None = None,
        most_options: int | None = None,
        most_levels: int | None = None,
        together: bool = True,
        trust_certainty: bool = False,
    ) -> None:
        """Set up the model; nothing is loaded or asked before the first request.

        Raises:
            ModelNotReady: there is no key where one is needed, or a setting cannot work.
        """
        prefix, model = _named(name)
        provider = PROVIDERS[prefix]
        shown = f"{prefix}:{model}"
        default = os.environ.get(provider.url_variable) or provider.public
        self._settings = DecisionSettings(
            shown=shown,
            model=model,
            provider=provider,
            address=address_of(base_url or default, shown),
            key=_key(api_key, shown, provider, is_default=not base_url),
            prices=_prices(prices, shown),
            max_concurrent=max_concurrent,
            per_minute=per_minute,
            most_options=provider.options if most_options is None else most_options,
            most_levels=provider.levels if most_levels is None else most_levels,
            together=together,
            trust_certainty=trust_certainty,
        )
        self._backend = LoadedBackend(self._loaded)

    @property
    def name(self) -> str:
        """Return the name the record shows, such as ``systemone:jev-latest``."""
        return self._settings.shown

    @property
    def server(self) -> str:
        """Return the address of its server, without a login."""
        return self._settings.where

    def check_output(self, output: Output, /) -> None:
        """Check that what is asked for is one of a few that are known before.

        Raises:
            InvalidTask: it is open, or has more options than the server takes.
        """
        asked = closed_questions(output.labels, output.json_schema, self._settings.taken)
        if isinstance(asked, OpenQuestion):
            raise InvalidTask(
                f"the decision model {self.name} answers closed questions alone (yes or no, a label, a level, a record "
                f"of such fields): {asked.reason}"
            )

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer the request within its time and budget, or say why there is no answer."""
        return await self._backend.answer(request)

    def _loaded(self) -> "DecisionBackend":
        from handrail_ai_steps.models.decisions.backend import DecisionBackend  # noqa: PLC0415 -- that is the point

        load_ahead(*TRANSPORT)
        return DecisionBackend(self._settings)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._backend.aclose()

    def __repr__(self) -> str:
        return f"DecisionModel({self.name!r})"


def _named(given: Any) -> tuple[str, str]:
    """Return who serves a model, and the name it has there.

    Raises:
        ModelNotReady: it is no name.
    """
    prefix, colon, model = given.partition(":") if isinstance(given, str) else ("", "", "")
    if prefix not in PROVIDERS:  # names of some servers have colons of their own
        prefix, model = FIRST, f"{prefix}{colon}{model}"
    if not model.strip():
        raise ModelNotReady(
            f"a decision model needs a name, such as DecisionModel('systemone:jev-latest'), not {given!r}"
        )
    return prefix, model


def _key(given: Any, shown: str, provider: DecisionServer, *, is_default: bool) -> Credential | None:
    """Return the key to send: the environment's is for the environment's server, and nobody else learns it.

    Raises:
        ModelNotReady: there is none, and the server is one that everybody can reach.
    """
    if given is not None and not isinstance(given, str):
        raise ModelNotReady(f"{shown}: api_key is a {type(given).__name__}; give text")
    found = [os.environ[each] for each in provider.key_variables if os.environ.get(each)] if is_default else []
    key = given or (found[0] if found else "")
    if not key and is_default and not os.environ.get(provider.url_variable):
        raise ModelNotReady(
            f"{shown} has no key: set {provider.key_variables[0]} or give DecisionModel(api_key=...); for a server of "
            f"your own give base_url=..., or set {provider.url_variable}"
        )
    return credential(key, shown) if key else None


def _prices(given: PriceTable | Mapping[str, Price] | None, shown: str) -> PriceTable:
    if isinstance(given, PriceTable):
        return given
    table: object = {} if given is None else given  # whatever somebody without a type checker gave
    if not isinstance(table, Mapping) or not all(isinstance(each, Price) for each in table.values()):
        raise ModelNotReady(f"{shown}: prices is {given!r}; give a PriceTable, or a Price for each model's name")
    return PriceTable(table)
