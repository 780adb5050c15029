"""Review items over HTTP: the same state machine as every other door, and the same refusals."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from handrail import Orchestrator, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.console.app import console
from handrail.guards import satisfies
from handrail_orchestrator.review.moves import UNDO_SECONDS
from tests.unit.handrail.console.api_site import API, ApiSite, api_site
from tests.unit.handrail.console.served import BASE, approvals, tickets


def kind_of(got: httpx2.Response) -> str:
    return str(got.json()["type"]).removeprefix(f"{API}/problems/")


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_the_list_is_what_waits_and_its_filters_count_what_they_list(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        first, second = await site.asked(tickets, "charged twice", "lost")
        (approval,) = await site.asked(approvals, "pay?")
        await site.post(f"/reviews/{first}/send-up", {"code": "policy"})
        await site.post(f"/reviews/{second}/assign", {"to": "ann"})
        await site.post(f"/reviews/{approval}/snooze", {"until": site.engine.now() + 60})
        expected: dict[str, list[int]] = {
            "": [first, second, approval],
            "sent_up=true": [first],
            "assignee=ann": [second],
            "snoozed=true": [approval],
            "snoozed=false": [first, second],
            "workflow=approvals": [approval],
            "kind=ask": [approval],
            "kind=ask&kind=decide": [first, second, approval],
            "state=decided": [],
            "state=open&state=leased": [first, second, approval],
            "late=true": [],
            f"text={second}": [second],
            "queue=nowhere": [],
        }
        for query, items in expected.items():
            got = (await site.get(f"/reviews?count=true&{query}")).json()
            assert ([item["id"] for item in got["reviews"]], got["total"]) == (items, len(items)), query


async def test_the_pages_of_the_list_are_all_items(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        items = await site.asked(tickets, *"abcdefg")
        found: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await site.get(f"/reviews?limit=2{cursor and f'&cursor={cursor}'}")).json()
            found += [item["id"] for item in page["reviews"]]
            cursor = page["next"]

        assert found == items


async def test_a_decision_is_made_of_the_version_that_was_looked_at(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        (item,) = await site.asked(tickets, "charged twice")
        path = f"/reviews/{item}/decide"
        seen = await site.get(f"/reviews/{item}")
        await site.post(f"/reviews/{item}/notes", {"text": "the customer called"})

        assert kind_of(await site.post(path, {"value": "billing"})) == "version-required"
        assert kind_of(await site.post(path, {"value": "billing", "version": 1})) == "item-changed"
        stale = await site.post(path, {"value": "billing"}, headers={"If-Match": seen.headers["etag"]})
        assert (stale.status_code, kind_of(stale)) == (412, "version-differs")
        assert (
            await site.post(path, {"value": "billing", "version": 1}, headers={"If-Match": '"2"'})
        ).status_code == 409
        assert site.engine.plain_review(item).state == "open"
        fresh = (await site.get(f"/reviews/{item}")).headers["etag"]
        decided = await site.post(path, {"value": "billing"}, headers={"If-Match": fresh})
        assert (decided.status_code, decided.json()["state"]) == (200, "decided")
        again = await site.post(path, {"value": "refund"}, headers={"If-Match": decided.headers["etag"]})
        assert (again.status_code, kind_of(again)) == (409, "item-changed")


@pytest.mark.usefixtures("either_store")
async def test_of_many_who_decide_at_once_one_does(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(8)]
    async with api_site(tmp_path, with_people=True) as site:
        for name in names:
            await site.engine.people.add(name, roles={"*": "reviewer"})
        (item,) = await site.asked(tickets, "charged twice")
        body = {"value": "billing", "version": 1}
        answers = await asyncio.gather(
            *(site.post(f"/reviews/{item}/decide", body, headers={"x-person": name}) for name in names)
        )

        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        assert [change.action for change in site.engine.review_log(item)] == ["ask", "decide"]


@pytest.mark.parametrize("tag", ["1", "*", 'W/"1"', '"one"', '"0"', '"1", "2"'])
async def test_a_tag_that_is_none_of_ours_is_refused(tag: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        (item,) = await site.asked(tickets, "charged twice")
        got = await site.post(f"/reviews/{item}/decide", {"value": "billing"}, headers={"If-Match": tag})

        assert (got.status_code, got.json()["errors"][0]["field"]) == (422, "If-Match")


async def test_a_decision_is_made_of_what_was_shown(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        (item,) = await site.asked(tickets, "charged twice")
        digest = (await site.get(f"/reviews/{item}")).json()["digest"]
        body = {"value": "billing", "version": 1}

        assert kind_of(await site.post(f"/reviews/{item}/decide", {**body, "shown": "another"})) == "item-changed"
        decided = await site.post(f"/reviews/{item}/decide", {**body, "shown": digest})
        assert decided.json()["state"] == "decided"
        assert (await site.get(f"/reviews/{item}")).json()["log"][-1]["data"]["shown"] == digest


@pytest.mark.usefixtures("either_store")
async def test_an_answer_waits_for_its_undo_window_and_its_run_goes_on_after_it(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        (item,) = await site.asked(tickets, "charged twice")
        body = {"value": "billing", "version": 1, "undo_seconds": UNDO_SECONDS}
        pending = (await site.post(f"/reviews/{item}/decide", body)).json()
        assert (pending["state"], pending["decision"]) == ("pending", None)
        assert (await site.post(f"/reviews/{item}/undo")).json()["state"] == "leased"
        decided = await site.post(f"/reviews/{item}/decide", {"value": "access", "version": 3})
        await site.engine.idle()

        assert decided.json()["decision"] == "access"
        (run,) = site.engine.runs()
        assert (run.status, run.output) == ("completed", "access")
        late = await site.post(f"/reviews/{item}/undo")
        assert late.status_code == 409


async def test_what_is_not_ones_own_is_not_given_back_kept_or_taken_back(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        (item,) = await site.asked(tickets, "charged twice")
        for move in ("release", "undo", "extend"):
            got = await site.post(f"/reviews/{item}/{move}")
            assert (got.status_code, kind_of(got) in {"move-refused", "item-changed"}) == (409, True), move
        assert [change.action for change in site.engine.review_log(item)] == ["ask"]


Label = Literal["billing", "fraud"]

careful = classify(
    "careful",
    Label,
    "What is it about?",
    models=ScriptedModel(lambda _: Says("billing", 0.5)),
    accept=confidence(at_least=0.9),
    guards=[satisfies("no_fraud", lambda label: label != "fraud", reason="fraud is decided elsewhere")],
)


@workflow(version=1)
async def cautious(run: Run, text: str) -> str:
    label: str = await run.decide(careful, text)
    return label


async def test_an_answer_that_fails_guards_is_told_which_and_stands_when_they_are_named(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[cautious]) as engine:
        transport = httpx2.ASGITransport(console(engine))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            site = ApiSite(engine, http, (await http.get(f"{API}/openapi.json")).json())
            (item,) = await site.asked(cautious, "stolen card")
            body: dict[str, Any] = {"value": "fraud", "version": 1}
            refused = await site.post(f"/reviews/{item}/decide", body)
            assert (refused.status_code, kind_of(refused)) == (422, "answer-refused")
            assert [each["guard"] for each in refused.json()["verdicts"]] == ["no_fraud"]
            assert engine.plain_review(item).version == 1
            decided = await site.post(f"/reviews/{item}/decide", {**body, "despite": ["no_fraud"]})

            assert decided.json()["decision"] == "fraud"
            assert engine.review_log(item)[-1].despite == ("no_fraud",)
