"""The list of items: filters stand in the address, the badge is the number of rows, pages lead both ways."""

import re
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest

from handrail.console import queue
from handrail.console.filters import KINDS, STATES, ListFilters
from handrail.console.words import WORDS, say
from handrail_orchestrator.records.item import ItemKind
from tests.unit.handrail.console.served import approvals, invoices, opened, text_of, tickets

SOURCE = "Nordic Office\nInvoice 2024-00817\nTotal 207.50"
FILTERS = [
    "",
    "queue=review",
    "queue=nowhere",
    "state=decided",
    "state=any",
    "state=leased",
    "kind=ask",
    "kind=decide&state=any",
    "workflow=invoices",
    "text=Pay",
    "text=4",
    "late=1",
    "late=0&snoozed=0",
    "snoozed=1",
    "tier=2",
    "assignee=ann",
]


def rows_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row"><a href="/items/(\d+)', page)]


def badge_of(page: str) -> int:
    found = re.search(r'id="count">([\d,]+)<', page)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("filters", FILTERS)
async def test_the_badge_is_the_number_of_rows_whatever_the_filter(tmp_path: Path, filters: str) -> None:
    async with opened(tmp_path) as site:
        items = await site.ask(tickets, *(f"ticket {number}" for number in range(6)))
        await site.ask(invoices, SOURCE)
        await site.ask(approvals, "pay ACME")
        await site.engine.decide(items[0], "bug", by="ann")
        await site.engine.take(items[1], by="ben")
        await site.engine.send_up(items[2], by="ben", code="unsure")
        await site.engine.assign(items[3], by="ben", to="ann")
        await site.engine.snooze(items[4], by="ben", until=site.engine.now() + 900)
        page = await site.page(f"/queue?{filters}")
    assert badge_of(page) == len(rows_of(page))
    if filters == "state=any":
        assert badge_of(page) == 8
    if filters == "assignee=ann":
        assert rows_of(page) == [items[3]]


@pytest.mark.usefixtures("either_store")
@pytest.mark.slow
async def test_pages_lead_forward_and_back_over_the_same_rows(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        items = await site.ask(tickets, *(f"ticket {number}" for number in range(120)))
        forward, paths = [], ["/queue?queue=review"]
        while True:
            page = await site.page(paths[-1])
            forward.append(rows_of(page))
            following = re.search(r'rel="next" href="([^"]+)"', page)
            if following is None:
                break
            paths.append(following[1].replace("&amp;", "&"))
        back, path = [], paths[-1]
        while True:
            page = await site.page(path)
            back.append(rows_of(page))
            previous = re.search(r'rel="prev" href="([^"]+)"', page)
            if previous is None:
                break
            path = previous[1].replace("&amp;", "&")
    assert [each for rows in forward for each in rows] == items
    assert back == forward[::-1]
    assert all("queue=review" in path for path in paths)


@pytest.mark.usefixtures("either_store")
async def test_a_view_is_kept_under_its_name_and_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        await site.post("/queue/views", {"name": "late ones", "query": "late=1&queue=review&nonsense=1"})
        page = await site.page("/queue")
        assert 'href="/queue?queue=review&amp;late=1&amp;view=late+ones">late ones' in page
        await site.post("/queue/views", {"name": "late ones", "drop": "1"})
        assert "late ones" not in await site.page("/queue")
        refused = await site.post("/queue/views", {"name": " ", "query": "late=1"})
        assert refused.status_code == 422


@pytest.mark.usefixtures("either_store")
async def test_reviewing_begins_with_the_most_urgent_item_of_the_queue(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        first, _ = await site.ask(tickets, "one", "two")
        begun = await site.post("/queue/next", {"queue": "review"})
        assert begun.headers["location"] == f"/items/{first}?queue=review"
        nothing = await site.post("/queue/next", {"queue": "nowhere"})
        assert "That was the last one" in text_of(await site.page(nothing.headers["location"]))


@pytest.mark.usefixtures("either_store")
async def test_several_alike_are_accepted_each_as_a_decision_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        items = await site.ask(tickets, *(f"ticket {number}" for number in range(12)))
        page = await site.page("/batch?queue=review")
        marked = re.findall(r'name="item" value="(\d+:\w+)"', page)
        versions: dict[str, Any] = dict(re.findall(r'name="(version\.\d+)" value="(\d+)"', page))
        assert [int(each.partition(":")[0]) for each in marked] == items[:10]
        await site.engine.take(items[1], by="ben")
        done = await site.post("/batch?queue=review", {"item": [marked[0], marked[1], marked[2], "9:zz"], **versions})
        said = text_of(done.text)
        assert "2 decided, each by itself" in said
        assert "is being decided by ben" in said
        states = [site.engine.review(item).state for item in items[:4]]
        assert states == ["pending", "leased", "pending", "open"]
        assert [site.engine.review(item).answers[-1].value for item in (items[0], items[2])] == ["billing", "billing"]
        logged = [change.action for change in site.engine.review_log(items[0])]
        assert logged == ["ask", "decide"]


def test_every_state_and_kind_has_its_words() -> None:
    for name in (*(f"state.{each}" for each in STATES), *(f"kind.{each}" for each in KINDS)):
        assert say(name)
    assert get_args(ItemKind) == KINDS


@pytest.mark.dear
async def test_of_many_items_with_a_text_no_more_are_counted_than_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_COUNTED", 60)
    monkeypatch.setattr(queue, "PAGE_ROWS", 20)
    async with opened(tmp_path) as site:
        await site.ask(tickets, *(f"ticket {number}" for number in range(61)))
        for text, badge, found in (
            ("about", "60+", "more than 60 items"),
            ("", "61", "61 items"),
            ("1", "1", "1 items"),
            ("nothing of the kind", "0", "0 items"),
        ):
            page = await site.page(f"/queue?text={text}")
            assert f'id="count">{badge}<' in page
            assert found in text_of(page)
        await site.engine.decide(1, "bug", by="me")
        assert 'id="count">60<' in await site.page("/queue?text=about")


def test_words_are_written_once_and_filled_in_by_name() -> None:
    assert say("queue.found", count=1234) == "1,234 items"
    assert [key for key, words in WORDS.items() if not words.strip() or words != words.strip()] == []


@pytest.mark.parametrize("place", ["x", "1", "1.", ".1", "1.x", "-1.2", "1.²", "9" * 30 + ".1", "1.2.3"])
def test_a_place_that_is_none_is_said_to_be_none(place: str) -> None:
    read = ListFilters.read({"after": place, "before": place})
    assert (read.chosen, read.after, read.before) == ({}, None, None)
    assert read.unread == {"after": place, "before": place}


UNREAD = [
    ("state=zzz", "state cannot be “zzz”: it is one of waiting, open, leased, pending, decided, expired"),
    ("kind=nonsense&queue=review", "kind cannot be “nonsense”: it is one of decide, ask"),
    ("late=7", "late cannot be “7”: it is one of 1, 0."),
    ("snoozed=yes", "snoozed cannot be “yes”"),
    ("tier=3", "tier cannot be “3”: it is one of 2."),
    ("after=x", "after “x” is no place in the list"),
    ("before=1.y&state=open", "before “1.y” is no place"),
    (f"text={'x' * 301}", "text cannot be “xxx"),
    ("assignee=a%00b", "assignee cannot be “a\\x00b”: it is a text of up to 300 characters"),
    (f"state={'%E2%80%AE'}zzz", "state cannot be “\\u202ezzz”"),
]


@pytest.mark.parametrize(("filters", "said"), UNREAD)
async def test_a_filter_that_there_is_not_is_refused_and_named(tmp_path: Path, filters: str, said: str) -> None:
    async with opened(tmp_path) as site:
        assert said in text_of(await site.page(f"/queue?{filters}", status=400))
        kept = await site.post("/queue/views", {"name": "mine", "query": filters})
        assert (kept.status_code, site.engine.views(by="me")) == (400, [])


async def test_a_view_of_what_there_is_no_more_opens_and_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.engine.put_view("old", "queue=review&state=parked&late=7", by="me")
        found = re.search(r'href="(/queue\?[^"]*)">old<', await site.page("/queue"))
        assert found is not None
        page = await site.page(found[1].replace("&amp;", "&"))
    assert rows_of(page) == [item]
    assert "Not all that this view asks for is there any more" in text_of(page)
    assert "state cannot be “parked”" in text_of(page)
    assert "late cannot be “7”" in text_of(page)


@pytest.mark.parametrize("text", ["a\u200cb", "👨\u200d👩\u200d👧", "a\u202eb", "tab\there", "x" * 300])
async def test_a_search_for_unseen_characters_is_no_search_for_everything(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "one", "two")
        page = await site.page(f"/queue?text={quote(text)}")
        assert "0 items" in text_of(page)
        assert 'id="count">0<' in page
