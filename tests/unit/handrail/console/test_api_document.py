"""The OpenAPI document, the routes and what comes are one: all of them are made from the same table."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handrail.console.api.document import document, problems_of
from handrail.console.api.operation import AnyOperation
from handrail.console.api.problems import KINDS, problem_of
from handrail.console.api.table import OPERATIONS, PROBES
from handrail.console.context import ConsoleSettings
from handrail_orchestrator import errors
from handrail_orchestrator.errors import OrchestratorError
from tests.unit.handrail.console.api_site import API, ApiSite, api_site
from tests.unit.handrail.console.operated import operated_site
from tests.unit.handrail.console.promised import promising
from tests.unit.handrail.console.served import approvals, tickets

DOCUMENT = document("", "1")
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATION = pytest.mark.parametrize("operation", [*OPERATIONS, *PROBES], ids=lambda each: each.name)


def told(operation: AnyOperation) -> dict[str, Any]:
    path = operation.path if operation in PROBES else API + operation.path
    found: dict[str, Any] = DOCUMENT["paths"][path][operation.method.lower()]
    return found


def references(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name == "$ref":
                yield value
            yield from references(value)
    if isinstance(data, list):
        for value in data:
            yield from references(value)


@OPERATION
def test_each_operation_is_in_the_document_as_the_table_has_it(operation: AnyOperation) -> None:
    said = told(operation)
    in_path = {each["name"] for each in said["parameters"] if each["in"] == "path"}

    assert said["operationId"] == operation.name
    assert in_path == set(re.findall(r"{(\w+)}", operation.path))
    assert ("requestBody" in said) == (operation.method == "POST")
    assert {int(status) for status in said["responses"]} == {
        *operation.statuses,
        *(KINDS[name].status for name in problems_of(operation)),
    }
    assert said["summary"].endswith(".")


@OPERATION
def test_the_example_of_a_body_fits_its_schema(operation: AnyOperation) -> None:
    if operation.method != "POST":
        return
    content = told(operation)["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": DOCUMENT["components"]}

    assert list(Draft202012Validator(schema).iter_errors(content["example"])) == []
    assert operation.body.model_validate(content["example"])


@pytest.mark.dear
def test_names_are_given_once_and_nothing_in_the_document_leads_nowhere() -> None:
    times = Counter(each.name for each in (*OPERATIONS, *PROBES))
    used = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}

    assert times.most_common(1)[0][1] == 1
    assert sum(len(each) for each in DOCUMENT["paths"].values()) == len(OPERATIONS) + len(PROBES)
    assert used == set(SCHEMAS)
    assert all(Draft202012Validator.check_schema(schema) is None for schema in SCHEMAS.values())


def test_nothing_but_json_objects_that_are_closed_is_asked_for_or_told() -> None:
    assert [name for name, schema in SCHEMAS.items() if schema.get("additionalProperties") is not False] == []


FIGURES = ("/operations/stats?window=24h", "/operations/map?workflow=tickets", "/operations/failures")


async def promises_answer(site: ApiSite) -> None:
    await site.engine.start(promising, "x 0.9")
    await site.engine.idle()
    assert [each["target"] for each in (await site.get("/promises")).json()["promises"]] == ["promising/letter"]
    paused = (await site.post("/promises/promising%2Fletter/pause", {"why": "odd"})).json()
    assert paused == (await site.get("/promises/1")).json()
    assert (await site.post("/promises/1/resume", {"why": "mended"})).json()["history"][-1]["action"] == "resumed"


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_every_operation_answers_what_the_document_says(tmp_path: Path) -> None:
    async with operated_site(tmp_path) as site:
        first, second, third = await site.asked(tickets, "charged twice", "cannot sign in", "lost")
        (approval,) = await site.asked(approvals, "pay 5?")
        assert (await site.get("/workflows")).json()["workflows"][0]["name"] == "tickets"
        started = await site.post("/workflows/deliveries/runs", headers={"Idempotency-Key": "d/1"})
        assert (started.status_code, started.headers["location"]) == (201, f"{API}/runs/d%2F1")
        await site.post("/workflows/orders/runs", {"input": {"id": "o", "total": 3}}, headers={"Idempotency-Key": "o"})
        await site.engine.idle()
        for path in (
            "/runs?limit=2",
            "/runs?text=D/",
            "/runs/d%2F1",
            "/runs/o",
            "/runs/o/steps?limit=1",
            "/stats",
            *FIGURES,
        ):
            assert (await site.get(path)).status_code == 200
        assert (await site.post("/runs/o/retry")).json()["status"] in {"pending", "running", "failed"}
        assert (await site.post("/runs/d%2F1/events", {"name": "delivered", "payload": "here"})).json() == {"new": True}
        await site.engine.idle()
        kept = await site.post("/events", {"name": "delivered", "key": "parcel 7", "payload": "here"})
        assert kept.json() == {"new": True, "run_id": None}  # nobody waits for it yet
        set_by_hand = await site.post("/runs/o/result", {"step": "unlucky", "value": 3.0})
        assert (set_by_hand.status_code, set_by_hand.json()["id"]) == (200, "o")
        await site.engine.idle()
        assert (await site.post("/runs/d%2F1/fork", {"id": "d2"})).json() == {"id": "d2"}
        assert (await site.post("/runs/d2/cancel")).json()["id"] == "d2"
        recorded = await site.post("/runs/d2/outcomes", {"name": "reopened", "value": True})
        assert (await site.get("/runs/d2/outcomes")).json() == recorded.json()
        listed = (await site.get("/reviews?count=true&limit=1")).json()
        assert (listed["total"], len(listed["reviews"])) == (4, 1)
        assert (await site.get(f"/reviews?cursor={listed['next']}")).json()["reviews"][0]["id"] == second
        taken = await site.post(f"/reviews/{first}/take")
        assert taken.headers["etag"] == '"2"'
        assert (await site.post(f"/reviews/{first}/extend", {"worked": 3})).json() == {"held": True}
        await site.post(f"/reviews/{first}/notes", {"text": "called back"})
        await site.post(f"/reviews/{first}/release")
        await site.post(f"/reviews/{first}/skip", {"note": "not mine"})
        assert (await site.post("/reviews/next", {"queue": "nowhere"})).json() == {"review": None}
        assert (await site.post("/reviews/next", {})).json()["review"]["id"] == second
        decided = await site.post(
            f"/reviews/{second}/decide", {"value": "access", "undo_seconds": 60}, headers={"If-Match": '"2"'}
        )
        assert decided.json()["state"] == "pending"
        assert (await site.post(f"/reviews/{second}/undo")).json()["state"] == "leased"
        await site.post(f"/reviews/{second}/decide", {"value": "access", "version": 4, "undo_seconds": 60})
        assert (await site.post(f"/reviews/{second}/commit")).json()["state"] == "decided"
        later = {"until": site.engine.now() + 600}
        assert (await site.post(f"/reviews/{third}/snooze", later)).json()["snoozed_until"] == later["until"]
        assert (await site.post(f"/reviews/{approval}/assign", {"to": "ann"})).json()["assignee"] == "ann"
        assert (await site.post(f"/reviews/{approval}/send-up", {"code": "unsure"})).json()["tier"] == 2
        assert (await site.get(f"/reviews/{approval}")).json()["log"][-1]["action"] == "send_up"
        assert (await site.get(f"/reviews/{approval}/documents")).json() == {"documents": []}
        await promises_answer(site)
        kinds = (await site.get("/problems")).json()["problems"]
        for kind in kinds:
            assert (await site.get(f"/problems/{kind['name']}")).json() == kind
        assert [kind["name"] for kind in kinds] == list(KINDS)
        assert (await site.http.get("/healthz")).json() == {"status": "ok"}
        assert "deliveries" in (await site.http.get("/readyz")).json()["executes"]

        assert sorted({each.name for each in OPERATIONS} - site.called) == []


@pytest.mark.dear
@pytest.mark.parametrize("known", ["nobody", "people"])
async def test_a_token_is_asked_for_where_people_are_known(known: str, tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=known == "people") as site:
        assert site.document["security"] == ([{"bearer": []}] if known == "people" else [{}])
        assert site.document["paths"]["/healthz"]["get"]["security"] == [{}]
        assert site.document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.dear
async def test_behind_a_proxy_the_document_and_all_paths_lead_there(tmp_path: Path) -> None:
    async with api_site(tmp_path, ConsoleSettings(root_path="/desk/review")) as site:
        assert site.document["servers"] == [{"url": "/desk/review"}]
        started = await site.post("/workflows/deliveries/runs", headers={"Idempotency-Key": "a/b c?"[:3]})
        assert started.headers["location"] == f"/desk/review{API}/runs/a%2Fb"
        assert (await site.get("/runs/a%2Fb")).json()["id"] == "a/b"
        missing = (await site.get("/runs/nothing")).json()
        assert missing["type"] == f"/desk/review{API}/problems/unknown-run"
        assert missing["instance"] == f"/desk/review{API}/runs/nothing"


@pytest.mark.dear
async def test_a_proxy_may_take_its_own_part_of_the_path_away(tmp_path: Path) -> None:
    async with api_site(tmp_path, ConsoleSettings(root_path="/desk")) as site:
        await site.post("/workflows/deliveries/runs", headers={"Idempotency-Key": "a/b"})
        got = await site.http.get(f"http://127.0.0.1:8377{API}/runs/a%2Fb")

        assert (got.status_code, got.json()["id"]) == (200, "a/b")


def test_every_error_of_ours_is_a_problem_that_is_explained() -> None:
    own = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OrchestratorError)]
    made = [kind.__new__(kind) for kind in own]
    for error in made:
        for name in ("where", "problem", "path"):
            setattr(error, name, "x")
        error.verdicts = ()  # type: ignore[attr-defined]

    assert len(own) > 20
    assert {problem_of(error).kind for error in made} <= set(KINDS)
