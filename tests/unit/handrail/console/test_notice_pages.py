"""The page of notices: what is told, which channels are down, sending again, and who may."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.unit.handrail.console.doors import house
from tests.unit.handrail.console.operated import CHANNEL, ERROR, given_notices, given_rollouts
from tests.unit.handrail.console.served import Site, opened, text_of

pytestmark = pytest.mark.usefixtures("either_store")

PAGE = "/operations/notices"
MANY = 121


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    await given_rollouts(tmp_path)  # makes the store
    given_notices(tmp_path)
    async with opened(tmp_path) as found:
        yield found


@pytest.mark.dear
async def test_channels_are_shown_with_what_waits_and_which_are_down(site: Site) -> None:
    shown = await site.page(PAGE)
    said = text_of(shown)

    assert f"{CHANNEL} down since" in said
    assert f"{ERROR} 1 0 1" in said
    assert "works works 0 1 0" in said
    assert "3 works news 1 sent" in said
    assert f"2 {CHANNEL} ann topic 2 1 waiting due" in said
    assert f"1 {CHANNEL} ann topic 1 1 set aside" in said
    assert "<i>desk" not in shown
    assert "<b>it" not in shown
    assert "/operations/notices" in await site.page("/operations")


@pytest.mark.dear
async def test_deliveries_are_filtered_by_state_and_channel(site: Site) -> None:
    rows = {
        "?state=sent": [3], "?state=set_aside": [1], f"?channel={quote(CHANNEL)}": [2, 1], "?channel=nobody": [],
        f"?channel={quote(CHANNEL)}&state=waiting": [2], "?before=3": [2, 1],
    }  # fmt: skip
    for query, numbers in rows.items():
        shown = await site.page(PAGE + query)
        assert [number for number in (3, 2, 1) if f'<th scope="row">{number}</th>' in shown] == numbers
    for wrong in ("?state=nonsense", "?before=x", "?before=²", f"?before={'9' * 19}"):
        await site.page(PAGE + wrong, status=400)


async def test_many_come_in_pages_that_lose_none(tmp_path: Path) -> None:
    await given_rollouts(tmp_path)
    given_notices(tmp_path, MANY)
    async with opened(tmp_path) as site:
        seen: list[int] = []
        path = PAGE
        while path:
            shown = await site.page(path)
            seen += [number for number in range(MANY, 0, -1) if f'<th scope="row">{number}</th>' in shown]
            following = shown.partition('rel="next" href="')[2].partition('"')[0]
            path = following.replace("&amp;", "&")
        assert seen == [*range(MANY, 0, -1)]


async def test_what_was_set_aside_is_sent_again_one_or_all_of_a_channel(site: Site) -> None:
    none = await site.post(PAGE, {"channel": "works"})
    assert (none.status_code, "waits for another try" in none.text) == (409, True)
    assert (await site.post(PAGE, {"delivery": "x"})).status_code == 400
    assert (await site.post(PAGE, {"delivery": "3"})).status_code == 409  # it was sent
    one = await site.post(PAGE, {"delivery": "1"})
    assert one.status_code == 303
    assert "Deliveries that are sent again: 1." in await site.page(one.headers["location"])
    assert [each.state for each in site.engine.outbox.deliveries()] == ["sent", "waiting", "waiting"]
    everything = await site.post(PAGE, {"channel": CHANNEL})  # it waits for another try by now
    assert "Deliveries that are sent again: 1." in await site.page(everything.headers["location"])


@pytest.mark.dear
async def test_seniors_send_again_and_reviewers_of_a_queue_see_nothing(tmp_path: Path) -> None:
    await given_rollouts(tmp_path)
    given_notices(tmp_path)
    async with house(tmp_path) as there:
        await there.add("ann", "admin")
        await there.add("vic", "viewer")
        await there.add("sue", "senior")
        await there.add("tom", "reviewer", queue="money")
        for name, looks, acts in (("vic", 200, 403), ("tom", 403, 403), ("sue", 200, 303)):
            browser = there.browser()
            await browser.sign_in(name)
            shown = await browser.get(PAGE)
            assert (shown.status_code, "Send these again" in shown.text) == (looks, acts == 303)
            assert (await browser.post(PAGE, {"delivery": "1"})).status_code == acts
            waiting = there.client.outbox.deliveries("set_aside")
            assert [each.id for each in waiting] == ([] if acts == 303 else [1])
        assert (await there.browser().post(PAGE, {"delivery": "1"})).status_code == 401
