"""The pages of triggers: what they say, holding them back, firing them by hand, and who may."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from handrail_orchestrator.store.triggers import TellTrigger, TriggerEvent, TroubleTrigger
from tests.unit.handrail.console.doors import house
from tests.unit.handrail.console.operated import NAME, changed, given_triggers
from tests.unit.handrail.console.served import Site, opened, text_of

pytestmark = pytest.mark.usefixtures("either_store")

ONE = f"/operations/triggers/one?name={quote(NAME)}"
ACT = "/operations/triggers/one"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    await given_triggers(tmp_path)
    async with opened(tmp_path) as found:
        yield found


@pytest.mark.dear
async def test_every_trigger_is_listed_with_what_it_says_and_how_it_stands(site: Site) -> None:
    shown = await site.page("/operations/triggers")
    said = text_of(shown)

    assert f"{NAME} every 0 9 1 1 * UTC, catches up last report fires never" in said
    assert "sorry on" in said
    assert NAME not in shown  # it is shown as text
    assert quote(NAME, safe="").replace("%20", "+") in shown
    assert "/operations/triggers" in await site.page("/operations")


@pytest.mark.dear
async def test_one_is_paused_resumed_and_fired_with_the_reason_in_its_history(site: Site) -> None:
    paused = await site.post(ACT, {"name": NAME, "do": "pause", "why": "closed <i>today</i>"})
    assert paused.status_code == 303
    shown = await site.page(paused.headers["location"])
    said = text_of(shown)
    assert "It is paused: it fires nothing." in said
    assert "paused since" in said
    assert "paused person:me closed <i>today</i>" in said
    assert "<i>" not in shown
    assert "Fire this trigger" not in shown
    assert site.engine.triggers()[0].paused is not None

    again = await site.post(ACT, {"name": NAME, "do": "pause"})
    assert "It was paused already." in await site.page(again.headers["location"])
    refused = await site.post(ACT, {"name": NAME, "do": "fire", "why": "now"})
    assert (refused.status_code, "resume it first" in refused.text) == (409, True)

    resumed = await site.post(ACT, {"name": NAME, "do": "resume", "why": "open"})
    assert "It fires again." in await site.page(resumed.headers["location"])
    fired = await site.post(ACT, {"name": NAME, "do": "fire", "why": "missed"})
    said = text_of(await site.page(fired.headers["location"]))
    assert "asked for by hand hand:1 person:me missed" in said
    assert "1 to fire" in said


@pytest.mark.dear
async def test_what_cannot_be_read_is_shown_again_and_nothing_is_asked_for(site: Site) -> None:
    refused = await site.post(ACT, {"name": NAME, "do": "fire", "payload": "{<b>", "why": "mine"})

    assert (refused.status_code, refused.text.count("{&lt;b&gt;")) == (422, 1)
    assert "The payload cannot be read" in refused.text
    assert 'value="mine"' in refused.text
    assert [each.action for each in site.engine.trigger_history(NAME)] == ["declared"]


@pytest.mark.dear
async def test_trouble_stands_there_since_when_and_why(site: Site, tmp_path: Path) -> None:
    changed(tmp_path, [TroubleTrigger(NAME, site.engine.now(), "the <b>server</b> is gone")])
    for path in ("/operations/triggers", ONE):
        assert "in trouble since" in (said := text_of(await site.page(path)))
        assert "the <b>server</b> is gone" in said


@pytest.mark.dear
async def test_a_long_history_comes_in_pages(site: Site, tmp_path: Path) -> None:
    events = [TellTrigger(NAME, TriggerEvent(float(n), "refused", f"key {n}", None, None, "no")) for n in range(120)]
    changed(tmp_path, events)
    first, last = text_of(await site.page(ONE)), text_of(await site.page(f"{ONE}&page=3"))

    assert ("key 119" in first, "key 50" in first, "Older" in first) == (True, False, True)
    assert ("key 0" in last, "key 119" in last, "Older" in last, "Newest" in last) == (True, False, False, True)
    for wrong in ("0", "x", "21", "-1", "²"):
        await site.page(f"{ONE}&page={wrong}", status=400)


@pytest.mark.dear
async def test_what_there_is_not_is_not_found(site: Site) -> None:
    await site.page(f"{ACT}?name=nobody", status=404)
    await site.page(ACT, status=404)
    assert (await site.post(ACT, {"name": "nobody", "do": "pause"})).status_code == 404
    assert (await site.post(ACT, {"name": NAME, "do": "explode"})).status_code == 400


@pytest.mark.dear
async def test_viewers_look_seniors_hold_back_and_reviewers_of_a_queue_see_nothing(tmp_path: Path) -> None:
    await given_triggers(tmp_path)
    async with house(tmp_path) as there:
        await there.add("ann", "admin")
        await there.add("vic", "viewer")
        await there.add("sue", "senior")
        await there.add("tom", "reviewer", queue="money")
        for name, looks, acts in (("vic", 200, 403), ("sue", 200, 303), ("tom", 403, 403)):
            browser = there.browser()
            await browser.sign_in(name)
            assert (await browser.get("/operations/triggers")).status_code == looks
            one = await browser.get(ONE)
            assert (one.status_code, "Pause this trigger" in one.text) == (looks, acts == 303)
            paused = await browser.post(ACT, {"name": NAME, "do": "pause"})
            assert paused.status_code == acts
            assert (there.client.triggers()[0].paused is not None) is (acts == 303)
            await there.client.resume_trigger(NAME, by="ann")
        assert (await there.browser().get("/operations/triggers")).status_code == 303
        forged = there.browser()
        await forged.sign_in("sue")
        assert (await forged.post(ACT, {"csrf": "0" * 64, "name": NAME, "do": "pause"})).status_code == 403
