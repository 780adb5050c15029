"""The run pages: what a run has done is all there, escaped; what can be done to it is done by whom it is allowed."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from handrail.console.context import ConsoleSettings
from handrail.console.runs import PAGE_ROWS, PAGE_STEPS
from handrail.console.values import LONGEST, shown
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.rows import StepRow
from tests.unit.handrail.console.api_site import ApiSite, Order, api_site, deliveries, orders, parents
from tests.unit.handrail.console.served import approvals, text_of, tickets

ODD_IDS = ["a/b", "a b", "what?now", "50%", "#1", "größe", "<i>x</i>", '"quoted"', "a&b=c", "/begins", "ends/", "..%2F"]

INJECTIONS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></details><script>alert(1)</script>",
    "{{ 7 * 70707 }}{% raw %}",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "\u202egnp.exe\u2066",
    "\x00\x1b[31mred",
]


async def page(site: ApiSite, path: str, status: int = 200, **headers: str) -> str:
    got = await site.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert got.status_code == status, got.text
    return str(got.text)


async def post(site: ApiSite, run_id: str, values: Mapping[str, str], **headers: str) -> httpx2.Response:
    """Send one of the forms of a run's page, with the token that every page carries."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await site.http.get("/queue", headers=named)).text)
    assert found is not None
    return await site.http.post(f"/runs/{quote(run_id)}", data={"csrf": found[1], **values}, headers=named)


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_the_list_shows_runs_newest_first_with_what_they_wait_for_or_why_they_failed(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(orders, Order(id="o", total=1), id="failed one")
        await site.engine.start(tickets, "x", id="asks")
        await site.engine.start(deliveries, None, id="waits")
        await site.engine.idle()
        shown_page = await page(site, "/runs")
        said = text_of(shown_page)

        assert said.index("waits deliveries") < said.index("asks tickets") < said.index("failed one orders")
        assert "order o cannot be shipped" in said
        assert "item 1 in review" in said
        assert 'href="/items/1"' in shown_page
        assert 'href="/runs/failed%20one"' in shown_page


@pytest.mark.usefixtures("either_store")
async def test_the_filters_stand_in_the_address_and_go_on_to_the_next_page(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start_many(approvals, [(f"r{number:03}", "x") for number in range(PAGE_ROWS + 3)])
        await site.engine.start(tickets, "x", id="other")
        await site.engine.idle()
        found: list[str] = []
        path = "/runs?workflow=approvals&status=waiting&age=day&text=R"
        while path:
            one = await page(site, path)
            found += re.findall(r'<a href="/runs/(r\d+)">', one)
            assert "<option selected>approvals</option>" in one
            following = re.search(r'rel="next" href="([^"]+)"', one)
            path = "" if following is None else following[1].replace("&amp;", "&")

        assert found == [f"r{number:03}" for number in reversed(range(PAGE_ROWS + 3))]
        assert "No run is like that" in await page(site, "/runs?status=failed")
        assert "No run is like that" in await page(site, "/runs?age=over-week")


@pytest.mark.parametrize("query", ["status=lost", "age=old", "before=x", "before=-1", f"before={'9' * 30}"])
async def test_a_filter_that_there_is_not_is_refused(query: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await page(site, f"/runs?{query}", 400)


@pytest.mark.parametrize("run_id", ODD_IDS)
async def test_a_run_is_found_by_its_link_whatever_its_id(run_id: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(deliveries, None, id=run_id)
        await site.engine.idle()
        (link,) = re.findall(r'<th scope="row"><a href="([^"]+)">', await page(site, "/runs"))
        shown_page = await page(site, link.replace("&amp;", "&"))

        assert f"Run {run_id}" in text_of(shown_page).replace("&lt;", "<")
        sent = await post(site, run_id, {"do": "send", "name": "delivered", "payload": '"here"'})
        await site.engine.idle()
        assert sent.status_code == 303
        assert site.engine.run(run_id).output == "here"
        assert "The event was sent" in await page(site, sent.headers["location"])


@pytest.mark.dear
async def test_behind_a_proxy_every_link_and_form_leads_there(tmp_path: Path) -> None:
    async with api_site(tmp_path, ConsoleSettings(root_path="/desk")) as site:
        await site.engine.start(parents, "x", id="p/1")
        await site.engine.idle()
        for path in ("/runs", "/runs/p/1", "/runs/p/1/approvals"):
            shown_page = await page(site, path)
            links = re.findall(r'(?:href|src|action)="([^"]+)"', shown_page)
            assert [link for link in links if not link.startswith(("/desk/", "#", "data:"))] == []


async def test_the_timeline_tells_what_each_step_took_came_to_and_who_decided(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(tickets, "charged twice", id="r")
        await site.engine.idle()
        await site.engine.decide(1, "refund", by="ann")
        await site.engine.idle()
        shown_page = await page(site, "/runs/r")
        said = text_of(shown_page)

        assert "Run r completed" in said
        assert "topic AI step" in said
        assert "confidence 0.64" in said
        assert "In doubt: confidence 0.64 &lt; 0.75" in shown_page
        assert "Suggestion, not used billing" in said
        assert "decided by person:ann" in said
        assert 'href="/items/1">Review item 1</a> <span class="muted">decided' in shown_page
        assert "Input charged twice" in said
        assert "Output refund" in said


@pytest.mark.usefixtures("either_store")
async def test_parents_and_children_lead_to_one_another(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(parents, "x", id="p")
        await site.engine.idle()

        assert 'href="/runs/p/approvals"' in await page(site, "/runs/p")
        assert '<dt>Parent run</dt><dd><a href="/runs/p">p</a>' in await page(site, "/runs/p/approvals")


@pytest.mark.usefixtures("either_store")
async def test_a_long_timeline_is_shown_page_by_page(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(deliveries, None, id="r")
        await site.engine.idle()
        key = site.engine.run("r").key
        rows = [StepRow(key, f"s{number:03}", number, "rule", "done") for number in range(2, PAGE_STEPS + 5)]
        store = open_store(site.engine.store)
        store.apply([RecordStep(row) for row in rows])
        store.close()
        first = await page(site, "/runs/r")
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following is not None
        second = await page(site, following[1])
        found = re.findall(r"<h3>(\S+) <small>", first + second)

        assert found == ["event:delivered", *(row.name for row in rows)]
        assert 'rel="next"' not in second


@pytest.mark.dear
@pytest.mark.parametrize("text", INJECTIONS)
async def test_whatever_stands_in_a_run_is_shown_as_text(text: str, tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        plain = await page(site, "/runs")
        name = text.replace("\x00", "")  # no name holds it
        await site.engine.start(orders, Order(id=text, total=1), id=f"r {name}")
        await site.engine.start(deliveries, None, id="d")
        await site.engine.idle()
        await site.engine.send("d", name, {text: text})
        for path in ("/runs", f"/runs/{quote(f'r {name}')}", f"/runs?text={quote(text)}&workflow={quote(text)}"):
            shown_page = await page(site, path)
            assert "<script>alert" not in shown_page
            assert "<img" not in shown_page
            assert "494949" not in text_of(shown_page)
            assert shown_page.count("<script") == plain.count("<script")
            if "?" not in path:  # what one has typed into a box stands in it as it was typed
                assert not {"\u202e", "\u2066", "\x00", "\x1b"} & set(shown_page)
        refused = await post(site, "d", {"do": "send", "name": text, "payload": text})
        assert refused.status_code == 422
        assert "<script>alert" not in refused.text


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_what_is_done_from_the_page_is_done_and_said(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(orders, Order(id="o", total=1), id="o")
        await site.engine.start(deliveries, None, id="d")
        await site.engine.idle()
        retried = await post(site, "o", {"do": "retry"})
        assert (retried.status_code, retried.headers["location"]) == (303, "/runs/o?done=retry")
        forked = await post(site, "d", {"do": "fork", "step": "event:delivered", "new": "d2"})
        assert "This is the new run" in await page(site, forked.headers["location"])
        event = {"do": "send", "name": "other", "payload": "", "event_id": "e1"}
        assert (await post(site, "d", event)).headers["location"] == "/runs/d?done=send"
        assert (await post(site, "d", event)).headers["location"] == "/runs/d?done=sent-before"
        await post(site, "d", {"do": "cancel", "reason": "sent twice"})
        await site.engine.idle()

        assert site.engine.run("d2").started_by == "person:me"
        assert "RunCancelled: sent twice" in text_of(await page(site, "/runs/d"))


@pytest.mark.dear
async def test_what_is_refused_comes_back_as_a_message_with_what_was_typed(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(deliveries, None, id="d")
        await site.engine.idle()
        refusals = [
            ({"do": "retry"}, 409, "only a failed, cancelled or set-aside run can be retried"),
            ({"do": "fork", "step": "nowhere"}, 409, "has no step"),
            ({"do": "fork", "new": "d"}, 409, "exists with"),
            ({"do": "send", "name": " ", "payload": "[1]"}, 422, "An event needs a name"),
            ({"do": "send", "name": "delivered", "payload": "{1"}, 422, "The payload cannot be read"),
            ({"do": "send", "name": "delivered", "payload": "NaN"}, 422, "The payload cannot be read"),
        ]
        before = site.stored()
        for values, status, said in refusals:
            got = await post(site, "d", values)
            assert (got.status_code, said in text_of(got.text)) == (status, True), (values, got.text)
            assert 'role="alert"' in got.text
            if "payload" in values:
                assert f"\n{values['payload']}</textarea>" in got.text
        assert (await post(site, "d", {"do": "explode"})).status_code == 400
        assert (await post(site, "nothing", {"do": "retry"})).status_code == 404
        assert site.stored() == before


async def test_no_form_counts_without_its_token(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(deliveries, None, id="d")
        await site.engine.idle()
        before = site.stored()
        for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
            got = await site.http.post("/runs/d", data={"do": "cancel", **csrf})
            assert got.status_code == 403
        assert site.stored() == before


ACTIONS = {
    "retry": {"do": "retry"},
    "cancel": {"do": "cancel"},
    "fork": {"do": "fork"},
    "send": {"do": "send", "name": "x"},
}


@pytest.mark.dear
@pytest.mark.parametrize("role", ["viewer", "reviewer", "senior", "admin"])
async def test_actions_and_tracebacks_are_for_seniors(role: str, tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        await site.engine.people.add("somebody", roles={"*": role})  # type: ignore[dict-item]
        await site.engine.start(orders, Order(id="o", total=1), id="o")
        await site.engine.start(deliveries, None, id="d")
        await site.engine.idle()
        may = role in {"senior", "admin"}
        failed = await page(site, "/runs/o", x_person="somebody")

        assert "cannot be shipped" in failed
        assert ("Traceback" in failed) == may
        assert ("Retry this run" in failed) == may
        assert ("Send the event" in await page(site, "/runs/d", x_person="somebody")) == may
        before = site.stored()
        for name, values in ACTIONS.items():
            path = "/runs/o" if name == "retry" else "/runs/d"
            got = await site.http.post(path, data={"csrf": "0", **values}, headers={"x-person": "somebody"})
            assert (got.status_code == 403) == (not may), got.text
        assert (site.stored() == before) == (not may)


async def test_runs_are_for_those_who_may_look_at_them(tmp_path: Path) -> None:
    async with api_site(tmp_path, with_people=True) as site:
        await site.engine.people.add("rita", roles={"refunds": "admin"})
        await site.engine.start(deliveries, None, id="d")

        for path in ("/runs", "/runs/d"):
            assert "deliveries" not in await page(site, path, 403, x_person="rita")
            assert (await site.http.get(path, headers={"x-person": "nobody"})).status_code == 401


async def test_looking_changes_nothing(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(parents, "x", id="p")
        await site.engine.idle()
        before = site.stored()
        for path in (
            "/runs",
            "/runs/p",
            "/runs/p?done=cancel",
            "/runs/p?do=cancel",
            "/runs/p?after=1.x",
            "/runs/p?after=x",
        ):
            await page(site, path)

        assert site.stored() == before


def test_a_value_is_folded_when_it_is_long_and_cut_when_nobody_would_read_on() -> None:
    assert shown({"a": 1}).text == '{\n  "a": 1\n}'
    assert not shown("short").is_long
    assert shown("x" * 500).is_long
    assert shown("1\n2\n3\n4\n5\n6\n7").is_long
    assert shown("x" * (LONGEST + 7)).left_out == 7
    assert len(shown("x" * (LONGEST + 7)).text) == LONGEST
    assert shown({"a": [1, 2, 3, 4]}).first == '{ "a": [ 1, 2, 3, 4 ] }'
    assert shown("x" * 500).first.endswith("x…")
    assert shown("a\r\nb\u202e").text == "a\nb\\u202e"


@pytest.mark.usefixtures("either_store")
async def test_every_page_says_what_is_paused_and_why(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.pause(workflow="orders", by="ann", why="<b>the warehouse moves</b>")
        for path in ("/runs", "/queue"):
            shown_page = await page(site, path)
            assert "workflow orders is paused by ann: <b>the warehouse moves</b>" in text_of(shown_page)
            assert "<b>the warehouse" not in shown_page
        await site.engine.resume(workflow="orders")
        assert "is paused" not in text_of(await page(site, "/runs"))


@pytest.mark.usefixtures("either_store")
async def test_a_run_whose_values_were_forgotten_says_so(tmp_path: Path) -> None:
    async with api_site(tmp_path) as site:
        await site.engine.start(orders, Order(id="secret order", total=1), id="o")
        await site.engine.idle()
        await site.engine.forget(runs=["o"], by="ann")
        said = text_of(await page(site, "/runs/o"))
        assert "Values forgotten" in said
        assert "secret order" not in said
