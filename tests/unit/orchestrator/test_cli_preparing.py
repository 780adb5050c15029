"""``handrail prepare``: a store is there before anybody works on it, and what it holds stays."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import STORE, done, handrail, run_tickets, working_in

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


def test_a_store_is_made_once_and_read_from_then_on() -> None:
    assert handrail("people", "list", "--store", STORE).exit_code == 2

    first = done("prepare", "--store", STORE)
    again = done("prepare", "--store", STORE)

    assert first == again == "ready: store runs.db, 0 runs\n"
    assert handrail("people", "list", "--store", STORE).exit_code == 0


def test_what_a_store_holds_stays() -> None:
    run_tickets()
    before = done("runs", "list", "--json", "--store", STORE)

    assert json.loads(done("prepare", "--json", "--store", STORE)) == {"store": "runs.db", "ready": True, "runs": 4}
    assert done("runs", "list", "--json", "--store", STORE) == before


def test_a_store_of_an_older_version_is_brought_to_this_one() -> None:
    shutil.copyfile(FIXTURES / "format8" / "store.sqlite", "old.db")

    assert done("prepare", "--store", "sqlite:///old.db").startswith("ready: store old.db, ")
    assert done("runs", "list", "--store", "sqlite:///old.db")


def test_what_is_no_store_is_refused() -> None:
    Path("notes.db").write_text("these are notes\n" * 100)

    refused = handrail("prepare", "--store", "sqlite:///notes.db")

    assert refused.exit_code == 2
    assert Path("notes.db").read_text().startswith("these are notes")
