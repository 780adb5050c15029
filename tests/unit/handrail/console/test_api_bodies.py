"""What cannot be used is refused, in words and by field, and changes nothing."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handrail.console.api.problems import Problem
from handrail.console.api.reading import LONGEST_NUMBER, json_of
from tests.unit.handrail.console.api_site import API, ApiSite, api_site
from tests.unit.handrail.console.served import tickets

JSON = {"content-type": "application/json"}

UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  \n",
    "no JSON": b"value=billing",
    "half of it": b'{"value": "billing"',
    "more than one": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'{"value": "\xff\xfe"}',
    "UTF-16": '{"value": 1}'.encode("utf-16"),
    "NaN": b'{"value": NaN}',
    "an infinity": b'{"value": -Infinity}',
    "a number too large": b'{"value": 1e999}',
    "a number too small": b'{"value": 1e-999}',
    "a key twice": b'{"value": 1, "value": 2}',
    "a key twice, deep down": b'{"value": [{"a": 1, "a": 2}]}',
    "too deep": b'{"value": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "too deep for a parser": b"[" * 400_000,
    "a number of many digits": b'{"value": ' + b"9" * 5_000 + b"}",
    "a number that no float holds": b'{"value": 1' + b"0" * LONGEST_NUMBER + b"}",
    "half of a pair": b'{"value": "\\ud800"}',
    "half of a pair as a key": b'{"value": {"\\udfff": 1}}',
}

OF_ANOTHER_TYPE: dict[str, str | None] = {
    "none": None,
    "text": "text/plain",
    "a form": "application/x-www-form-urlencoded",
    "a form with files": "multipart/form-data; boundary=x",
    "another charset": "application/json; charset=latin-1",
    "nearly": "application/jsonx",
    "a patch": "application/merge-patch+json",
}

WRONG: list[tuple[str, Any, set[str]]] = [
    ("take", [], {""}),
    ("take", "text", {""}),
    ("take", None, {""}),
    ("take", {"by": "ben"}, {"by"}),
    ("decide", {"version": 1}, {"value"}),
    ("decide", {"value": "nope", "version": 1}, {"value"}),
    ("decide", {"value": None, "version": 1}, {"value"}),
    ("decide", {"value": {"label": "billing"}, "version": 1}, {"value"}),
    ("decide", {"value": "billing", "version": "1.5"}, {"version"}),
    ("decide", {"value": "billing", "version": 0}, {"version"}),
    ("decide", {"value": "billing", "version": True}, {"version"}),
    ("decide", {"value": "billing", "version": 1.0}, {"version"}),
    ("decide", {"value": "billing", "version": "1"}, {"version"}),
    ("decide", {"value": "billing", "version": 2**63}, {"version"}),
    ("decide", {"value": "billing", "version": 1, "undo_seconds": 1e9}, {"undo_seconds"}),
    ("decide", {"value": "billing", "version": 1, "undo_seconds": -1}, {"undo_seconds"}),
    ("decide", {"value": "billing", "version": 1, "despite": "sums"}, {"despite"}),
    ("decide", {"value": "billing", "version": 1, "despite": [1], "note": 3}, {"despite.0", "note"}),
    ("snooze", {"until": "soon"}, {"until"}),
    ("snooze", {"until": 1}, {"until"}),
    ("snooze", {"until": 253_402_300_798}, {"until"}),
    ("send-up", {"code": "tired"}, {"code"}),
    ("send-up", {}, {"code"}),
    ("assign", {}, {"to"}),
    ("assign", {"to": ""}, {"to"}),
    ("notes", {"text": "  \n "}, {"text"}),
    ("notes", {"text": "x" * 10_001}, {"text"}),
    ("extend", {"worked": True, "more": 1}, {"worked", "more"}),
]


async def decided_by_nobody(site: ApiSite) -> int:
    (item,) = await site.asked(tickets, "charged twice")
    return item


@pytest.mark.dear
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_that_is_no_json_is_refused_and_changes_nothing(body: bytes, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        item = await decided_by_nobody(site)
        before = site.stored()
        for path in (f"/reviews/{item}/decide", f"/reviews/{item}/take", "/workflows/tickets/runs"):
            got = await site.call("POST", path, content=body, headers=JSON)

            assert (got.status_code, got.json()["type"]) == (400, f"{API}/problems/malformed")
            assert len(got.text) < 1_000
        assert site.stored() == before


@pytest.mark.dear
@pytest.mark.parametrize("kind", OF_ANOTHER_TYPE.values(), ids=OF_ANOTHER_TYPE)
async def test_a_body_of_another_type_is_refused_and_changes_nothing(kind: str | None, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        item = await decided_by_nobody(site)
        before = site.stored()
        headers = {} if kind is None else {"content-type": kind}
        got = await site.call("POST", f"/reviews/{item}/take", content=b"{}", headers=headers)

        assert (got.status_code, got.json()["type"]) == (415, f"{API}/problems/wrong-content-type")
        assert site.stored() == before


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_is_json_however_it_is_written(kind: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        item = await decided_by_nobody(site)
        got = await site.call("POST", f"/reviews/{item}/take", content=b"{}", headers={"content-type": kind})

        assert got.status_code == 200


async def test_a_body_over_the_limit_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        item = await decided_by_nobody(site)
        before = site.stored()
        large = json.dumps({"value": "billing", "version": 1, "note": "x" * 1_000_000}).encode()
        got = await site.call("POST", f"/reviews/{item}/decide", content=large, headers=JSON)

        assert (got.status_code, got.json()["type"]) == (413, f"{API}/problems/too-large")
        assert site.stored() == before


async def test_a_body_that_says_nothing_of_its_length_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000:
            sent += 1
            yield b" " * 10_000

    async with api_site(tmp_path) as site:
        got = await site.call("POST", "/workflows/tickets/runs", content=pieces(), headers=JSON)

        assert got.status_code == 413
        assert site.engine.runs() == []


def numbers_of(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each field of a body that is a number, with the path of its operation."""
    found: list[tuple[str, str]] = []
    for path, operations in document["paths"].items():
        body = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
        fields = document["components"]["schemas"].get(name, {}).get("properties", {})
        for field, told in fields.items():
            kinds = {each.get("type") for each in told.get("anyOf", [told])}
            if kinds & {"number", "integer"} and not kinds & {"boolean", "string"}:
                found.append((path.removeprefix(API), field))
    return found


async def test_a_number_in_a_body_is_given_as_a_number(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await decided_by_nobody(site)
        before, asked = site.stored(), numbers_of(site.document)
        assert {("/rollouts/{target}/promote", "to"), ("/reviews/{item}/decide", "undo_seconds")} <= set(asked)
        for path, field in asked:
            where = (
                path.replace("{item}", "1").replace("{target}", "x").replace("{name}", "tickets").replace("{id}", "x")
            )
            for given_as in (True, "1", [1]):
                got = await site.call("POST", where, content=json.dumps({field: given_as}), headers=JSON)

                assert (path, got.status_code) == (path, 422)
                assert field in {error["field"].partition(".")[0] for error in got.json()["errors"]}, (path, field)
        assert site.stored() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("move", "body", "fields"), WRONG, ids=lambda part: str(sorted(part) if isinstance(part, set) else part)
)
async def test_a_field_that_does_not_fit_is_named_and_nothing_changes(
    move: str, body: Any, fields: set[str], tmp_path: Path
) -> None:
    async with api_site(tmp_path) as site:
        item = await decided_by_nobody(site)
        before = site.stored()
        got = await site.call("POST", f"/reviews/{item}/{move}", content=json.dumps(body), headers=JSON)

        assert (got.status_code, got.json()["type"]) == (422, f"{API}/problems/invalid")
        assert {error["field"] for error in got.json()["errors"]} == fields
        assert site.stored() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/nothing", 404),
        ("/runs/nothing/steps", 404),
        ("/runs/%00", 404),
        ("/runs/%ff", 404),
        ("/runs/..%2F..%2Fetc", 404),
        ("/runs/", 404),
        ("/reviews/99", 404),
        ("/reviews/0", 404),
        ("/reviews/-1", 404),
        ("/reviews/9223372036854775808", 404),
        ("/reviews/" + "9" * 400, 404),
        ("/reviews/one", 404),
        ("/reviews/%EF%BC%91", 404),
        ("/nothing", 404),
        ("/", 404),
        ("/problems/nothing", 404),
        ("/runs?status=lost", 422),
        ("/runs?limit=0", 422),
        ("/runs?limit=501", 422),
        ("/runs?limit=1&limit=2", 422),
        ("/runs?cursor=x", 422),
        ("/runs?stauts=failed", 422),
        ("/runs?created_from=yesterday", 422),
        ("/runs?created_from=nan", 422),
        ("/runs?text=%ff", 400),
        ("/runs?parent=nothing", 404),
        ("/runs?" + "&".join(f"a{n}=1" for n in range(200)), 400),
        ("/reviews?state=lost", 422),
        ("/reviews?cursor=1", 422),
        ("/reviews?late=perhaps", 422),
        ("/runs/%E2%82%AC?limit=1", 422),
    ],
)
async def test_what_is_not_there_or_cannot_be_is_said(path: str, status: int, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.http.get(API + path)

        assert got.status_code == status, got.text
        assert got.headers["content-type"] == "application/problem+json"
        assert set(got.json()) >= {"type", "title", "status", "detail", "instance"}


@pytest.mark.parametrize("number", ["1.0", "+1", "01", "0_1", "1_", "%201", "%D9%A1", "1e0", "0x1", "-1"])
async def test_an_item_has_one_address(number: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        assert await decided_by_nobody(site) == 1
        looked = await site.call("GET", f"/reviews/{number}")
        taken = await site.post(f"/reviews/{number}/take", {})

        assert {each.json()["type"] for each in (looked, taken)} == {f"{API}/problems/unknown-item"}
        assert site.engine.review(1).version == 1


@pytest.mark.parametrize("move", ["take", "decide", "skip", "assign", "send-up", "undo", "extend", "release", "notes"])
async def test_an_item_that_is_not_there_is_unknown_whatever_is_done_to_it(move: str, tmp_path: Path) -> None:
    bodies = {
        "decide": {"value": 1, "version": 1},
        "assign": {"to": "x"},
        "send-up": {"code": "other"},
        "notes": {"text": "x"},
    }
    async with api_site(tmp_path) as site:
        got = await site.post(f"/reviews/7/{move}", bodies.get(move, {}))

        assert (got.status_code, got.json()["type"]) == (404, f"{API}/problems/unknown-item")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/runs", "GET, HEAD"),
        ("PUT", "/runs/x", "GET, HEAD"),
        ("GET", "/runs/x/cancel", "POST"),
        ("OPTIONS", "/reviews", "GET, HEAD"),
        ("GET", "/reviews/next", "POST"),
        ("PATCH", "/reviews/1/decide", "POST"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("QUERY", "/stats", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_does(
    method: str, path: str, allowed: str, tmp_path: Path
) -> None:
    async with api_site(tmp_path) as site:
        got = await site.http.request(method, API + path)

        assert (got.status_code, got.headers["allow"]) == (405, allowed)
        assert got.json()["type"] == f"{API}/problems/method-not-allowed"


async def test_a_head_tells_what_a_get_would(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        got = await site.http.head(f"{API}/runs")

        assert (got.status_code, got.headers["content-type"]) == (200, "application/json")


READABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.dear
@given(READABLE)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_json_can_say_is_read_as_it_was_written(value: Any) -> None:
    assert json_of(json.dumps(value).encode()) == value


@given(st.binary(max_size=80))
def test_no_bytes_do_more_than_be_read_or_refused(data: bytes) -> None:
    with suppress(Problem):
        json.dumps(json_of(data), ensure_ascii=False).encode()


async def test_a_store_that_cannot_be_used_is_said_without_its_place(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        with sqlite3.connect(tmp_path / "runs.db") as connection:
            connection.execute("ALTER TABLE reviews RENAME TO lost")
        connection.close()
        got = await site.get("/reviews")

        assert (got.status_code, got.json()["type"]) == (503, f"{API}/problems/store-unavailable")
        assert got.headers["retry-after"] == "5"
        assert "runs.db" not in got.text
