"""The store under test, one after the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail_orchestrator.store import Store
from tests.contract.stores import STORES


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()
