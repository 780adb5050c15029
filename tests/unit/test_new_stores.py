"""What tests are given as a new store is what the product makes."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handrail_orchestrator.store import open_store
from tests.new_stores import copied, made_anew


@pytest.mark.parametrize("address", ["sqlite:///{}/{}.db", "sqlite:///:memory:"])
def test_a_copied_store_is_what_the_product_makes(address: str, tmp_path: Path) -> None:
    with copied():
        copy = told_of(address.format(tmp_path, "copied"))
        with made_anew():
            made = told_of(address.format(tmp_path, "made"))

    assert copy == made
    assert made[0][1]


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with copied():
        assert told_of(f"sqlite:///{tmp_path / 'empty.db'}") == told_of(f"sqlite:///{tmp_path / 'new.db'}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty.db", "new.db"]


def told_of(address: str) -> list[tuple[str, Any]]:
    """Return the tables of a store with what is in them, and what its file says of itself."""
    with closing(open_store(address)) as store:
        writing: Any = store.prepare_to_write()
        schema = writing.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        tables = [name for kind, name, _ in schema if kind == "table"]
        rows = [(name, writing.execute(f"SELECT * FROM {name}").fetchall()) for name in tables]  # noqa: S608 -- names
        pragmas = ("application_id", "user_version", "page_size", "encoding", "auto_vacuum", "journal_mode")
        told = [(each, writing.execute(f"PRAGMA {each}").fetchone()[0]) for each in pragmas]
    return [("schema", schema), ("rows", rows), *told]
