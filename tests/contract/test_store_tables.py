"""Both databases have the same tables, so that a statement and a copy fit each of them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from handrail_orchestrator.store import open_store

TABLES_OF_A_FILE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
INDEXES_OF_A_FILE = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
COLUMNS_OF_A_SERVER = """
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()
"""
INDEXES_OF_A_SERVER = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"


@contextmanager
def asking(url: str) -> Iterator[Any]:
    """Lend what executes statements on a store that is made now."""
    with closing(open_store(url)) as store:
        writing: Any = store.prepare_to_write()
        yield lambda sql: writing.execute(sql).fetchall()


@pytest.mark.dear
def test_a_server_has_the_tables_and_columns_of_a_file(postgres_url: str) -> None:
    with asking(postgres_url) as ask:
        found: dict[str, set[str]] = {}
        for table, column in ask(COLUMNS_OF_A_SERVER):
            found.setdefault(table, set()).add(column)
    assert found.pop("handrail_commits") == {"name", "number", "at"}
    assert found.pop("handrail_migrations") == {"number", "at"}
    with asking("sqlite:///:memory:") as ask:
        tables = [name for (name,) in ask(TABLES_OF_A_FILE)]
        assert found == {name: {row[1] for row in ask(f"PRAGMA table_info({name})")} for name in tables}


@pytest.mark.dear
def test_a_server_has_the_indexes_of_a_file(postgres_url: str) -> None:
    with asking("sqlite:///:memory:") as of_file, asking(postgres_url) as of_server:
        named = {name for (name,) in of_server(INDEXES_OF_A_SERVER)}
        assert sorted({name for (name,) in of_file(INDEXES_OF_A_FILE)} - named) == []
