"""Who may call what: the role of each operation, at every door of it, and pages of other sites not at all."""

from pathlib import Path
from typing import Any

import pytest

from handrail.console.api.operation import AnyOperation
from handrail.console.api.table import OPERATIONS
from handrail_orchestrator.records.person import ROLES, Role
from handrail_orchestrator.review.permission import role_for
from tests.unit.handrail.console.api_site import API, ApiSite, api_site
from tests.unit.handrail.console.served import tickets

FREE = {"listReviews", "nextReview", "listProblems", "getProblem"}
"""What everybody who is signed in may call, and gets what is theirs."""


def path_of(operation: AnyOperation) -> str:
    places = {
        "{id}": "r",
        "{item}": "1",
        "{target}": "promising%2Fletter",
        "{name}": "invalid" if operation.tag == "service" else "tickets",
    }
    path = operation.path
    for name, value in places.items():
        path = path.replace(name, value)
    return path


def body_of(operation: AnyOperation) -> Any:
    bodies = {
        "decideReview": {"value": "billing", "version": 1},
        "startRun": {"input": "x"},
        "nextReview": {},
        "snoozeReview": {"until": 253_402_300_000},
    }
    return bodies.get(operation.name, operation.example)


async def called(site: ApiSite, operation: AnyOperation, name: str | None) -> int:
    """Call an operation as somebody and return the status."""
    headers = {"x-person": name or ""}
    if operation.method == "GET":
        return (await site.get(path_of(operation), headers=headers)).status_code
    return (await site.post(path_of(operation), body_of(operation), headers=headers)).status_code


async def know(site: ApiSite) -> None:
    """Let the store know somebody of each role in all queues, and somebody who is nobody here."""
    for role in ROLES:
        await site.engine.people.add(f"a {role}", roles={"*": role})
    await site.engine.people.add("elsewhere", roles={"refunds": "admin"})
    await site.engine.people.add("gone", roles={"*": "admin"})
    assert site.tokens is not None
    await site.tokens.of("gone")
    await site.engine.people.disable("gone")


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_an_operation_is_for_those_whose_role_allows_it(operation: AnyOperation, tmp_path: Path) -> None:
    least = "viewer" if operation.action is None else role_for(operation.action)
    async with api_site(tmp_path, with_people=True) as site:
        await know(site)
        for role in ROLES:
            await site.engine.start(tickets, "x", id="r")
            await site.engine.idle()
            before = site.stored()
            status = await called(site, operation, f"a {role}")
            assert (status == 403) == (ROLES.index(role) < ROLES.index(least)), role
            if status == 403:
                assert site.stored() == before


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_nobody_calls_anything_where_people_are_known(operation: AnyOperation, tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        await know(site)
        await site.asked(tickets, "x")
        before = site.stored()
        assert [await called(site, operation, name) for name in ("nobody", "gone", "")] == [401, 401, 401]
        if operation.name not in FREE:
            assert await called(site, operation, "elsewhere") == 403
        assert site.stored() == before


@pytest.mark.dear
async def test_a_list_holds_only_what_one_may_look_at_and_counts_no_more(tmp_path: Path) -> None:
    roles: dict[str, dict[str, Role]] = {"rita": {"refunds": "viewer"}, "olga": {"*": "viewer", "review": "viewer"}}
    async with api_site(tmp_path, with_people=True) as site:
        for name, given in roles.items():
            await site.engine.people.add(name, roles=given)
        await site.asked(tickets, "a", "b")
        counted = {}
        for name in roles:
            got = (await site.get("/reviews?count=true", headers={"x-person": name})).json()
            counted[name] = (len(got["reviews"]), got["total"])

        assert counted == {"rita": (0, 0), "olga": (2, 2)}
        taken = await site.post("/reviews/next", {}, headers={"x-person": "rita"})
        assert taken.json() == {"review": None}
        refused = await site.post("/reviews/next", {"queue": "review"}, headers={"x-person": "rita"})
        assert refused.status_code == 403


async def test_the_traceback_of_an_error_is_for_those_who_may_retry(tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        await know(site)
        await site.post("/workflows/orders/runs", {"input": {"id": "o", "total": 3}}, headers={"Idempotency-Key": "o"})
        await site.engine.idle()
        told: dict[str, tuple[bool, bool]] = {}
        for role in ROLES:
            run = (await site.get("/runs/o", headers={"x-person": f"a {role}"})).json()
            (step,) = (await site.get("/runs/o/steps", headers={"x-person": f"a {role}"})).json()["steps"]
            assert step["error"]["message"] == "order o cannot be shipped"
            told[role] = ("trace" in run["error"], "trace" in step["error"])

        assert {role: has[1] for role, has in told.items()} == {
            "viewer": False, "reviewer": False, "senior": True, "admin": True,
        }  # fmt: skip
        assert not any(has[0] for role, has in told.items() if role in {"viewer", "reviewer"})


async def test_a_run_is_started_by_whoever_sends_the_request(tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        got = await site.post("/workflows/tickets/runs", {"input": "x"})

        assert got.json()["started_by"] == "person:ann"


FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8378"},
    {"origin": "http://127.0.0.1.evil.example:8377"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8377"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_page_of_another_site_changes_nothing(headers: dict[str, str], tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.asked(tickets, "x")
        before = site.stored()
        for operation in OPERATIONS:
            if operation.method == "POST":
                got = await site.post(path_of(operation), body_of(operation), headers=headers)
                assert (got.status_code, got.json()["type"]) == (403, f"{API}/problems/not-allowed")
        assert site.stored() == before


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
async def test_no_form_starts_anything_even_without_an_origin(kind: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        body = b'{"input": "x", "a": "=1"}'
        got = await site.call("POST", "/workflows/tickets/runs", content=body, headers={"content-type": kind})

        assert got.status_code == 415
        assert site.engine.runs() == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8377", "127.0.0.1.evil.example", "10.0.0.1:8377", ""])
async def test_where_nobody_is_known_only_localhost_is_answered(host: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.http.get(f"{API}/runs", headers={"host": host})

        assert got.status_code == 421
        assert got.json()["type"] == f"{API}/problems/wrong-host"
