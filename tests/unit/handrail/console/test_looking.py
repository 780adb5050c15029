"""Who may look at an item at its page, whatever they try to do to it there."""

from pathlib import Path

import pytest

from handrail.console.secret_keys import hash_of, new_session_secret
from tests.unit.handrail.console.doors import Browser
from tests.unit.handrail.console.served import Site, approvals, opened, tickets

MOVES = ("take", "extend", "release", "decide", "check", "skip", "send_up", "snooze", "assign", "note", "undo", "fork")


async def signed_in(site: Site, name: str, role: str, queue: str) -> Browser:
    people = site.engine.people
    if not people.exist():
        await people.add("root", roles={"*": "admin"})
    await people.add(name, roles={queue: role})  # type: ignore[dict-item]
    return await in_session(site, name)


async def in_session(site: Site, name: str) -> Browser:
    secret = new_session_secret()  # a password would be hashed anew with all that takes
    await site.engine.people.let_in(name, hash_of(secret), "session", label="browser", seconds=3_600.0)
    site.http.cookies.clear()
    site.http.cookies.set("handrail-8377", secret)
    browser = Browser(site.http)
    await browser.get("/me")
    return browser


@pytest.mark.parametrize("move", MOVES)
async def test_who_has_no_role_in_its_queue_sees_nothing_of_an_item(tmp_path: Path, move: str) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(approvals, "the secret of the refund")
        eve = await signed_in(site, "eve", "admin", "another queue")

        for path in (f"/items/{item}", f"/items/{item}/work"):
            page = await eve.get(path)
            assert page.status_code == 403
            assert "the secret of the refund" not in page.text
        answer = await eve.post(f"/items/{item}/{move}", {"note": "x", "code": "unsure", "for": "1h", "choice": "true"})
        assert answer.status_code == 403
        assert "the secret of the refund" not in answer.text
        assert [change.action for change in site.engine.review_log(item)] == ["ask"]
        listed = await eve.get("/queue")
        assert "the secret of the refund" not in listed.text


async def test_a_viewer_looks_and_cannot_start_anything_from_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "charged twice")
        vic = await signed_in(site, "vic", "viewer", "*")

        assert (await vic.get(f"/items/{item}")).status_code == 200
        before = len(site.engine.latest_runs(limit=10))
        assert (await vic.post(f"/items/{item}/fork")).status_code == 403
        assert len(site.engine.latest_runs(limit=10)) == before


@pytest.mark.dear
async def test_a_batch_shows_what_one_may_decide(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, *(f"charged twice {number}" for number in range(6)))
        vic = await signed_in(site, "vic", "viewer", "*")
        assert "charged twice" not in (await vic.get("/batch")).text
        eve = await signed_in(site, "eve", "admin", "another queue")
        assert "charged twice" not in (await eve.get("/batch")).text
        ray = await signed_in(site, "ray", "reviewer", "*")
        assert "charged twice" in (await ray.get("/batch")).text


@pytest.mark.dear
async def test_an_item_is_answered_by_whom_its_tier_allows_and_given_away_by_seniors(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "charged twice")
        seen = {}
        for tier in (1, 2):
            for name, role in (("vic", "viewer"), ("rob", "reviewer"), ("sue", "senior")):
                if tier == 1:
                    browser = await signed_in(site, name, role, "*")
                else:
                    browser = await in_session(site, name)
                page = (await browser.get(f"/items/{item}")).text
                seen[role, tier] = ('id="answer"' in page, f"/items/{item}/assign" in page)
                assert ("Not for you to answer" in page) is not seen[role, tier][0]
            if tier == 1:
                await site.engine.send_up(item, by="sue", code="unsure")
    assert seen == {
        ("viewer", 1): (False, False),
        ("reviewer", 1): (True, False),
        ("senior", 1): (True, True),
        ("viewer", 2): (False, False),
        ("reviewer", 2): (False, False),
        ("senior", 2): (True, True),
    }
