"""Signed links: looking changes nothing, sending answers once, and whatever has changed is told instead."""

import asyncio
import hashlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handrail import Client
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.links import SignedLink, link_for
from handrail_orchestrator.secret import SigningSecret, signing_secret
from tests.unit.handrail.console.served import Site, approvals, invoices, opened, text_of, tickets
from tests.unit.orchestrator.commands import done, handrail


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path) as found:
        yield found


def secret(site: Site) -> SigningSecret:
    return signing_secret(site.engine.store.removeprefix("sqlite:///"))


def path(site: Site, item: int, *, audience: str = "ann", hours: float = 48.0) -> str:
    expires = site.engine.now() + hours * 3_600.0
    return "/link/" + link_for(site.engine.plain_review(item), audience=audience, expires=expires, secret=secret(site))


def rows_of(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(site.engine.store.removeprefix("sqlite:///"))) as connection:
        return connection.execute(sql).fetchall()


def everything(site: Site) -> str:
    """Return a digest of all that the store holds but which processes work on it."""
    tables = [name for (name,) in rows_of(site, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    told = [(name, rows_of(site, f"SELECT * FROM {name}")) for name in tables if name != "workers"]  # noqa: S608 -- a store's own tables
    return hashlib.sha256(repr(told).encode()).hexdigest()


@pytest.mark.dear
async def test_a_choice_that_no_button_sends_is_refused(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    for choice in ("[" * 100_000, '{"a":' * 3_000, "NaN", '"billing'):
        assert (await site.http.post(link, data={"choice": choice})).status_code == 422
    assert (await site.http.post(link, data={"choice": ['"billing"', '"refund"']})).status_code == 422
    assert site.engine.review(item).state == "open"


@pytest.mark.dear
async def test_looking_shows_the_question_and_changes_nothing(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    before = everything(site)

    for method in ("HEAD", "GET", "GET"):
        got = await site.http.request(method, link)
        assert got.status_code == 200
        assert got.headers["referrer-policy"] == "same-origin"
        assert "noindex" in got.headers["x-robots-tag"]
        assert got.headers["cache-control"] == "no-store"
    assert everything(site) == before

    got = await site.http.get(link)
    said = text_of(got.text)
    assert "I was billed twice" in said
    assert "For ann" in said
    assert "confidence 0.64 < 0.75" in said
    assert 'name="choice" value="&#34;billing&#34;"' in got.text
    assert "csrf" not in got.text


async def test_sending_answers_as_the_links_person_and_resumes_the_run(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)

    sent = await site.http.post(link, data={"choice": '"refund"', "note": "seen"})
    assert (sent.status_code, sent.headers["location"]) == (303, link)
    await site.engine.idle()

    row = site.engine.review(item)
    assert (row.state, row.decision, row.decided_by, row.note) == ("decided", "refund", "person:ann", "seen")
    assert row.history[-1].data is not None
    assert row.history[-1].data["via"] == "link"
    assert row.history[-1].data["shown"] == row.digest
    assert site.engine.run(row.run_id).output == "refund"
    after = await site.http.get(link)
    assert after.status_code == 410
    assert "You have answered this" in text_of(after.text)
    assert "refund" in text_of(after.text)


@pytest.mark.dear
async def test_a_replayed_link_answers_nothing_more(site: Site) -> None:
    (item,) = await site.ask(approvals, "82,000")
    link = path(site, item)
    await site.http.post(link, data={"choice": "true"})
    await site.engine.idle()
    before = everything(site)

    for choice in ("true", "false"):
        again = await site.http.post(link, data={"choice": choice})
        assert again.status_code == 410
    assert everything(site) == before
    assert site.engine.review(item).decision is True


async def test_of_many_that_are_sent_at_once_one_counts(site: Site) -> None:
    (item,) = await site.ask(approvals, "82,000")
    link = path(site, item)

    sent = await asyncio.gather(*(site.http.post(link, data={"choice": "true"}) for _ in range(8)))

    assert sorted(each.status_code for each in sent) == [303, *[410] * 7]
    actions = [change.action for change in site.engine.review(item).history]
    assert actions == ["ask", "decide"]


async def test_of_a_link_that_was_used_nothing_is_kept_that_it_could_be_made_of(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    token = link.removeprefix("/link/")

    await site.http.post(link, data={"choice": '"refund"'})

    used = SignedLink.read(token, secret(site))
    assert used is not None
    assert rows_of(site, "SELECT hash, item FROM links") == [(used.fingerprint, item)]
    assert not any(part in repr(rows_of(site, "SELECT * FROM review_log")) for part in token.split("."))


async def test_a_link_of_a_changed_item_says_what_changed(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    await site.engine.take(item, by="ben")
    await site.engine.release(item, by="ben")

    looked, sent = await site.http.get(link), await site.http.post(link, data={"choice": '"refund"', "note": "typed"})
    for got in (looked, sent):
        assert got.status_code == 409
        said = text_of(got.text)
        assert "changed since the link was made" in said
        assert "person:ben : took it" in said
        assert "person:ben : gave it back" in said
    assert "What you gave: &#34;refund&#34; typed".replace("&#34;", '"') in text_of(sent.text)
    assert site.engine.review(item).state == "open"


async def test_a_link_whose_item_somebody_else_answered_says_so(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    await site.engine.decide(item, "fraud", by="ben")

    got = await site.http.post(link, data={"choice": '"refund"'})

    assert got.status_code == 409
    assert "Somebody else has answered this" in text_of(got.text)
    assert "fraud" in text_of(got.text)
    assert site.engine.review(item).decision == "fraud"


async def test_a_link_whose_time_is_over_answers_nothing(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item, hours=-1)

    for got in (await site.http.get(link), await site.http.post(link, data={"choice": '"refund"'})):
        assert got.status_code == 410
        assert "time is over" in text_of(got.text)
    assert site.engine.review(item).state == "open"


async def test_a_link_of_a_cancelled_run_says_so(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    await site.engine.cancel(site.engine.review(item).run_id)

    got = await site.http.post(link, data={"choice": '"refund"'})

    assert got.status_code == 410
    assert "not asked any more" in text_of(got.text)


@pytest.mark.dear
@pytest.mark.parametrize("change", ["x", "", "a.b", "%2e%2e"])
async def test_a_link_that_was_changed_or_made_up_leads_nowhere(site: Site, change: str) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    before = everything(site)

    for bad in (f"{link}{change or 'x'}", f"/link/{change or 'x'}", link[:-3]):
        for got in (await site.http.get(bad), await site.http.post(bad, data={"choice": '"refund"'})):
            assert got.status_code == 404
            assert "billed twice" not in got.text
    assert everything(site) == before


async def test_a_link_of_another_store_leads_nowhere(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    other = SigningSecret(b"a secret of somebody else, of thirty-two bytes")
    token = link_for(site.engine.plain_review(item), audience="ann", expires=4e9, secret=other)

    assert (await site.http.get(f"/link/{token}")).status_code == 404


async def test_a_secret_that_cannot_be_used_is_told_in_the_log_alone(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)
    Path(f"{site.engine.store.removeprefix('sqlite:///')}.key").chmod(0o644)

    got = await site.http.get(link)

    assert got.status_code == 404
    assert ".key" not in got.text
    assert "by others" in caplog.text


async def test_an_answer_that_does_not_fit_comes_back_with_what_was_typed(site: Site) -> None:
    (item,) = await site.ask(invoices, "Nordic Office 2024-00817, 207.50")
    link = path(site, item)
    fields = dict(re.findall(r'name="(a[^"]*)"[^>]*value="([^"]*)"', (await site.http.get(link)).text))
    assert "a.total" in fields

    wrong = await site.http.post(link, data={**fields, "a.total": "a lot"})
    assert wrong.status_code == 422
    assert "a lot" in wrong.text
    assert site.engine.review(item).state == "open"

    right = await site.http.post(link, data={**fields, "a.total": "207.50"})
    assert right.status_code == 303
    assert site.engine.review(item).decision["total"] == 207.5


async def test_nothing_chosen_is_no_answer(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)

    got = await site.http.post(link, data={"note": "hm"})

    assert got.status_code == 422
    assert site.engine.review(item).state == "open"
    assert (await site.http.post(f"{link}?choice=%22refund%22")).status_code == 422, "no answer stands in an address"


async def test_another_site_cannot_send_an_answer(site: Site) -> None:
    (item,) = await site.ask(tickets, "I was billed twice")
    link = path(site, item)

    got = await site.http.post(link, data={"choice": '"refund"'}, headers={"sec-fetch-site": "cross-site"})

    assert got.status_code == 403
    assert site.engine.review(item).state == "open"


async def test_links_hold_under_a_path_of_a_proxy(tmp_path: Path) -> None:
    async with opened(tmp_path, ConsoleSettings(root_path="/review")) as site:
        (item,) = await site.ask(approvals, "82,000")
        link = path(site, item)

        page = await site.http.get(f"/review{link}")
        assert page.status_code == 200
        assert f'action="/review{link}"' in page.text
        sent = await site.http.post(f"/review{link}", data={"choice": "true"})
        assert (sent.status_code, sent.headers["location"]) == (303, f"/review{link}")
        assert site.engine.review(item).decision is True


async def test_the_person_of_a_link_needs_the_right_to_answer(site: Site) -> None:
    (item,) = await site.ask(approvals, "82,000")
    people = site.engine.people
    await people.add("root", roles={"*": "admin"})
    await people.add("ann", roles={"*": "reviewer"}, by="root")
    await people.add("vic", roles={"*": "viewer"}, by="root")
    await people.add("gone", roles={"*": "reviewer"}, by="root")
    await people.disable("gone", by="root")

    for name in ("vic", "gone", "nobody"):
        link = path(site, item, audience=name)
        for got in (await site.http.get(link), await site.http.post(link, data={"choice": "true"})):
            assert got.status_code == 403
            assert "82,000" not in got.text
    assert site.engine.review(item).state == "open"

    sent = await site.http.post(path(site, item, audience="ann"), data={"choice": "true"})
    assert sent.status_code == 303
    assert site.engine.review(item).decided_by == "person:ann"


async def test_hostile_texts_are_shown_as_text(site: Site) -> None:
    (item,) = await site.ask(tickets, "<script>alert(1)</script><img src=x onerror=alert(2)>")

    page = (await site.http.get(path(site, item, audience="<b>ann</b>"))).text

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>ann" not in page


# -- the command


def store_with_a_question(folder: Path) -> str:
    async def fill() -> None:
        async with opened(folder) as site:
            await site.ask(approvals, "82,000")

    asyncio.run(fill())
    return f"sqlite:///{folder / 'runs.db'}"


def test_the_command_prints_an_address_that_the_console_knows(tmp_path: Path) -> None:
    store = store_with_a_question(tmp_path)

    said = done("review", "link", "1", "--for", "ann", "--base-url", "http://127.0.0.1:8377/", "--store", store)

    async def follow() -> int:
        async with opened(tmp_path) as site:
            return (await site.http.get(said.strip())).status_code

    assert re.fullmatch(r"http://127\.0\.0\.1:8377/link/[\w.-]+\n", said)
    assert asyncio.run(follow()) == 200


def test_the_command_says_for_whom_and_until_when(tmp_path: Path) -> None:
    store = store_with_a_question(tmp_path)
    command = ("review", "link", "1", "--for", "ann", "--base-url", "https://host/review", "--hours", "2")

    told = json.loads(done(*command, "--store", store, "--json"))

    assert (told["item"], told["for"]) == (1, "ann")
    assert told["url"].startswith("https://host/review/link/")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["expires"])


@pytest.mark.parametrize(
    ("item", "audience", "base_url", "hours"),
    [
        ("9", "ann", "https://host", "2"),
        ("1", " ", "https://host", "2"),
        ("1", "ann", "host", "2"),
        ("1", "ann", "ftp://host", "2"),
        ("1", "ann", "https://host?x=1", "2"),
        ("1", "ann", "https://host", "0"),
    ],
)
def test_the_command_refuses_what_cannot_be_a_link(
    item: str, audience: str, base_url: str, hours: str, tmp_path: Path
) -> None:
    store = store_with_a_question(tmp_path)
    command = ("review", "link", item, "--for", audience, "--base-url", base_url, "--hours", hours)

    assert handrail(*command, "--store", store).exit_code in {1, 2}


def test_the_command_makes_no_link_to_what_is_answered_or_for_whom_may_not(tmp_path: Path) -> None:
    store = store_with_a_question(tmp_path)

    async def prepare() -> None:
        async with Client(store) as client:
            await client.people.add("root", roles={"*": "admin"})
            await client.people.add("vic", roles={"*": "viewer"}, by="root")

    asyncio.run(prepare())
    command = ("review", "link", "1", "--base-url", "https://host", "--store", store)
    assert "takes the role reviewer" in handrail(*command, "--for", "vic").stderr
    assert handrail(*command, "--for", "nobody").exit_code == 1
    assert handrail(*command, "--for", "root").exit_code == 0

    async def answer() -> None:
        async with Client(store) as client:
            await client.decide(1, value=True, by="root")

    asyncio.run(answer())
    assert "nothing to answer" in handrail(*command, "--for", "root").stderr
