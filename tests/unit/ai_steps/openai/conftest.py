"""A stub server that runs for all tests, and models on it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from handrail import OpenAIModel
from tests.stub_server import Stub
from tests.unit.ai_steps.openai.given import KEY, MakeModel


@pytest.fixture(scope="session")
def running_stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture
def stub(running_stub: Stub) -> Stub:
    running_stub.reset()
    return running_stub


@pytest_asyncio.fixture
async def make_model(stub: Stub) -> AsyncIterator[MakeModel]:
    """Build models on the stub, and close them."""
    made: list[OpenAIModel] = []

    def make(name: str = "stub-1", **settings: Any) -> OpenAIModel:
        made.append(OpenAIModel(name, **{"base_url": stub.url, "api_key": KEY, **settings}))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()
