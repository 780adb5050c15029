"""An address or a key that cannot work is told when the model is built, and not taken for a server that is down."""

from collections.abc import Callable
from typing import Any

import pytest

from handrail import OpenAIModel
from handrail.ai_steps import DecisionModel, InstructorModel
from handrail_ai_steps.errors import ModelNotReady

pytestmark = pytest.mark.dear

BUILDERS: dict[str, Callable[..., Any]] = {
    "openai": lambda **given: OpenAIModel("stub-1", **given),
    "decisions": lambda **given: DecisionModel("systemone:stub-1", **given),
    "anthropic": lambda **given: InstructorModel("anthropic/claude-sonnet-4-5", **given),
    "google": lambda **given: InstructorModel("google/gemini-2.5-flash", **given),
}
builders = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


@builders
@pytest.mark.parametrize("key", ["sk-0123456789\n", " sk-0123456789", "sk-01234\r\nX-Other: 1", "sk-0123456789ä"])
def test_a_key_that_no_header_can_hold_is_told_and_not_shown(build: Callable[..., Any], key: str) -> None:
    with pytest.raises(ModelNotReady, match="the key has a line break") as refused:
        build(base_url="http://localhost:9/v1", api_key=key)
    assert "01234" not in str(refused.value)


@builders
@pytest.mark.parametrize(
    "address", ["localhost:8000", "ftp://host/v1", "http:///v1", "http://[::1", "http://host:x/v1"]
)
def test_an_address_that_is_none_of_the_web_is_told(build: Callable[..., Any], address: str) -> None:
    with pytest.raises(ModelNotReady, match="begins with http:// or https://"):
        build(base_url=address, api_key="k")
