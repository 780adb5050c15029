"""The pages of promises: the list, one promise with its rules over time, and who may pause it."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from handrail.calibration import keep_promises
from handrail.console.promises.pages import NOT_RECKONED
from handrail.console.promises.picture import promise_picture, spans_of
from handrail.orchestrator import ReviewQuery
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment
from handrail_evals.decide.keeping.next_threshold import TOLD, NextThreshold, SharesInForce, next_threshold
from handrail_orchestrator.records.promise import PromiseRecord, PromiseRuleRecord
from handrail_orchestrator.store.promises import MovePromise, PromiseState, SetLadder
from tests.unit.handrail.console.api_site import ApiSite, api_site
from tests.unit.handrail.console.promised import promising, ruled
from tests.unit.handrail.console.served import text_of
from tests.unit.handrail.console.test_operations_page import page, post, staff

FLOWS = [promising]


async def decided(site: ApiSite, *texts: str) -> None:
    await site.engine.start_many(promising, [(f"r-{text}", text) for text in texts])
    await site.engine.idle()


@pytest.mark.dear
async def test_the_list_leads_to_each_promise_and_says_when_there_is_none(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        assert "Nothing is promised in this store" in text_of(await page(site, "/promises"))
        await decided(site, "x 0.9")
        shown = await page(site, "/promises")
        assert 'href="/promises/1"' in shown
        assert "letter promising" in text_of(shown)
        assert 'href="/promises/1"' in await page(site, "/operations")
        assert 'href="/promises" aria-current="page"' in shown
        assert await page(site, "/promises/1")
        assert await page(site, "/promises/promising/letter")
        assert "no promise" in text_of(await page(site, "/promises/promising/other", 404))


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_a_promise_shows_what_it_came_to_under_each_of_its_rules(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, "x 0.9", "y 0.2")
        assert "no rule yet" in text_of(await page(site, "/promises/1"))
        assert "Cannot be reckoned yet: the first 100 cases" in text_of(await page(site, "/promises/1"))
        await ruled(site.engine, 0.8, why="<b>labels</b> allow it")
        await decided(site, "z 0.85", "u 0.9", "v 0.95", "w 0.1")
        await ruled(site.engine, 0.5, why="more labels allow it", share=0.25)
        shown = await page(site, "/promises/promising/letter")
        said = text_of(shown)

        assert "promising/letter at most 2% wrong, sure to 95%" in said
        assert "accepts from a confidence of 0.500 on; 25.0 % of what is accepted is asked blind" in said
        assert "3 of 6 distinct inputs were accepted without a person (50.0 %)" in said
        assert "3 were decided by people; of all, 2 were drawn" in said
        assert "0.800 75.0 % 3 / 4" in said
        assert "only what is truly wrong in at most 1.0 % can be accepted" in said
        assert "1 in 20 of it lets 2.1 % through" in said
        assert "rule keeper:k more labels allow it" in said
        assert "<b>labels" not in shown
        found = re.search(r'<svg class="promise-picture.*?</svg>', shown, flags=re.DOTALL)
        assert found is not None
        titles = [each.text for each in ET.fromstring(found[0]).iter("title")]  # noqa: S314 -- our own
        assert titles == [
            "the beginning: nothing was accepted",
            "rule 1: accepts from 0.800 on, 75.0 % of 4 cases",
        ]  # nothing was judged by the second rule yet, so that it has no share


@pytest.mark.usefixtures("either_store")
async def test_a_promise_says_how_many_labels_its_next_threshold_takes_as_the_keeper_does(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, "x 0.9")
        (row,) = site.engine.promise_store.promises()
        ladder = KeeperLadder((0.8, 0.5), (0.1, 0.2), (LadderSegment(0, 2, 1.0),))
        await site.engine.change_promises(SetLadder(row.stream, json.dumps(ladder.as_json()), 1))
        fresh = next_threshold(PromiseKeeper(ladder, KeeperSettings(target=0.02)), SharesInForce())
        assert isinstance(fresh, NextThreshold)
        said = text_of(await page(site, "/promises/1"))
        assert f"At least {fresh.at_least} more, if none of them is wrong. Those at or above 0.800" in said


@pytest.mark.dear
async def test_a_promise_says_what_its_answers_would_allow_at_another_target(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, *(f"x{number} 0.9" for number in range(12)))
        assert "At another target" in text_of(await page(site, "/promises/1"))
        assert "there are no thresholds to try yet" in text_of(await page(site, "/promises/1?at=0.5"))
        (row,) = site.engine.promise_store.promises()
        ladder = KeeperLadder((0.8, 0.5), (0.1, 0.2), (LadderSegment(0, 2, 1.0),))
        await site.engine.change_promises(SetLadder(row.stream, json.dumps(ladder.as_json()), 0))
        for item in site.engine.reviews(ReviewQuery(limit=50)):
            await site.engine.decide(item.id, "a", by="ann")
        await site.engine.idle()
        await keep_promises(site.engine)

        allowed = text_of(await page(site, "/promises/1?at=0.6"))
        assert (
            "At 60.0 % these answers would allow to accept from a confidence of 0.500 on: 100 % of the last" in allowed
        )
        assert "would allow nothing yet; 0 % of the last cases" in text_of(await page(site, "/promises/1?at=0.001"))
        assert "<b> is no share" in text_of(await page(site, "/promises/1?at=%3Cb%3E"))
        assert "give a share above 0 and below 1" in text_of(await page(site, "/promises/1?at=2"))


def test_each_reason_why_that_is_not_reckoned_has_words() -> None:
    assert set(NOT_RECKONED) == {*TOLD, "unreadable"}


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_it_is_paused_and_resumed_with_a_reason(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, "x 0.9")
        await ruled(site.engine, 0.8, why="labels allow it")
        got = await post(site, "/promises/1", {"do": "pause", "why": " "})
        assert got.status_code == 422
        assert "Say why. Nothing was changed." in got.text
        assert site.engine.promise("1").state == "keeping"
        got = await post(site, "/promises/1", {"do": "pause", "why": "we look at it"})
        assert (got.status_code, got.headers["location"]) == (303, "/promises/1")
        said = text_of(await page(site, "/promises/1"))
        assert "accepts nothing until somebody resumes it" in said
        assert "paused by me: we look at it" in said
        got = await post(site, "/promises/1", {"do": "pause", "why": "again <i>"})
        assert got.status_code == 409
        assert "is paused" in text_of(got.text)
        assert 'value="again &lt;i&gt;"' in got.text
        got = await post(site, "/promises/promising/letter", {"do": "resume", "why": "it is fine"})
        assert got.status_code == 303
        assert [each.action for each in site.engine.promise_history("1")] == ["rule", "paused", "resumed"]
        assert (await post(site, "/promises/1", {"do": "delete", "why": "x"})).status_code == 400
        assert (await post(site, "/promises/9", {"do": "pause", "why": "x"})).status_code == 404
        assert (await site.http.post("/promises/1", data={"do": "pause", "why": "x"})).status_code == 403


@pytest.mark.dear
async def test_the_surest_contradictions_are_shown_with_their_items_surest_first(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, "x 0.9", *(f"{number} 0.{number}" for number in range(30, 42)), "y 0.99")
        for item in site.engine.reviews(ReviewQuery()):
            await site.engine.decide(item.id, "a" if item.run_id == "r-y 0.99" else "b", by="ann")
        assert "Surest contradictions" not in text_of(await page(site, "/promises/1"))
        await keep_promises(site.engine)
        found = site.engine.promise_contradictions("promising/letter")
        assert [each.confidence for each in found] == [0.9, *(number / 100 for number in range(41, 32, -1))]
        assert (found[0].run_id, found[0].step, found[0].by) == ("r-x 0.9", "letter", "ann")
        shown = await page(site, "/promises/1")
        assert f'href="/items/{found[0].item}"' in shown
        assert 'href="/runs/r-x%200.9"' in shown
        await site.engine.forget(runs=["r-x 0.9"], by="me", why="asked to")
        assert site.engine.promise_contradictions("1", limit=1)[0].confidence == 0.41


@pytest.mark.parametrize(("state", "said"), [("shadow", "decides nothing"), ("stopped", "its model was given up")])
async def test_what_may_not_answer_says_so_and_is_neither_paused_nor_resumed_into_answering(
    state: PromiseState, said: str, tmp_path: Path
) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site, "x 0.9")
        (row,) = site.engine.promise_store.promises()
        await site.engine.change_promises(MovePromise(row.id, row.version, 1.0, "keeper", 0, None, state=state))
        shown = await page(site, "/promises/1")
        assert said in text_of(shown)
        assert 'name="do"' not in shown
        assert "What is drawn must be answered" not in text_of(shown)
        got = await post(site, "/promises/1", {"do": "pause", "why": "we look at it"})
        assert got.status_code == 409
        assert (await post(site, "/promises/1", {"do": "resume", "why": "on"})).status_code == 409
        record = site.engine.promise("1")
        assert (record.state, record.standing.startswith("in shadow")) == (state, state == "shadow")


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("senior", False), ("admin", True)])
async def test_who_may_not_pause_a_promise_has_no_form_and_is_refused(role: str, may: bool, tmp_path: Path) -> None:  # noqa: FBT001 -- from the table above
    async with api_site(tmp_path, flows=FLOWS) as site:
        await staff(site, root={"*": "admin"}, ann={"*": role}, eve={"desk": "admin"})
        await decided(site, "x 0.9")
        assert ('name="do" value="pause"' in await page(site, "/promises/1", x_person="ann")) == may
        got = await site.http.post("/promises/1", data={"do": "pause", "why": "x"}, headers={"x-person": "ann"})
        assert got.status_code == (303 if may else 403)
        assert (site.engine.promise("1").state == "paused") == may
        for path in ("/promises", "/promises/1"):
            assert "letter" not in await page(site, path, 403, x_person="eve")


def a_rule(number: int, at: float, **more: float | None) -> PromiseRuleRecord:
    values = {"threshold": 0.5, "accepted_share": 0.5, "judged": 0, "accepted": 0, **more}
    return PromiseRuleRecord(number=number, at=at, below_share=1.0, cases=0, labels=0, wrong=0, why="", **values)  # type: ignore[arg-type]


def test_the_picture_has_each_rule_for_as_long_as_it_was_in_force() -> None:
    record = PromiseRecord(
        number=1, workflow="w", step="s", model="m", prompt_version="1", servers=(), terms="t", wrong_at_most=0.1,
        sure=0.9, state="keeping", why="", rule=3, threshold=None, accepted_share=1.0, labels=0, set_at=40.0,
        begun=10.0, cases=0, accepted=0, drawn=0, answered=0, wrong=0, accepted_answered=0, accepted_wrong=0,
        is_current=True,
    )  # fmt: skip
    rules = [a_rule(1, 20.0, judged=4, accepted=3), a_rule(2, 30.0), a_rule(3, 40.0, threshold=None)]
    found = [(each.since, each.until, each.accepted, each.asked) for each in spans_of(record, rules, 50.0)]
    assert found == [(10.0, 20.0, 0.0, 1.0), (20.0, 30.0, 0.75, 0.5), (30.0, 40.0, None, 0.5), (40.0, 50.0, 0.0, 0.5)]
    for now, some in ((10.0, []), (5.0, []), (50.0, rules)):  # one that has just begun, and a clock that runs behind
        drawn = promise_picture(record, some, now)
        assert "nan" not in drawn
        assert ET.fromstring(drawn) is not None  # noqa: S314 -- our own
