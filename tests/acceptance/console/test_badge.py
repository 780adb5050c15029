"""The badge of a list is the number of its rows, whatever the filters, whoever looks, on however many pages."""

import re
from collections.abc import Iterator
from html import unescape
from typing import get_args

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.console.filters import KINDS, NAMES, STATES
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import ReviewState
from tests.acceptance.console.crawling import addresses_in
from tests.acceptance.console.desk import Desk
from tests.acceptance.console.stock import signed_in, stocked_desk

pytestmark = pytest.mark.slow

ODD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
CHOICES = {
    "queue": st.sampled_from(["desk", "pairs", "money", "audits", "review", "nowhere"]) | ODD,
    "state": st.sampled_from([*STATES]),
    "kind": st.sampled_from([*KINDS]),
    "workflow": st.sampled_from(["tickets", "invoices", "payments", "nowhere"]) | ODD,
    "assignee": st.sampled_from(["ann", "ben", "nobody"]) | ODD,
    "tier": st.just("2"),
    "late": st.sampled_from(["0", "1"]),
    "snoozed": st.sampled_from(["0", "1"]),
    "text": st.sampled_from(["Category", "triage/open", "7", "%", "_", "'", "What do we", "zzz"]) | ODD,
}
FILTERS = st.fixed_dictionaries({}, optional=CHOICES)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, httpx2.Client]]]:
    """Return a served store, and browsers of people who may see all of it, or one queue."""
    with (
        stocked_desk(tmp_path_factory.mktemp("badge"), people=True, more=60) as (desk, _),
        signed_in(desk.address, "ann") as ann,
        signed_in(desk.address, "tom") as tom,
    ):
        yield desk, {"ann": ann, "tom": tom}


def rows_of(http: httpx2.Client, query: dict[str, str]) -> tuple[list[int], set[int]]:
    """Return the rows of all pages of a list, and every badge that they show."""
    rows: list[int] = []
    badges: set[int] = set()
    page = http.get("/queue", params=query).raise_for_status().text
    while True:
        rows += [int(number) for number in re.findall(r'<th scope="row"><a href="/items/(\d+)', page)]
        badges |= {int(found.replace(",", "")) for found in re.findall(r'id="count">([\d,]+)', page)}
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            return rows, badges
        page = http.get(unescape(following[1])).raise_for_status().text


def test_every_filter_of_the_page_is_drawn_here(shop: tuple[Desk, dict[str, httpx2.Client]]) -> None:
    _, browsers = shop
    page = browsers["ann"].get("/queue").text
    (form,) = re.findall(r'<form method="get".*?</form>', page, re.DOTALL)
    assert set(re.findall(r'name="(\w+)"', form)) == set(CHOICES) == set(NAMES)
    assert addresses_in(form).got == {"/queue"}


@given(query=FILTERS, name=st.sampled_from(["ann", "tom"]))
@settings(max_examples=60)
def test_the_badge_is_the_number_of_rows(
    shop: tuple[Desk, dict[str, httpx2.Client]], query: dict[str, str], name: str
) -> None:
    desk, browsers = shop
    rows, badges = rows_of(browsers[name], query)
    assert badges == {len(rows)}
    assert len(set(rows)) == len(rows)
    if name == "tom":
        assert {item.queue for item in map(desk.item, rows[:3])} <= {"money"}


def test_without_filters_the_badge_is_everything_that_waits(shop: tuple[Desk, dict[str, httpx2.Client]]) -> None:
    desk, browsers = shop
    rows, badges = rows_of(browsers["ann"], {"state": "any"})
    every = desk.items(*get_args(ReviewState))
    assert sorted(rows) == sorted(item.id for item in every)
    assert badges == {len(every)}
    waiting, _ = rows_of(browsers["ann"], {})
    assert sorted(waiting) == sorted(item.id for item in every if item.state in ReviewQuery().states)
