"""One item's page without a script: what it shows, what its buttons do, and what comes back when they cannot."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.decide.corrections.exporting import ExportQuery, exported
from handrail_orchestrator.review.moves import SEND_UP_CODES
from tests.unit.handrail.console.served import Site, approvals, invoices, opened, text_of, tickets

SOURCE = "Nordic Office\nInvoice 2024-00817\nTotal 207.50"


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of the answer's form."""
    form = page[page.index('<form id="answer"') :]
    found = re.search(rf'name="{name}" value="([^"]*)"', form)
    assert found is not None
    return unescape(found[1])


async def answer(site: Site, item: int, **fields: Any) -> Any:
    """Send the form of an item's page, with some fields changed."""
    page = await site.page(f"/items/{item}?queue=review")
    sent = {name: hidden(page, name) for name in ("version", "shown", "queue")}
    return await site.post(f"/items/{item}/decide", {**sent, **fields})


async def test_labels_stand_in_the_order_of_their_confidence_with_their_digits(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "I was billed twice")
        page = await site.page(f"/items/{item}")
    keys = re.findall(r'value="&#34;(\w+)&#34;"(?: checked)? data-key="(\d)"', page)
    assert [label for label, _ in keys] == ["billing", "refund", "fraud", "access", "bug"]
    assert [key for _, key in keys] == list("12345")
    assert re.search(r'value="&#34;billing&#34;" checked', page)
    said = text_of(page)
    assert "64 %" in said
    assert "confidence 0.64 < 0.75" in said
    assert "I was billed twice" in said


async def test_a_label_is_decided_and_the_next_item_is_taken_and_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        first, second = await site.ask(tickets, "one", "two")
        sent = await answer(site, first, choice='"refund"')
        assert sent.status_code == 303
        assert sent.headers["location"] == f"/items/{second}?queue=review&done={first}"
        page = await site.page(sent.headers["location"])
        decided, taken = site.engine.review(first), site.engine.review(second)
    assert (decided.state, decided.answers[-1].value) == ("pending", "refund")
    assert (taken.state, taken.lease_owner) == ("leased", "me")
    assert "Saved" in text_of(page)
    assert f'action="/items/{first}/undo"' in page


async def test_an_answer_is_taken_back_and_the_item_begun_since_is_given_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        first, second = await site.ask(tickets, "one", "two")
        await answer(site, first, choice='"refund"')
        sent = await site.post(f"/items/{first}/undo", {"current": str(second), "queue": "review"})
        assert sent.headers["location"] == f"/items/{first}?queue=review"
        assert (site.engine.review(first).state, site.engine.review(first).lease_owner) == ("leased", "me")
        assert site.engine.review(second).state == "open"


async def test_the_last_item_leads_to_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        sent = await answer(site, item, choice='"bug"')
        assert sent.headers["location"] == f"/queue?queue=review&done={item}&end=1"
        assert (await site.http.get(sent.headers["location"])).status_code == 200


@pytest.mark.parametrize("choice", ["", "nonsense", '"elephant"', "[1", "true"])
async def test_what_is_no_label_is_refused_and_the_item_is_as_it_was(tmp_path: Path, choice: str) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        sent = await answer(site, item, choice=choice, note="my words")
        assert sent.status_code == 422
        assert 'role="alert"' in sent.text
        assert "my words" in sent.text
        assert site.engine.review(item).version == 1


async def test_of_two_people_at_one_item_the_second_is_told_and_keeps_what_was_typed(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        page = await site.page(f"/items/{item}")
        sent = {name: hidden(page, name) for name in ("version", "shown")}
        await site.engine.take(item, by="ben")
        late = await site.post(
            f"/items/{item}/decide",
            {**sent, "a.vendor": "Typed By Me", "a.number": "1", "a.total": "2", "note": "and why"},
        )
        assert late.status_code == 409
        said = text_of(late.text)
        assert "Somebody else was faster" in said
        assert "Typed By Me" in late.text
        assert "and why" in late.text
        assert site.engine.review(item).lease_owner == "ben"


async def test_a_field_that_does_not_fit_is_named_and_the_typed_text_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        sent = await answer(site, item, **{"a.vendor": "Nordic", "a.number": "1", "a.total": "twelve"})
        assert sent.status_code == 422
        assert 'value="twelve"' in sent.text
        assert "This is no number" in text_of(sent.text)
        assert site.engine.review(item).state == "open"
        good = await answer(site, item, **{"a.vendor": "Nordic", "a.number": "1", "a.total": "12.5"})
        assert good.status_code == 303
        assert site.engine.review(item).answers[-1].value == {"vendor": "Nordic", "number": "1", "total": 12.5}


async def test_fields_in_doubt_are_marked_and_the_source_stands_beside_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        page = await site.page(f"/items/{item}")
    assert re.search(r'data-path="total"[^>]*data-state="check"', page)
    assert re.search(r'data-path="vendor"[^>]*data-state="accepted"', page)
    assert "31 %" in text_of(page)
    assert 'class="text numbered"' in page


async def test_yes_and_no_are_labels(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(approvals, "82,000 to ACME")
        page = await site.page(f"/items/{item}")
        assert re.findall(r'name="choice" value="(\w+)"', page) == ["true", "false"]
        await answer(site, item, choice="false")
        assert site.engine.review(item).answers[-1].value is False


async def test_nothing_is_decided_about_something_else_than_was_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        sent = await answer(site, item, choice='"bug"', shown="0" * 32)
        assert sent.status_code == 409
        assert site.engine.review(item).state == "open"


async def test_what_is_skipped_is_offered_last_and_alone_it_leads_to_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        first, second = await site.ask(tickets, "one", "two")
        sent = await site.post(f"/items/{first}/skip", {"queue": "review"})
        assert sent.headers["location"] == f"/items/{second}?queue=review"
        await answer(site, second, choice='"bug"')
        sent = await site.post(f"/items/{first}/skip", {"queue": "review"})
        assert sent.headers["location"].startswith("/queue?")
        assert site.engine.review(first).state == "open"


@pytest.mark.parametrize("code", SEND_UP_CODES)
async def test_an_item_is_sent_up_with_its_reason(tmp_path: Path, code: str) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.post(f"/items/{item}/send_up", {"code": code, "note": "look here"})
        sent_up = site.engine.review(item)
        assert (sent_up.tier, sent_up.state) == (2, "open")
        assert "look here" in await site.page(f"/items/{item}")


@pytest.mark.parametrize(
    ("move", "data"), [("send_up", {"code": "because"}), ("snooze", {"for": "ever"}), ("undo", {}), ("note", {})]
)
async def test_a_move_that_makes_no_sense_is_told_in_words(tmp_path: Path, move: str, data: dict[str, str]) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        sent = await site.post(f"/items/{item}/{move}", data)
        assert sent.status_code == 422
        assert len(text_of(sent.text)) > 50
        assert site.engine.review(item).version == 1


async def test_an_item_is_put_away_and_a_note_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.post(f"/items/{item}/note", {"note": "check the March incident", "choice": '"bug"'})
        page = await site.page(f"/items/{item}")
        assert "check the March incident" in text_of(page)
        await site.post(f"/items/{item}/snooze", {"for": "4h"})
        until = site.engine.review(item).snoozed_until
        assert until is not None
        assert 14_300 < until - site.engine.now() <= 14_400


async def test_a_decided_item_says_that_a_correction_is_a_fork_and_offers_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.engine.decide(item, "bug", by="ben")
        await site.engine.idle()
        page = await site.page(f"/items/{item}")
        assert "To correct it, fork the run" in text_of(page)
        sent = await site.post(f"/items/{item}/fork")
        assert sent.status_code == 303
        await site.engine.idle()
        again = [each for each in site.engine.reviews() if each.id != item]
        assert [each.step for each in again] == ["topic/review"]


async def test_an_answer_that_its_run_went_on_with_is_not_offered_to_be_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.engine.decide(item, "bug", by="me", undo_seconds=60)
        assert f'action="/items/{item}/undo"' in await site.page(f"/items/{item}")
        await site.engine.commit(item, by="me")
        await site.engine.idle()
        assert "undo" not in await site.page(f"/items/{item}")


async def test_an_unknown_item_is_a_page_that_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        assert "no review item 999" in text_of(await site.page("/items/999", status=404))
        assert "larger than a store can hold" in text_of(await site.page("/items/99999999999999999999", status=400))


async def test_taking_says_what_changed_and_a_beat_keeps_the_item(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        taken = (await site.post(f"/items/{item}/take", headers={"x-console": "live"})).json()
        assert taken["version"] == site.engine.review(item).version
        beaten = await site.post(f"/items/{item}/extend", {"worked": "12"}, headers={"x-console": "live"})
        assert beaten.json()["until"] >= taken["until"]
        gone = await site.post(f"/items/{item}/release", headers={"x-console": "live"})
        assert gone.status_code == 204
        assert site.engine.review(item).state == "open"


INVOICE = {"a.vendor": "Nordic", "a.number": "2024-00817", "a.total": "207.50"}


async def test_where_a_word_was_picked_goes_with_the_answer_and_leaves_with_the_labels(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        start = SOURCE.index("2024")
        spans = [json.dumps(["number", start, start + 10]), json.dumps(["vendor", 0, 6])]
        await answer(site, item, **INVOICE, span=spans)
        given = next(each for each in site.engine.review(item).history if each.action == "decide")
        assert given.data is not None
        assert given.data["spans"] == {"number": [start, start + 10], "vendor": [0, 6]}
        await site.engine.commit(item, by="me")
        (case,) = exported(site.engine, ExportQuery(), str)
        assert case.evidence["number"] == ["2024-00817"]
        assert case.evidence["vendor"] == ["Nordic"]


@pytest.mark.parametrize(
    "span", ["", "x", "[]", '["number", 1]', '["number", 5, 2]', '["number", 0, 999]', '["", 0, 1]', "[" * 9_999]
)
async def test_a_place_that_makes_no_sense_is_left_aside(tmp_path: Path, span: str) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        assert (await answer(site, item, **INVOICE, span=span)).status_code == 303
        assert all("spans" not in (each.data or {}) for each in site.engine.review(item).history)


async def test_of_a_text_that_is_not_shown_letter_by_letter_no_place_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, f"\u202e{SOURCE}")
        await answer(site, item, **INVOICE, span='["number", 0, 6]')
        assert all("spans" not in (each.data or {}) for each in site.engine.review(item).history)


async def test_time_at_an_item_since_the_last_beat_is_told_with_the_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(tickets, "one")
        await site.post(f"/items/{item}/take")
        await site.post(f"/items/{item}/extend", {"worked": "12"}, headers={"x-console": "live"})
        assert (await answer(site, item, choice='"bug"', worked="30.5")).status_code == 303
        assert site.engine.review(item).hands_on == pytest.approx(42.5)


async def test_a_check_says_what_does_not_fit_and_decides_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        (item,) = await site.ask(invoices, SOURCE)
        checked = await site.post(f"/items/{item}/check", {"a.vendor": "N", "a.number": "1", "a.total": "x"})
        assert "This is no number" in text_of(checked.text)
        assert site.engine.review(item).version == 1
