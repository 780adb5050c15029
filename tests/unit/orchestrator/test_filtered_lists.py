"""A filter of the queue that few items pass is looked up in an index: no item is read for it."""

import re
import sqlite3
from dataclasses import replace
from typing import get_args

import pytest

from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import ReviewState
from handrail_orchestrator.store.sql.review_query import count_sql, list_sql
from handrail_orchestrator.store.sqlite.store import SqliteStore

FILTERS = [
    ReviewQuery(text="nobody wrote this"),
    ReviewQuery(assignee="ann"),
    ReviewQuery(tier_from=2),
    ReviewQuery(created_from=1e10),
    ReviewQuery(is_late=False, now=1.0),
    ReviewQuery(is_snoozed=True, now=1.0),
    ReviewQuery(kinds=("ask",)),
    ReviewQuery(step="route/review"),
    ReviewQuery(queues=("triage", "invoices")),
    ReviewQuery(workflow="triage", text="nobody wrote this"),
]


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the columns of each index of the items that wait."""
    file = tmp_path_factory.mktemp("lists") / "lists.db"
    SqliteStore(str(file)).close()
    connection = sqlite3.connect(file)
    found = {
        name: {row[2] for row in connection.execute(f"PRAGMA index_info({name})")}
        for name in ("reviews_active", "reviews_queue", "reviews_waiting", "reviews_due")
    }
    connection.close()
    return found


@pytest.mark.parametrize("queue", [None, "triage"])
@pytest.mark.parametrize("query", FILTERS, ids=range(len(FILTERS)))
def test_what_does_not_pass_is_not_read(indexes: dict[str, set[str]], query: ReviewQuery, queue: str | None) -> None:
    asked = replace(query, queue=queue)
    for sql, _ in (count_sql(asked), list_sql(asked)[0]):
        named = re.search(r"INDEXED BY (\w+)", sql)
        assert named is not None
        looked_at = set(re.findall(r"reviews\.(\w+)", sql.partition(" WHERE ")[2]))
        assert looked_at <= {*indexes[named[1]], "id", "state"}  # the state is what the index is of


@pytest.mark.parametrize("query", FILTERS, ids=range(len(FILTERS)))
def test_of_several_states_each_is_read_in_its_order(indexes: dict[str, set[str]], query: ReviewQuery) -> None:
    states = get_args(ReviewState)
    sql, _ = list_sql(replace(query, states=states))[0]
    assert sql.count("INDEXED BY reviews_waiting") == len(states)
    looked_at = set(re.findall(r"reviews\.(\w+)", sql.partition(" WHERE ")[2]))
    assert looked_at <= {*indexes["reviews_waiting"], "id"}
