"""A stub server that runs for all tests, and decision models on it."""

from collections.abc import AsyncIterator, Iterator
from threading import Thread
from typing import Any

import pytest
import pytest_asyncio
from jevcompat.mock import MockConfig, make_server

from handrail.ai_steps import DecisionModel
from tests.stub_server import Stub
from tests.unit.ai_steps.decisions.given import Flawed, MakeModel


@pytest.fixture(scope="session")
def running_stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture
def stub(running_stub: Stub) -> Stub:
    running_stub.reset()
    return running_stub


@pytest.fixture(scope="session")
def running_mock() -> Iterator[tuple[MockConfig, str]]:
    """Run a server of decisions as its specification has it; the settings hold what it does wrong."""
    config = MockConfig()
    server = make_server(config)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield config, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def flawed(running_mock: tuple[MockConfig, str]) -> Flawed:
    """Return what gives that server faults, and returns its address."""
    config, url = running_mock

    def with_faults(*faults: str, key: str | None = None, **settings: Any) -> str:
        fresh = MockConfig(key=key, faults=frozenset(faults), **settings)
        for name in ("key", "faults", "sampled", "busy_every", "requests"):
            setattr(config, name, getattr(fresh, name))
        return url

    return with_faults


@pytest.fixture(autouse=True)
def _no_decision_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the keys and addresses of real servers."""
    for name in ("TYPESAFE_API_KEY", "TYPESAFE_BASE_URL", "GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture
async def make_model(stub: Stub) -> AsyncIterator[MakeModel]:
    """Build models on the stub, and close them."""
    made: list[DecisionModel] = []

    def make(name: str = "systemone:stub-1", **settings: Any) -> DecisionModel:
        made.append(DecisionModel(name, **{"base_url": stub.url, **settings}))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()
