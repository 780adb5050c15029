"""A person's keys: shown, changed, put to rest, kept where the person's settings are."""

import re
from pathlib import Path
from typing import Any

import pytest

from handrail.console.keys import DEFAULTS, EXTRACTION, TRIAGE, key_map, problems_of
from handrail.console.render import key_does
from handrail.console.words import say
from tests.unit.handrail.console.served import invoices, opened, text_of, tickets


def everything(**changed: str) -> dict[str, str]:
    """Return the whole form of keys, with some changed; ``__`` stands for the dot in a name."""
    fields = {f"{kind}.{action}": key for kind, keys in DEFAULTS.items() for action, key in keys.items()}
    return fields | {name.replace("__", "."): key for name, key in changed.items()}


@pytest.mark.dear
async def test_a_key_is_given_to_something_else_and_works_on_the_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        kept = await site.post("/keys", everything(triage__skip="j", triage__undo="ö", extraction__save="F2"))
        assert kept.status_code == 303
        assert re.search(r'<button data-key="j"[^>]*>Skip', await site.page(f"/items/{item}"))
        page = await site.page("/keys")
        assert 'name="triage.undo" value="ö"' in page
        assert 'name="extraction.save" value="F2"' in page
        await site.post("/keys", {"reset": "1"})
        assert re.search(r'<button data-key="s"[^>]*>Skip', await site.page(f"/items/{item}"))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"triage__skip": "Ctrl+"}, "keys.unreadable"),
        ({"triage__skip": "two"}, "keys.unreadable"),
        ({"triage__skip": "3"}, "keys.reserved"),
        ({"triage__skip": "Enter"}, "keys.reserved"),
        ({"extraction__skip": "s"}, "keys.reserved"),
        ({"triage__skip": "c"}, "keys.twice"),
    ],
)
async def test_a_key_that_cannot_be_used_is_told_and_nothing_is_kept(
    tmp_path: Path, changed: dict[str, str], problem: str
) -> None:
    async with opened(tmp_path) as site:
        refused = await site.post("/keys", everything(**changed))
        assert refused.status_code == 422
        assert say(problem) in text_of(refused.text)
        assert f'value="{next(iter(changed.values()))}"' in refused.text
        assert site.http.cookies.get("settings") is None


async def test_single_keys_are_put_to_rest_and_digits_only_choose(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.post("/keys", everything(single_keys="off", digits="choose"))
        page = await site.page(f"/items/{item}")
        assert 'data-digits="choose"' in page
        assert 'data-single="off"' in page
        single = [key for key in re.findall(r'data-key="([^"]+)"', page) if len(key) == 1]
        assert single == list("123451234"), "only in the sheets that are open by then"


async def test_how_numbers_and_days_are_written_is_chosen_and_counts_on_the_form(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, "Total 1.234,50")
        typed = {"a.vendor": "Nordic", "a.number": "1", "a.total": "1,234"}
        assert "can be" in text_of((await site.post(f"/items/{item}/check", typed)).text)
        await site.post("/keys", everything(decimal=",", day="first"))
        page = await site.page("/keys")
        assert '<option value="," selected>' in page
        assert '<option value="first" selected>' in page
        sent = {**typed, **site.looked_at(item)}
        assert (await site.post(f"/items/{item}/decide", sent)).status_code == 303
        assert site.engine.review(item).answers[-1].value["total"] == 1.234


async def test_a_goal_of_a_day_is_counted_up_to(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item, _) = await site.ask(tickets, "one", "two")
        assert "0 today" in text_of(await site.page("/strip"))
        assert (await site.post("/keys", everything(goal="60"))).status_code == 303
        await site.engine.decide(item, "bug", by="me")
        strip = await site.page("/strip")
        assert "you: 1 of 60 today" in text_of(strip)
        assert 'max="60" value="1"' in strip
        await site.post("/keys", everything())
        assert "1 today" in text_of(await site.page("/strip"))


@pytest.mark.parametrize("goal", ["0", "-1", "many", "1.5", "99999", "²"])
async def test_a_goal_that_is_no_number_is_told_and_nothing_is_kept(tmp_path: Path, goal: str) -> None:
    async with opened(tmp_path) as site:
        refused = await site.post("/keys", everything(goal=goal))
        assert refused.status_code == 422
        assert "Write a whole number" in text_of(refused.text)
        assert f'value="{goal}"' in refused.text


@pytest.mark.parametrize(
    "settings",
    [
        {"keys": []},
        {"keys": {"triage.skip": 7}},
        {"keys": {"triage.skip": "c"}},
        {"keys": {"triage.nothing": "q", "": "x"}},
        {"keys": {"triage.accept": "no key at all"}},
        {"keys": None, "single_keys": 1, "digits": []},
    ],
)
def test_settings_of_no_use_are_left_aside(settings: dict[str, Any]) -> None:
    assert key_map("triage", settings).keys == TRIAGE


def test_the_keys_that_everybody_has_are_told_apart_and_have_words() -> None:
    for kind, keys in (("triage", TRIAGE), ("extraction", EXTRACTION)):
        assert problems_of(kind, keys) == {}
        assert all(key_does(kind, action) for action in keys)


@pytest.mark.parametrize("cookie", ["x", "%7B", "[1]", "null", "%7B%22keys%22%3A7%7D", "a" * 5_000])
async def test_a_cookie_that_cannot_be_read_changes_nothing(tmp_path: Path, cookie: str) -> None:
    async with opened(tmp_path) as site:
        got = await site.http.get("/keys", headers={"cookie": f"settings={cookie}; zone=Nowhere/Nowhere"})
        assert got.status_code == 200
        assert 'name="triage.skip" value="s"' in got.text


async def test_the_page_of_keys_is_found_from_the_keys_of_an_item(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        assert f'href="/keys">{say("keys.change")}' in await site.page(f"/items/{item}")
