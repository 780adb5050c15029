"""The store and the engine under test, one after the other."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from handrail_orchestrator.engine import Engine
from handrail_orchestrator.sealing.keys import new_key
from handrail_orchestrator.store import Store, open_store
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows
from tests.contract.engines import ENGINES
from tests.contract.stores import STORES

SLOW = (pytest.mark.slow,)
ON_A_SERVER = (*SLOW, pytest.mark.versions)
"""The server makes a hundred tables for each test, and psycopg talks to it."""

OURS = [pytest.param(name, marks=pytest.mark.ours) for name in STORES if name != "sealed"]
"""SQLite comes with Python."""

SEALED = [pytest.param(name, marks=SLOW) for name in ("sealed", "sealed postgres")]
"""The same stores as the others, with sealed values in them."""


@pytest.fixture(params=[*OURS, pytest.param("postgres", marks=ON_A_SERVER), *SEALED])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param.endswith("postgres"):
        if request.param.startswith("sealed"):
            monkeypatch.setenv("HANDRAIL_KEYS", new_key("spring"))
        monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
        made = open_store(request.getfixturevalue("postgres_store"))
    else:
        made = STORES[request.param](tmp_path)
    yield made
    made.close()


MARKS: dict[str, tuple[pytest.MarkDecorator, ...]] = {"postgres": ON_A_SERVER, "temporal": SLOW}
"""An engine behind a server of its own takes seconds a test."""

PARAMS = [pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES]


@pytest.fixture(params=PARAMS)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    flows.calls.clear()
    flows.stopped.clear()
    flows.flaky_failures = 0
    async with ENGINES[request.param](request, None) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=PARAMS)
async def slow_engine(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Engine]:
    """An engine whose clock the test moves."""
    flows.calls.clear()
    async with ENGINES[request.param](request, clock) as made:
        yield made
