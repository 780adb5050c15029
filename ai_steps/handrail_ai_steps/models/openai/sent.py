"""What a user has sent with every question beside the question itself: checked, and known by a mark that records show.

Whatever changes how answers are drawn changes what their confidence means. So the mark is a part of the version that an
acceptance file and a recording are tied to. Secrets among the extra fields are sent, and are in no mark and no record.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai.access import HIDDEN, Credential
from handrail_ground.hashing import hash_of_data
from handrail_guards.numbers import is_count, is_finite

MARK_DIGITS = 8
MOST_TEMPERATURE = 2.0
MOST_SEED = 2**63
"""Servers hold a seed in 64 bits."""
LEAST_SECRET = 6
"""Characters from which on a secret is hidden wherever it stands: a shorter one is a part of too many words."""
DEEPEST = 20
"""Levels of fields within extra fields."""

OWN: Mapping[str, str] = MappingProxyType(
    {
        "model": "it is the model's name",
        "messages": "they are the step's",
        "response_format": "it is the step's output type",
        "temperature": "give temperature=",
        "seed": "give seed=",
        "max_tokens": "give max_output_tokens=",
        "max_completion_tokens": "give max_output_tokens=",
        "max_output_tokens": "give max_output_tokens=",
        "reasoning_effort": "give reasoning_effort=",
        "n": "give samples=",
        "logprobs": "give confidence='logprob'",
        "top_logprobs": "give confidence='logprob'",
        "stream": "call step.stream",
        "stream_options": "call step.stream",
        "tools": "a step asks for data, not for calls",
        "tool_choice": "a step asks for data, not for calls",
        "parallel_tool_calls": "a step asks for data, not for calls",
        "functions": "a step asks for data, not for calls",
        "function_call": "a step asks for data, not for calls",
        "extra_body": "give its fields themselves",
        "extra_headers": "give client=AsyncOpenAI(default_headers=...)",
        "extra_query": "give client=AsyncOpenAI(default_query=...)",
        "timeout": "give the step limits=Limits(seconds=...)",
    }
)
"""Fields of a request that are ours or have a setting of their own, and what to do instead."""

_EFFORT = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SECRET = re.compile(
    r"(?i)^(api|access|account|auth|private|signing|subscription)?[ _-]?key$|(api|access|private|secret)[ _-]?key"
    r"|^token$|(access|api|auth|bearer|id|refresh|security|session)[ _-]?token$"
    r"|secret|passw|passphrase|credential|authorization|cookie"
)
_QUOTED = "['\"`‘“]{0}['\"`’”]"


@dataclass(frozen=True, kw_only=True)
class SentSettings:
    """The settings of one model that go out with every question; None: the server's own, or ours.

    Raises:
        ModelNotReady: one of them cannot be sent, or is sent already.
    """

    shown: str
    """The model's name, for errors."""
    temperature: float | None = None
    seed: int | None = None
    max_output_tokens: int | None = None
    """The most tokens of an answer, its thinking included."""
    reasoning_effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the request's body, as JSON data."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What the client adds to every address, such as Azure's api-version."""
    taken: Mapping[str, str] = field(default_factory=lambda: OWN, repr=False)
    """Fields that are no extra ones, and what to do instead."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not (
            is_finite(self.temperature) and 0.0 <= self.temperature <= MOST_TEMPERATURE
        ):
            raise self._wrong("temperature", self.temperature, f"a number from 0 to {MOST_TEMPERATURE:g}, or None")
        if self.seed is not None and not (is_count(self.seed, least=-MOST_SEED) and self.seed < MOST_SEED):
            raise self._wrong("seed", self.seed, "a whole number of 64 bits, or None")
        if self.max_output_tokens is not None and not is_count(self.max_output_tokens, least=1):
            raise self._wrong("max_output_tokens", self.max_output_tokens, "a whole number, 1 or more, or None")
        effort: object = self.reasoning_effort
        if effort is not None and not (isinstance(effort, str) and _EFFORT.fullmatch(effort)):
            raise self._wrong("reasoning_effort", effort, "a word that the server knows, such as 'low', or None")
        object.__setattr__(self, "extra", MappingProxyType(self._copied(self.extra)))

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """Return what is set, by name, with the secrets hidden: as a repr may show it."""
        names = ("temperature", "seed", "max_output_tokens", "reasoning_effort")
        told = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.extra:
            told["extra"] = _without_secrets(dict(self.extra))
        return told | ({"query": _without_secrets(dict(self.query))} if self.query else {})

    @cached_property
    def mark(self) -> str:
        """Return what changes with everything that is sent, but for secrets; empty when nothing is set."""
        return hash_of_data(_numbers_alike(self.told), digits=MARK_DIGITS) if self.told else ""

    @cached_property
    def asked_as(self) -> str:
        """Return the mark as a part of a prompt version."""
        return f"sent-{self.mark}" if self.mark else ""

    @cached_property
    def hidden(self) -> tuple[Credential, ...]:
        """Return the secrets among the extra fields and in the addresses."""
        found = {*_secrets(dict(self.extra)), *_secrets(dict(self.query))}
        return tuple(map(Credential, sorted(found, key=len, reverse=True)))

    def refused_in(self, reason: str, param: str) -> str:
        """Return which of the settings a server's error speaks of, as it was given; empty: of none."""
        for name, value in {**self.told, **self.told.get("extra", {})}.items():
            if name in {"extra", "query"}:
                continue
            plain = re.escape(name)
            # An everyday word, such as user, is only taken for the field where it is quoted.
            loose = "_" in name or name in {"temperature", "seed"}
            pattern = rf"(?<![\w.]){plain}(?!\w)" if loose else _QUOTED.format(plain)
            wire = {"max_output_tokens": r"|\bmax_(completion_)?tokens\b"}.get(name, "")
            if param.partition(".")[0] == name or re.search(pattern + wire, reason):
                given = f"extra={{{name!r}: {value!r}}}" if name in self.extra else f"{name}={value!r}"
                return given if len(given) <= 200 else f"{given[:200]}…"
        return ""

    def _copied(self, given: Any) -> dict[str, Any]:
        """Return the extra fields as they are sent: a later change of what was given changes nothing."""
        if given is None:
            return {}
        if not isinstance(given, Mapping) or not all(isinstance(name, str) and name for name in given):
            raise self._wrong("extra", given, "more fields of the request by name, as {'service_tier': 'flex'}")
        for name in given:
            if name in self.taken:
                raise ModelNotReady(f"{self.shown}: extra has {name!r}, which is sent already: {self.taken[name]}")
        try:
            text = json.dumps(dict(given), allow_nan=False, ensure_ascii=False)
            copied: dict[str, Any] = json.loads(text.encode())  # half of a character can be neither sent nor hashed
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelNotReady(f"{self.shown}: extra is no JSON data ({error}); give texts and numbers") from None
        if _depth(copied) > DEEPEST:
            raise ModelNotReady(f"{self.shown}: extra is nested more than {DEEPEST} levels deep")
        return copied

    def _wrong(self, name: str, value: object, expected: str) -> ModelNotReady:
        return ModelNotReady(f"{self.shown}: {name} is {value!r}; give {expected}")


def is_secret(name: str) -> bool:
    """Return whether a field's name says that its value opens something."""
    return bool(_SECRET.search(name))


def _without_secrets(data: Any) -> Any:
    match data:
        case dict():
            return {name: HIDDEN if is_secret(name) else _without_secrets(each) for name, each in data.items()}
        case list():
            return [_without_secrets(each) for each in data]
        case _:
            return data


def _secrets(data: Any, *, inside: bool = False) -> Iterator[str]:
    match data:
        case dict():
            for name, each in data.items():
                yield from _secrets(each, inside=inside or is_secret(name))
        case list():
            for each in data:
                yield from _secrets(each, inside=inside)
        case str() if inside and len(data) >= LEAST_SECRET:
            yield data
        case _:
            pass


def _numbers_alike(data: Any) -> Any:
    """Return data in which 1 and 1.0 are the same number, as they are to a server."""
    match data:
        case bool():
            return data
        case float() if data.is_integer():
            return int(data)
        case Mapping():
            return {name: _numbers_alike(each) for name, each in data.items()}
        case list():
            return [_numbers_alike(each) for each in data]
        case _:
            return data


def _depth(data: Any) -> int:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + max(map(_depth, inner), default=0)
