"""Runs over HTTP: started once by their key, found again page by page, stopped, gone on with, forked."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.handrail.console.api_site import API, api_site, parents
from tests.unit.handrail.console.served import approvals, tickets

START = "/workflows/orders/runs"
GIVEN: dict[str, object] = {"id": "o", "total": 3.5}
ORDER = {"input": GIVEN}


async def test_a_start_with_the_same_key_and_input_is_the_same_run(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        key = {"Idempotency-Key": "order-1"}
        first, again = await site.post(START, ORDER, headers=key), await site.post(START, ORDER, headers=key)

        assert (first.status_code, again.status_code) == (201, 200)
        assert (first.json()["new"], again.json()["new"]) == (True, False)
        assert first.json()["id"] == again.json()["id"] == "order-1"
        assert first.json()["started_by"] == f"person:{site.engine.run('order-1').started_by.partition(':')[2]}"  # type: ignore[union-attr]
        assert len(site.engine.runs()) == 1


@pytest.mark.usefixtures("either_store")
async def test_of_many_that_start_the_same_at_once_one_starts_it(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        key = {"Idempotency-Key": "order-1"}
        answers = await asyncio.gather(*(site.post(START, ORDER, headers=key) for _ in range(20)))

        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len(site.engine.runs()) == 1


@pytest.mark.parametrize("other", [{"total": 4}, {"lines": ["x"]}, {"id": "p"}])
async def test_the_same_key_with_another_input_is_refused(other: dict[str, object], tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        key = {"Idempotency-Key": "order-1"}
        await site.post(START, ORDER, headers=key)
        got = await site.post(START, {"input": {**GIVEN, **other}}, headers=key)

        assert (got.status_code, got.json()["type"]) == (409, f"{API}/problems/run-conflict")
        assert site.engine.run("order-1").input["total"] == 3.5


async def test_the_same_key_with_another_workflow_is_refused(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        key = {"Idempotency-Key": "k"}
        await site.post("/workflows/tickets/runs", {"input": "x"}, headers=key)

        assert (await site.post("/workflows/approvals/runs", {"input": "x"}, headers=key)).status_code == 409


async def test_without_a_key_each_start_is_a_run_of_its_own(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        started = [(await site.post(START, ORDER)).json()["id"] for _ in range(2)]

        assert len(set(started)) == 2


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201, "a\tb"])
async def test_a_key_that_cannot_be_one_is_refused(key: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.post(START, ORDER, headers={"Idempotency-Key": key.encode()})

        assert got.status_code == 422
        assert [error["field"] for error in got.json()["errors"]] == ["Idempotency-Key"]
        assert site.engine.runs() == []


async def test_an_input_that_does_not_fit_is_named_by_field_and_starts_nothing(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.post(START, {"input": {"total": "much", "lines": [1]}})

        assert {error["field"] for error in got.json()["errors"]} == {"input.id", "input.total", "input.lines.0"}
        assert (await site.post("/workflows/deliveries/runs", {"input": 5})).status_code == 422
        assert site.engine.runs() == []


@pytest.mark.parametrize("name", ["unknown", "ORDERS", "orders%2F", "%E2%82%AC"])
async def test_only_workflows_that_the_server_executes_are_started(name: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.post(f"/workflows/{name}/runs", ORDER)

        assert (got.status_code, got.json()["type"]) == (404, f"{API}/problems/unknown-workflow")


@pytest.mark.usefixtures("either_store")
async def test_the_pages_of_a_list_are_all_runs_newest_first(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start_many(approvals, [(f"r{number}", "x") for number in range(7)])
        await site.engine.idle()
        found: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await site.get(f"/runs?limit=3{cursor and f'&cursor={cursor}'}")).json()
            found += [run["id"] for run in page["runs"]]
            cursor = page["next"]

        assert found == [f"r{number}" for number in reversed(range(7))]


@pytest.mark.usefixtures("either_store")
async def test_runs_are_found_by_status_workflow_id_age_and_parent(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(parents, "x", id="p")
        await site.engine.start(tickets, "x", id="T-1")
        await site.engine.idle()

        async def ids(query: str) -> list[str]:
            return [run["id"] for run in (await site.get(f"/runs?{query}")).json()["runs"]]

        now = site.engine.now()
        assert await ids("parent=p") == ["p/approvals"]
        assert await ids("status=waiting&workflow=tickets") == ["T-1"]
        assert await ids("text=t-") == ["T-1"]
        assert await ids("status=failed") == []
        assert sorted(await ids(f"created_from={now - 60}")) == ["T-1", "p", "p/approvals"]
        assert await ids(f"created_to={now - 60}") == []
        (child,) = (await site.get("/runs?parent=p")).json()["runs"]
        assert (child["parent_id"], child["waits"][0]["kind"]) == ("p", "human")


async def test_the_pages_of_steps_are_all_steps_in_order(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.asked(tickets, "x")
        (run,) = site.engine.runs()
        first = (await site.get(f"/runs/{run.id}/steps?limit=1")).json()
        second = (await site.get(f"/runs/{run.id}/steps", params={"cursor": first["next"]})).json()

        assert [step["name"] for page in (first, second) for step in page["steps"]] == ["topic", "topic/review"]
        assert second["next"] is None


async def test_a_run_that_has_not_failed_is_not_retried(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.asked(tickets, "x")
        (run,) = site.engine.runs()
        got = await site.post(f"/runs/{run.id}/retry")

        assert (got.status_code, got.json()["type"]) == (409, f"{API}/problems/wrong-state")
        assert (await site.post("/runs/nothing/retry")).json()["type"] == f"{API}/problems/unknown-run"


@pytest.mark.usefixtures("either_store")
async def test_a_fork_takes_the_history_before_its_step_and_a_free_id(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(tickets, "x", id="r")
        await site.engine.idle()
        forked = await site.post("/runs/r/fork", {"step": "topic/review", "id": "r2"})
        await site.engine.idle()

        assert (forked.status_code, forked.headers["location"]) == (201, f"{API}/runs/r2")
        assert (await site.get("/runs/r2")).json()["copied_seq"] == 1
        assert (await site.post("/runs/r/fork", {"id": "r2"})).json()["type"] == f"{API}/problems/run-conflict"
        assert (await site.post("/runs/r/fork", {"step": "nowhere"})).json()["type"] == f"{API}/problems/wrong-state"


@pytest.mark.usefixtures("either_store")
async def test_an_event_counts_once_by_its_id(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.post("/workflows/deliveries/runs", headers={"Idempotency-Key": "d"})
        await site.engine.idle()
        event = {"name": "delivered", "payload": "here", "event_id": "bank-1"}
        answers = [(await site.post("/runs/d/events", {**event, "name": name})).json() for name in ("x", "delivered")]
        assert answers == [{"new": True}, {"new": False}]
        assert (await site.post("/runs/d/events", {**event, "event_id": "bank-2"})).json() == {"new": True}
        await site.engine.idle()

        assert site.engine.run("d").output == "here"
        late = await site.post("/runs/d/events", {"name": "delivered"})
        assert (late.status_code, late.json()["type"]) == (409, f"{API}/problems/wrong-state")


@pytest.mark.usefixtures("either_store")
async def test_an_outcome_is_recorded_on_an_ended_run_and_what_it_replaces_stays_in_the_list(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(tickets, "x", id="a")
        await site.engine.idle()
        early = await site.post("/runs/a/outcomes", {"name": "reopened"})
        assert (early.status_code, early.json()["type"]) == (409, f"{API}/problems/wrong-state")
        await site.post("/runs/a/cancel")
        await site.post("/runs/a/outcomes", {"name": "reopened", "value": False, "at": site.engine.now() - 60})
        told = (await site.post("/runs/a/outcomes", {"name": "reopened"})).json()["outcomes"]
        assert [(each["value"], each["superseded_by"]) for each in told] == [(False, told[1]["id"]), (None, None)]
        for wrong in ({}, {"name": ""}, {"name": "x", "value": [1]}, {"name": "x", "value": 1e13}, {"name": " "}):
            assert (await site.post("/runs/a/outcomes", wrong)).status_code == 422
        ahead = await site.post("/runs/a/outcomes", {"name": "x", "at": site.engine.now() + 1e6})
        assert ahead.status_code == 409
        assert "lies ahead" in ahead.text
        assert (await site.get("/runs/nobody/outcomes")).status_code == 404


async def test_who_cancelled_a_run_is_kept_with_it(tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        await site.engine.start(tickets, "x", id="a")
        await site.engine.start(tickets, "x", id="b")
        await site.engine.idle()
        await site.post("/runs/a/cancel")
        await site.post("/runs/b/cancel", {"reason": "sent twice"})

        said = [site.engine.run(name).error for name in ("a", "b")]
        assert [error.message if error else "" for error in said] == ["cancelled by ann", "sent twice"]
