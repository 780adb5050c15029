"""Who serves decision models: where, with which key, and in which words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from handrail_ai_steps.closed_questions.keyed_wire import KeyedWire
from handrail_ai_steps.closed_questions.listed_wire import ListedWire
from handrail_ai_steps.closed_questions.wire import Wire

_VERSION = re.compile(r"/v\d\w*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionServer:
    """One kind of server for decision models."""

    public: str
    """The address of the one that everybody can reach, with its version."""
    route: str
    """Where questions go, after the version."""
    url_variable: str
    """The environment variable that names another server."""
    key_variables: tuple[str, ...]
    """The environment variables that hold a key, the first that is set."""
    wire: Callable[[str], Wire]
    """How questions are put; given the step's name."""
    options: int = 255
    """Options of a choice that it takes."""
    levels: int = 10
    """Levels of a score that it takes."""
    key_header: str = "Authorization"
    key_lead: str = "Bearer "

    def endpoint(self, url: str) -> str:
        """Return where questions go at a server: its address may leave out the route, and the version with it."""
        base = url.rstrip("/")
        if base.endswith(self.route):
            return base
        version = "" if _VERSION.search(base) else self.public[self.public.rindex("/") :]
        return f"{base}{version}{self.route}"


PROVIDERS: Mapping[str, DecisionServer] = MappingProxyType({
    "systemone": DecisionServer(
        public="https://api.typesafe.ai/v1",
        route="/systemone",
        url_variable="TYPESAFE_BASE_URL",
        key_variables=("TYPESAFE_API_KEY",),
        wire=lambda _: KeyedWire("state"),
    ),
    "gemini": DecisionServer(
        public="https://generativelanguage.googleapis.com/v1beta",
        route="/decisions",
        url_variable="GEMINI_BASE_URL",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        wire=lambda _: KeyedWire("input", "true_description", "false_description"),
        levels=255,
        key_header="x-goog-api-key",
        key_lead="",
    ),
    "openai": DecisionServer(
        public="https://api.openai.com/v1",
        route="/decisions",
        url_variable="OPENAI_BASE_URL",
        key_variables=("OPENAI_API_KEY",),
        wire=ListedWire,
    ),
})  # fmt: skip
