"""Models of two providers on a stub server that speaks both wires."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("anthropic", reason="the provider's library is an extra")
pytest.importorskip("google.genai", reason="the provider's library is an extra")

from handrail_ai_steps.models.instructor.model import InstructorModel
from tests.stub_server import Stub

KEY = "sk-ant-0123456789abcdef"
NAMES = {"anthropic": "anthropic/claude-sonnet-4-5", "google": "google/gemini-2.5-flash"}
MakeProvider = Callable[..., InstructorModel]


@pytest.fixture(scope="module")
def running_wires() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture
def wires(running_wires: Stub) -> Stub:
    running_wires.reset()
    return running_wires


@pytest_asyncio.fixture
async def make(wires: Stub) -> AsyncIterator[MakeProvider]:
    """Build models on the stub, and close them."""
    made: list[InstructorModel] = []

    def build(provider: str = "anthropic", **settings: Any) -> InstructorModel:
        given = {"base_url": wires.url.removesuffix("/v1"), "api_key": KEY, "samples": 1, **settings}
        made.append(InstructorModel(NAMES[provider], **given))
        return made[-1]

    yield build
    for model in made:
        await model.aclose()
