"""Decided cases that resemble an item: which are found, which never, and that nobody waits for them."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from handrail.likeness import LikenessIndex, likeness, words_of
from handrail.similar import SimilarCases, one_line, text_of
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.changes import MoveReview, OpenWait
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import NOW, executing, question, signed_on, step, wrote

PATIENCE = 60.0
"""Seconds that a test waits for a thread, which on a busy machine may take long."""
DECIDED = ("Billed twice this month", "Duplicate invoice, want money back", "The app crashes on start")


class Desk:
    """A client on a store, with questions about texts."""

    def __init__(self, client: Client, store: SqliteStore) -> None:
        self.client = client
        self.store = store
        self.worker = signed_on(store)
        self.runs = 0

    def ask(self, context: str, **more: Any) -> ReviewItem:
        self.runs += 1
        run_id = f"T-{self.runs}"
        key = executing(self.store, self.worker, run_id)
        name = f"{more.pop('step', 'route')}/review"
        some: dict[str, Any] = {"kind": "decide", "schema": "{}", "context": context, **more}
        review = question(key, name)._replace(**some)
        wrote(self.store, OpenWait(step(key, name, kind="human", status="waiting"), review=review))
        (item,) = self.client.reviews(ReviewQuery(run_id=run_id))
        return item

    async def decided(self, *texts: str, **more: Any) -> list[int]:
        ids = [self.ask(f'"{text}"', **more).id for text in texts]
        for number, item in enumerate(ids):
            await self.client.decide(item, f"label {number}", by="ben")
        return ids


@asynccontextmanager
async def desk(path: str = ":memory:") -> AsyncIterator[Desk]:
    store = SqliteStore(path)
    async with Client(store) as client:
        yield Desk(client, store)
    store.close()


@contextmanager
def finding(client: Client, seconds: float = PATIENCE) -> Iterator[SimilarCases]:
    """Find among all that is decided by now."""
    cases = SimilarCases(client, seconds=seconds)
    cases.catch_up()
    try:
        yield cases
    finally:
        cases.close()


def found(cases: SimilarCases, item: ReviewItem, count: int) -> bool:
    """Return whether so many cases are found, at some time."""
    end = time.monotonic() + PATIENCE
    while len(cases.similar(item)) != count and time.monotonic() < end:
        time.sleep(0.01)
    return len(cases.similar(item)) == count


async def test_the_likest_decided_case_comes_first_with_who_decided_what() -> None:
    async with desk() as asked:
        twice, duplicate, _ = await asked.decided(*DECIDED)
        item = asked.ask('"Hi, I was billed twice for the same month"')
        with finding(asked.client) as cases:
            first, *others = cases.similar(item)
        assert (first.item, first.text, first.value) == (twice, DECIDED[0], "label 0")
        assert (first.person, first.age(first.decided + 60.0)) == ("ben", 60.0)
        assert all(each.item != duplicate or each.likeness < first.likeness for each in others)
        assert first.as_json()["by"] == "person:ben"


async def test_what_is_decided_without_help_is_shown_none() -> None:
    async with desk() as asked:
        await asked.decided(*DECIDED)
        drawn = asked.ask(f'"{DECIDED[0]}"', code="drawn")
        audit = asked.ask(f'"{DECIDED[0]}"', kind="audit", code="drawn")
        with finding(asked.client) as cases:
            assert not [*cases.similar(drawn), *cases.similar(audit)]


async def test_cases_of_another_queue_workflow_or_step_are_not_found() -> None:
    async with desk() as asked:
        await asked.decided(DECIDED[0], queue="refunds")
        await asked.decided(DECIDED[0], step="reason")
        item = asked.ask(f'"{DECIDED[0]}"')
        with finding(asked.client) as cases:
            assert list(cases.similar(item)) == []
        (same,) = await asked.decided(DECIDED[0], step="all.0/route#2")
        with finding(asked.client) as cases:
            assert [each.item for each in cases.similar(item)] == [same]


async def test_an_answer_that_was_taken_back_or_is_not_given_yet_is_not_found() -> None:
    async with desk() as asked:
        kept, undone = await asked.decided(DECIDED[0], DECIDED[0])
        pending = asked.ask(f'"{DECIDED[0]}"')
        await asked.client.take(pending.id, by="ann")
        await asked.client.decide(pending.id, "secret", by="ann", undo_seconds=5.0)
        item = asked.ask(f'"{DECIDED[0]}"')
        with finding(asked.client) as cases:
            assert len(cases.similar(item)) == 2
            row = asked.client.plain_review(undone)
            wrote(asked.store, MoveReview(undone, row.version, "open", "reopen", "run:1", NOW))
            assert [each.item for each in cases.similar(item)] == [kept]


async def test_a_case_whose_answer_was_known_shows_nobody_else_what_to_say() -> None:
    async with desk() as asked:
        known, ordinary = await asked.decided(DECIDED[0], DECIDED[1])
        asked.store.prepare_to_write().execute("INSERT INTO known_items VALUES (?, 'a', '1')", (known,))
        item = asked.ask(f'"{DECIDED[0]} {DECIDED[1]}"')
        with finding(asked.client) as cases:
            assert [each.item for each in cases.similar(item)] == [ordinary]


async def test_a_known_case_does_not_find_the_case_that_it_was_made_of() -> None:
    async with desk() as asked:
        await asked.decided(DECIDED[0])
        (near,) = await asked.decided(f"{DECIDED[0]} again")
        item = asked.ask(f'"{DECIDED[0]}"')
        asked.store.prepare_to_write().execute("INSERT INTO known_items VALUES (?, 'a', '1')", (item.id,))
        with finding(asked.client) as cases:
            assert [each.item for each in cases.similar(item)] == [near]


@pytest.mark.dear
async def test_a_page_that_cannot_have_an_answer_at_once_gets_none() -> None:
    async with desk() as asked:
        await asked.decided(*DECIDED)
        item = asked.ask(f'"{DECIDED[0]}"')
        with finding(asked.client, seconds=2.0) as cases:
            with cases._lock:  # noqa: SLF001 -- as if a text were being taken in that never ends
                assert list(cases.similar(item)) == []
            assert cases.similar(item)


@pytest.mark.dear
async def test_cases_of_a_file_are_read_beside_the_pages_and_looked_for_again(tmp_path: Path) -> None:
    async with desk(str(tmp_path / "runs.db")) as asked:
        await asked.decided(DECIDED[0])
        item = asked.ask(f'"{DECIDED[0]}"')
        cases = SimilarCases(asked.client, seconds=PATIENCE)
        assert found(cases, item, 1)
        await asked.decided(f"{DECIDED[0]} too")
        assert found(cases, item, 2)
        cases.close()
        assert not any(each.name == "handrail-similar" for each in threading.enumerate())
        assert cases.similar(item)  # what is in memory is still found


async def test_a_store_that_went_away_ends_the_search_and_not_the_page(tmp_path: Path) -> None:
    async with desk(str(tmp_path / "runs.db")) as asked:
        await asked.decided(DECIDED[0])
        item = asked.ask(f'"{DECIDED[0]}"')
        (tmp_path / "runs.db").rename(tmp_path / "elsewhere.db")
        cases = SimilarCases(asked.client, seconds=PATIENCE)
        assert list(cases.similar(item)) == []
        cases.close()


def test_the_newest_are_kept_when_there_are_too_many() -> None:
    index = LikenessIndex(10)
    for key in range(25):
        index.add(key, index.words("", f"w{key} common"))
    assert 5 <= len(index) <= 10
    assert [each.key for each in index.near("", "w24")] == [24]
    assert index.near("", "w3") == []


def test_a_word_that_every_text_has_finds_the_newest_and_rare_words_come_first() -> None:
    index = LikenessIndex()
    for key in range(5_000):
        index.add(key, index.words("", "common words here" + (" zebra" if key == 17 else "")))
    near = index.near("", "common words of a zebra")
    assert near[0].key == 17
    assert all(each.key >= 4_000 for each in near[1:])
    assert index.near("other group", "common words") == []


def test_case_accents_and_endings_do_not_count_for_much() -> None:
    assert list(words_of("Café, BILLED!")) == ["cafe", "billed", "bill-"]
    assert likeness("billing", "Billed") > 0.4
    assert likeness("a b", "a b") == 1.0
    assert likeness("", "a") == 0.0


def test_what_is_no_text_is_read_as_the_texts_in_it() -> None:
    assert text_of({"a": "x", "b": ["y", 3, None, True], "c": {}}) == "x · y · 3"
    assert one_line("a\n  b") == "a b"
    assert len(one_line("word " * 200)) == 160
