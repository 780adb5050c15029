"""What is known of a provider before its library is loaded: what brings it, what opens it, who sends the bill."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from handrail_ai_steps.errors import ModelNotReady, UnknownModel

AddressGoes: TypeAlias = Literal["option", "client", "http_options", "nowhere"]
"""How a provider's client takes another address: as an option, set on it once it is made, or not at all."""


@dataclass(frozen=True, slots=True)
class ModelProvider:
    """One provider, as ``instructor.from_provider`` calls it."""

    name: str
    module: str
    """What its client is imported from."""
    brings: str
    """What pip installs for it."""
    keys: tuple[str, ...] = ()
    """Variables that its key is read from; none: it needs none, or finds its own."""
    bills_as: str = ""
    """What lists of prices call it; empty: none does."""
    address: AddressGoes = "nowhere"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the limit of an answer is called."""

    @property
    def takes_texts_alone(self) -> bool:
        """Return whether the options of a field must be texts in its schema."""
        return self.module == "google.genai"

    @property
    def takes_pictures(self) -> bool:
        """Return whether pictures are sent to it as its wire has them; the others are not known well enough."""
        return self.module in {"anthropic", "google.genai", "openai"}

    @property
    def is_told_of_retries(self) -> bool:
        """Return whether each request says that it is not to be sent again, as its client cannot be told."""
        return self.module == "cohere"

    @property
    def answers_as(self) -> str:
        """Return the role of what the model said before."""
        return "model" if self.module == "google.genai" else "assistant"


_OPENAI = "handrail"
_GOOGLE = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_AZURE = ("AZURE_OPENAI_API_KEY",)
_CEREBRAS = "instructor[cerebras-cloud-sdk]"
_KNOWN = (
    ModelProvider("anthropic", "anthropic", "handrail[anthropic]", ("ANTHROPIC_API_KEY",), "anthropic", "client"),
    ModelProvider("google", "google.genai", "handrail[google]", _GOOGLE, "google", "http_options"),
    ModelProvider("generative-ai", "google.genai", "handrail[google]", _GOOGLE, "google"),
    ModelProvider("gemini", "google.generativeai", "google-generativeai", ("GOOGLE_API_KEY",), "google"),
    ModelProvider("openai", "openai", _OPENAI, ("OPENAI_API_KEY",), "openai", "option", "max_completion_tokens"),
    ModelProvider("azure_openai", "openai", _OPENAI, _AZURE, "azure", "nowhere", "max_completion_tokens"),
    ModelProvider("ollama", "openai", _OPENAI, (), "", "option"),
    ModelProvider("anyscale", "openai", _OPENAI, ("ANYSCALE_API_KEY",), "", "option"),
    ModelProvider("together", "openai", _OPENAI, ("TOGETHER_API_KEY",), "together", "option"),
    ModelProvider("databricks", "openai", _OPENAI, ("DATABRICKS_TOKEN", "DATABRICKS_API_KEY"), "databricks", "option"),
    ModelProvider("deepseek", "openai", _OPENAI, ("DEEPSEEK_API_KEY",), "deepseek", "option"),
    ModelProvider("openrouter", "openai", _OPENAI, ("OPENROUTER_API_KEY",), "openrouter", "option"),
    ModelProvider("perplexity", "openai", _OPENAI, ("PERPLEXITY_API_KEY",), "perplexity", "client"),
    ModelProvider("bedrock", "boto3", "instructor[bedrock]", (), "aws"),
    ModelProvider("mistral", "mistralai", "instructor[mistral]", ("MISTRAL_API_KEY",), "mistral"),
    ModelProvider("groq", "groq", "instructor[groq]", ("GROQ_API_KEY",), "groq", "client"),
    ModelProvider("cohere", "cohere", "instructor[cohere]", ("COHERE_API_KEY", "CO_API_KEY"), "cohere"),
    ModelProvider("cerebras", "cerebras.cloud.sdk", _CEREBRAS, ("CEREBRAS_API_KEY",), "cerebras", "client"),
    ModelProvider("fireworks", "fireworks", "instructor[fireworks-ai]", ("FIREWORKS_API_KEY",), "fireworks"),
    ModelProvider("writer", "writerai", "instructor[writer]", ("WRITER_API_KEY",), "", "client"),
    ModelProvider("litellm", "litellm", "instructor[litellm]", (), "litellm"),
)  # fmt: skip

PROVIDERS: Mapping[str, ModelProvider] = MappingProxyType({each.name: each for each in _KNOWN})


ASKED_OTHERWISE: Mapping[str, str] = {
    "xai": "instructor does not say what its answers took: ask it as OpenAIModel(NAME, base_url='https://api.x.ai/v1')",
    "vertexai": "it is Google's: InstructorModel('google/NAME', options={'vertexai': True, 'project': ..., 'location':"
    " ...})",
}
"""What instructor knows and we do not ask through it, and the way that works."""


def provider_of(name: str) -> ModelProvider:
    """Return a provider by its name.

    Raises:
        UnknownModel: there is none of that name.
    """
    found = PROVIDERS.get(name)
    if name in ASKED_OTHERWISE:
        raise UnknownModel(f"instructor:{name}/… is not asked so; {ASKED_OTHERWISE[name]}")
    if found is None:
        raise UnknownModel(
            f"instructor knows no provider {name!r}; write instructor:PROVIDER/MODEL with one of"
            f" {', '.join(sorted(PROVIDERS))}"
        )
    return found


def require_library(provider: ModelProvider) -> None:
    """Check that a provider's library is installed, without loading it.

    Raises:
        ModelNotReady: it is not; the message says what brings it.
    """
    try:
        found = importlib.util.find_spec(provider.module) is not None
    except ModuleNotFoundError:  # the package around it
        found = False
    if not found:
        raise ModelNotReady(
            f"instructor:{provider.name}/… needs {provider.module}, which is not installed: pip install"
            f' "{provider.brings}"'
        )


def own_key(provider: ModelProvider, options: Mapping[str, object]) -> str:
    """Return the key that a provider's variables hold, where they are to hold one; Vertex AI knows who asks.

    Raises:
        ModelNotReady: they hold none.
    """
    key = next((found for name in provider.keys if (found := os.environ.get(name))), "")
    if provider.keys and not key and not options.get("vertexai"):
        raise ModelNotReady(
            f"instructor:{provider.name}/… has no key: set {' or '.join(provider.keys)}, or give"
            " InstructorModel(api_key=...)"
        )
    return key
