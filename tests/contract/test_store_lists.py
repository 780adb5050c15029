"""Lists of runs and of steps: every filter says exactly what it says, on every page."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_orchestrator.store import ReviewQuery, RunQuery, Store
from handrail_orchestrator.store.changes import Cancel, EndRun, MoveReview, RecordStep
from handrail_orchestrator.store.postgres import store as postgres
from handrail_orchestrator.store.queries import ACTIVE
from handrail_orchestrator.store.rows import ReviewState, RunRow, RunStatus
from handrail_orchestrator.store.sql import runs
from handrail_orchestrator.store.sql.runs import SET_BACK_SECONDS
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import NOW, asked, decided, executing, signed_on, starting, step, waiting_for_child, wrote


def ids(store: Store, query: RunQuery) -> list[str]:
    return [row.id for row in store.latest(query)]


def test_runs_are_found_by_a_part_of_their_id_and_nothing_in_it_is_a_wildcard(store: Store) -> None:
    wrote(store, *(starting(name) for name in ("Order-1", "order_1", "my order%1", "other", "a\\b", "größe")))

    assert ids(store, RunQuery(text="ORDER")) == ["my order%1", "order_1", "Order-1"]
    assert ids(store, RunQuery(text="r_1")) == ["order_1"]
    assert ids(store, RunQuery(text="%")) == ["my order%1"]
    assert ids(store, RunQuery(text="\\")) == ["a\\b"]
    assert ids(store, RunQuery(text="öß")) == ["größe"]
    assert ids(store, RunQuery(text="order-1")) == ["Order-1"]
    assert ids(store, RunQuery(text="nothing")) == []


def test_child_runs_are_found_by_their_parent(store: Store) -> None:
    worker = signed_on(store)
    key = waiting_for_child(store, worker, starting("a/sub"))
    wrote(store, starting("b"))

    assert ids(store, RunQuery(parent=key)) == ["a/sub"]
    assert ids(store, RunQuery(parent=key, status="failed")) == []


def test_a_page_of_steps_goes_on_after_the_one_before(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, *(RecordStep(step(key, f"s{number}", seq=number)) for number in range(1, 6)), worker=worker)
    wrote(store, RecordStep(step(key, "also", seq=3)), worker=worker)

    names: list[str] = []
    after = (0, "")
    while page := store.some_steps(key, after=after, limit=2):
        assert len(page) <= 2
        names += [row.name for row in page]
        after = (page[-1].seq, page[-1].name)

    assert names == ["s1", "s2", "also", "s3", "s4", "s5"] == [row.name for row in store.history(key).steps]


STATUSES = st.sampled_from([None, *get_args(RunStatus)])
QUERIES = st.builds(
    RunQuery,
    status=STATUSES,
    workflow=st.sampled_from([None, "add", "sub", "unknown"]),
    text=st.sampled_from([None, "r", "1", "R1", "nothing"]),
    created_from=st.none() | st.floats(NOW - 100, NOW + 4_000),
    created_to=st.none() | st.floats(NOW - 100, NOW + 4_000),
    limit=st.integers(1, 7),
)


def fits(row: RunRow, query: RunQuery) -> bool:
    return (
        query.status in {None, row.status}
        and query.workflow in {None, row.workflow}
        and (query.text is None or query.text.lower() in row.id)
        and (query.created_from is None or row.created >= query.created_from)
        and (query.created_to is None or row.created < query.created_to)
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store whose clock went forward, and back by less than what is allowed for."""
    store = SqliteStore(str(tmp_path_factory.mktemp("lists") / "runs.db"))
    for number in range(60):
        back = SET_BACK_SECONDS - 100 if number % 7 == 3 else 0
        name = ("add", "sub", "other")[number % 3]
        made = starting(f"r{number}", workflow=name, created=NOW + 60 * number - back, version=1 + number % 2)
        wrote(store, made)
        if number % 4 == 1:
            wrote(store, Cancel(f"r{number}", NOW, ""))
    return store


@pytest.mark.dear
@given(query=QUERIES, looked_at=st.sampled_from([(runs.FEW, runs.NEWEST), (9, 3), (3, 3)]))
@settings(max_examples=80, deadline=None)
def test_the_pages_of_a_list_are_all_that_fits_newest_first_and_nothing_else(
    filled: Store, query: RunQuery, looked_at: tuple[int, int]
) -> None:
    expected = [row.id for row in reversed(filled.runs(limit=1_000)) if fits(row, query)]
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "FEW", looked_at[0])
        patch.setattr(runs, "NEWEST", looked_at[1])
        while page := filled.latest(query):
            assert len(page) <= query.limit
            found += [row.id for row in page]
            query = replace(query, before_key=page[-1].key)

    assert found == expected


def test_a_list_without_values_is_the_same_list(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, EndRun(executing(store, worker, "ended"), "completed", "2", None, NOW), worker=worker)
    wrote(store, starting("open"))
    for query in (
        RunQuery(),
        RunQuery(workflow="add"),
        RunQuery(workflow="add", text="e"),
        RunQuery(status="completed"),
    ):
        whole = store.latest(query)
        assert whole
        brief = [row._replace(input="null", output=None) for row in whole]
        assert store.latest(replace(query, values=False)) == brief


@pytest.mark.dear
def test_more_versions_than_one_statement_can_name_are_listed(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "runs.db"))
    wrote(store, *(starting(f"v{number}", version=number) for number in range(1, 90)))

    assert store.workflow_names() == ["add"]
    assert ids(store, RunQuery(workflow="add", limit=3)) == ["v89", "v88", "v87"]
    assert len(ids(store, RunQuery(workflow="add", limit=1_000))) == 89
    store.close()


@pytest.mark.dear
def test_lists_of_review_items_are_all_that_fits_most_urgent_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOOKED_AT", 6)
    worker = signed_on(store)
    for number in range(24):
        item = asked(store, worker, f"r{number}", priority=number % 4, queue=("one", "two")[number % 2])
        if number % 3 == 0:
            wrote(store, decided(item))
        elif number % 5 == 0:
            wrote(store, MoveReview(item.id, 1, "open", "send_up", "person:ann", NOW, sets={"tier": 2}))
    everything = store.reviews(ReviewQuery(states=get_args(ReviewState), limit=100))
    assert len(everything) == 24
    assert sorted(everything, key=lambda row: (-row.priority, row.id)) == everything

    for states in (ACTIVE, ("open",), ("decided",), get_args(ReviewState)):
        for queue in (None, "two"):
            for tier, kinds, text in ((1, None, None), (2, None, None), (1, ("ask",), None), (1, None, "nobody")):
                query = ReviewQuery(
                    states=states, queue=queue, tier_from=tier, kinds=kinds, text=text, step="ask", limit=3
                )
                expected = [
                    row.id
                    for row in everything
                    if row.state in states
                    and queue in {None, row.queue}
                    and row.tier >= tier
                    and (kinds is None or row.kind in kinds)
                    and (text is None or text in row.title)
                ]
                assert read_through(store, query) == expected == read_through(store, query, backwards=True), query
                assert store.review_count(query) == len(expected)


def read_through(store: Store, query: ReviewQuery, *, backwards: bool = False) -> list[int]:
    """Return the numbers of all items of a list, read page by page."""
    found: list[int] = []
    place = {"before": (-1, 0)} if backwards else {"after": None}
    while page := store.reviews(replace(query, **place)):
        assert len(page) <= query.limit
        edge = page[0] if backwards else page[-1]
        place = {"before" if backwards else "after": (edge.priority, edge.id)}
        numbers = [row.id for row in page]
        found = [*numbers, *found] if backwards else [*found, *numbers]
    return found
