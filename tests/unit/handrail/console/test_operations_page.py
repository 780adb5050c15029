"""The operations page: figures, map, steps, queues and failures, as the filters in its address say, by role."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Escalation, Run, action, rule, workflow
from handrail.console.operations.bars import folded, histogram
from handrail.console.operations.filters import OperationsFilters
from handrail.console.operations.lengths import length
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.buckets import bounds_of
from handrail_orchestrator.statistics.durations import Durations, HistogramBar
from tests.unit.handrail.console.api_site import ApiSite, api_site
from tests.unit.handrail.console.promised import promising
from tests.unit.handrail.console.served import text_of

HOSTILE = "<img-src=x-onerror=alert(1)>\u202e\"'`"
MESSAGE = "<script>alert(1)</script> {{ 7 * 7 }} 'ann@example.com' 17"


@rule(owner="<b>intake</b>")
def check(amount: int) -> bool:
    return amount > 100


@action(owner="erp")
def charge(amount: int) -> int:
    if amount in {150, 160}:
        raise ValueError(f"{MESSAGE} at {amount}")
    return amount


@workflow(version=1)
async def payments(run: Run, amount: int) -> int:
    if not await run.step(check, amount):
        return 0
    await run.ask(f"the secret of {amount}", bool, name="approve", escalate=Escalation(queue="money", due_hours=4))
    return await run.step(charge, amount)


@workflow(version=1)
async def odd(run: Run, text: str) -> bool:
    return await run.ask(text, bool, name=HOSTILE, escalate=Escalation(queue="<i>odd</i>"))


@workflow(version=1)
async def failing(run: Run, amount: int) -> int:
    return await run.step(charge, amount)


@workflow(version=2, name="failing")
async def failing_again(run: Run, amount: int) -> int:
    await run.step(check, amount)
    return await run.step(charge, amount)


@workflow(version=1)
async def tagged(run: Run, amount: int) -> int:
    await run.tag(customer=f"c{amount}")
    return await run.step(charge, amount)


@workflow(version=1)
async def broken(run: Run, amount: int) -> int:
    await run.step(check, amount)
    raise RuntimeError("not by a step")


FLOWS = (broken, tagged, payments, odd, failing, failing_again)


async def page(site: ApiSite, path: str, status: int = 200, **headers: str) -> str:
    got = await site.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert got.status_code == status, got.text
    return str(got.text)


async def post(site: ApiSite, path: str, values: Mapping[str, str], **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await site.http.get("/queue", headers=named)).text)
    assert found is not None
    return await site.http.post(path, data={"csrf": found[1], **values}, headers=named)


async def stock(site: ApiSite) -> None:
    await site.engine.start_many(payments, [(f"p{amount}", amount) for amount in (1, 2, 150, 200, 300)])
    await site.engine.start_many(failing, [("f1", 150), ("f2", 160)])
    await site.engine.idle()
    for item in site.engine.reviews():
        if item.run_id == "p200":
            await site.engine.take(item.id, by="me")
            await site.engine.decide(item.id, value=True, by="me")
    await site.engine.idle()


def picture_of(text: str) -> ET.Element:
    found = re.search(r"<svg .*?class=\"map.*?</svg>", text, flags=re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])  # noqa: S314 -- our own


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_the_page_tells_what_became_of_runs_how_they_went_and_what_waits(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await stock(site)
        shown = await page(site, "/operations?workflow=payments")
        said = text_of(shown)
        drawn = {each.text for each in picture_of(shown).iter("{http://www.w3.org/2000/svg}text")}

        assert "5 Started" in said
        assert "2 Decided by rules 40.0 %" in said
        assert "1 Sent to review 20.0 %" in said
        assert "2 Still open 40.0 %" in said
        assert {"check", "approve", "charge", "start", "completed", "people · 3", "2 waiting", "owner: erp"} <= drawn
        assert "longest wait approve: 2 waiting, the longest for" in said
        assert "approve of payments has" in said
        assert "money : 2 waiting, the oldest for" in said
        assert "No run of this time has failed" in said
        assert "the secret of" not in shown


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_promises_stand_there_with_what_is_accepted_and_why(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[*FLOWS, promising]) as site:
        assert "what is accepted under each" not in text_of(await page(site, "/operations"))
        await site.engine.start(promising, "hm 0.9")
        await site.engine.idle()
        said = text_of(await page(site, "/operations"))
        assert "letter promising" in said
        assert "at most 2% wrong, sure to 95% nothing yet" in said
        assert "0 / 1 0 wrong" in said
        assert "what is accepted under each" not in text_of(await page(site, "/operations?workflow=payments"))


@pytest.mark.dear
async def test_several_workflows_have_figures_together_and_each_a_map(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await stock(site)
        shown = await page(site, "/operations")

        assert "7 Started" in text_of(shown)
        assert "Choose a workflow to see its map: failing (2 runs) , payments (5 runs)" in text_of(shown)
        assert 'class="map' not in shown
        assert 'href="/operations?window=7d&amp;workflow=failing"' in shown


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_failures_are_retried_and_forked_together_and_what_is_refused_is_told(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await stock(site)
        shown = await page(site, "/operations?workflow=failing")
        (group,) = set(re.findall(r'action="(/operations/failures/\w+)"', shown))
        alike = await page(site, f"{group}?window=7d&workflow=failing")

        assert "ValueError : <script>alert(<n>)</script> {{ <n> * <n> }} <text> <n> at <n>" in text_of(shown)
        assert "Runs that failed so: 2." in text_of(alike)
        assert 'href="/runs/f1"' in alike
        got = await post(site, group, {"do": "retry", "workflow": "failing", "window": "7d"})
        assert "Due again: 2." in text_of(got.text)
        await site.engine.idle()
        got = await post(site, group, {"do": "fork", "step": "charge", "workflow": "failing", "window": "7d"})
        assert "New runs, started from them: 2." in text_of(got.text)
        got = await post(site, group, {"do": "fork", "step": "no_such_step", "workflow": "failing", "window": "7d"})
        assert got.status_code == 409
        assert "Left as they are: " in text_of(got.text)
        assert "no_such_step" in got.text
        assert (await post(site, group, {"do": "delete", "workflow": "failing"})).status_code == 400
        assert (await post(site, "/operations/failures/none", {"do": "retry"})).status_code == 404
        assert (await site.http.post(group, data={"do": "retry"})).status_code == 403


@pytest.mark.dear
async def test_only_the_runs_that_are_shown_are_tried_again(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await site.engine.start(failing, 150, id="first")
        await site.engine.start(failing_again, 150, id="second")
        await site.engine.start(broken, 1, id="third")
        await site.engine.idle()
        before = {run.id: run.ended for run in site.engine.latest_runs()}
        for workflow_name, version, alike in (("failing", "1", "first"), ("broken", "", "third")):
            values = {"do": "retry", "workflow": workflow_name, "version": version}
            shown = await page(site, f"/operations?workflow={workflow_name}&version={version}")
            (group,) = set(re.findall(r'action="(/operations/failures/\w+)"', shown))
            assert "Due again: 1." in text_of((await post(site, group, values)).text)
            await site.engine.idle()
            changed = {run.id for run in site.engine.latest_runs() if run.ended != before[run.id]}
            assert changed == {alike}
            before = {run.id: run.ended for run in site.engine.latest_runs()}


@pytest.mark.dear
async def test_what_is_held_against_stands_beside(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await site.engine.start_many(failing, [(f"a{each}", 1) for each in range(4)])
        await site.engine.start_many(failing_again, [(f"b{each}", 1) for each in range(2)])
        await site.engine.idle()
        said = text_of(await page(site, "/operations?workflow=failing&version=2&against=1"))

        assert "failing v2" in said
        assert "2 Started was 4" in said
        assert "Held against v1" in said
        assert "2 -50 %" in said
        said = text_of(await page(site, "/operations?workflow=failing&version=1&against=2"))
        assert "only in what this is held against: 2 calls" in said
        assert "was 0" in text_of(await page(site, "/operations?workflow=failing&against=before"))


@pytest.mark.usefixtures("either_store")
async def test_runs_are_chosen_by_their_tags(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await site.engine.start_many(tagged, [("t1", 1), ("t2", 1), ("t3", 150)])
        await site.engine.idle()
        said = text_of(await page(site, "/operations?workflow=tagged&tag=customer=c1"))
        failed = (await site.get("/operations/failures?tag=customer%3Dc150")).json()
        counted = (await site.get("/operations/stats?tag=customer%3Dc1")).json()

        assert "2 Started" in said
        assert "No run of this time has failed" in said
        assert [group["runs"] for group in failed["groups"]] == [["t3"]]
        assert (counted["funnel"]["started"], counted["tags"]) == (2, {"customer": "c1"})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("window=yesterday", "'yesterday' is no window"),
        ("window=0d", "counts nothing"),
        ("typed=2026-11-08..2026-11-01", "ends before it begins"),
        ("workflow=failing&version=x", "version 'x' is no version: give a whole number such as 2"),
        ("version=1", "version 1 of which workflow?"),
        ("against=3", "version 3 of which workflow?"),
        ("tag=acme", "give NAME=VALUE, such as customer=acme"),
        ("against=after", "or before for the window before"),
        ("workflow=%00", "that can be printed"),
        (f"workflow={'x' * 400}", "up to 300 characters"),
    ],
)
async def test_a_filter_that_cannot_be_right_is_refused_with_what_to_write(
    query: str, said: str, tmp_path: Path
) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        for path in ("/operations", "/operations/live"):
            assert said in text_of(await page(site, f"{path}?{query}", 400))


async def test_a_workflow_that_never_ran_has_an_empty_page(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        said = text_of(await page(site, "/operations?workflow=nobody"))
        assert "No run of nobody was started in this time" in said
        assert "0 Started" in said
        assert "No run was started in this time" in text_of(await page(site, "/operations"))


@pytest.mark.dear
async def test_whatever_steps_and_errors_are_called_they_are_shown_as_text(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await site.engine.start(odd, "x", id="o")
        await site.engine.start(failing, 150, id="f")
        await site.engine.idle()
        for path in ("/operations?workflow=odd", "/operations?workflow=failing", "/operations"):
            shown = await page(site, path)
            for markup in ("<img-src", "<script>alert", "<i>odd", "<b>intake"):
                assert markup not in shown
            assert "\u202e" not in shown
            assert "workflow=odd" in path or "{{ <n> * <n> }}" in text_of(shown)
        tags = {each.tag.rpartition("}")[2] for each in picture_of(await page(site, "/operations?workflow=odd")).iter()}
        assert tags <= {"svg", "title", "g", "rect", "path", "circle", "text"}


@pytest.mark.dear
@pytest.mark.parametrize(("role", "may_retry"), [("viewer", False), ("reviewer", False), ("senior", True)])
async def test_who_may_retry_runs_may_retry_those_that_failed_alike(role: Any, may_retry: bool, tmp_path: Path) -> None:  # noqa: FBT001 -- from the table above
    async with api_site(tmp_path, flows=FLOWS) as site:
        await staff(site, root={"*": "admin"}, ann={"*": role})
        await site.engine.start(failing, 150, id="f")
        await site.engine.idle()
        shown = await page(site, "/operations?workflow=failing", x_person="ann")
        (group,) = re.findall(r'href="(/operations/failures/\w+)', shown)

        assert ("Retry these" in shown) == may_retry
        token = {"x-person": "ann"}
        got = await site.http.post(group, data={"do": "retry", "workflow": "failing"}, headers=token)
        assert got.status_code == (200 if may_retry else 403)
        assert (site.engine.run("f").status == "failed") != may_retry or may_retry


async def test_runs_are_for_those_who_may_look_at_them_and_queues_too(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await staff(site, root={"*": "admin"}, vic={"*": "viewer"}, eve={"desk": "admin"})
        await site.engine.start(payments, 150, id="p")
        await site.engine.idle()
        assert "money : 1 waiting" in text_of(await page(site, "/operations", x_person="vic"))
        for path in ("/operations", "/operations/live", "/operations/failures/x", "/api/v1/operations/stats"):
            assert "money" not in await page(site, path, 403, x_person="eve")


async def staff(site: ApiSite, **people: Mapping[str, Any]) -> None:
    for name, roles in people.items():
        await site.engine.people.add(name, roles=dict(roles))


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_the_api_tells_the_same_as_the_page(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS) as site:
        await stock(site)
        stats = (await site.get("/operations/stats?workflow=payments&window=24h")).json()
        drawn = (await site.get("/operations/map?workflow=payments")).json()
        failed = (await site.get("/operations/failures")).json()

        assert sum(bar["runs"] for bar in stats["funnel"]["bars"]) == stats["funnel"]["started"] == 5
        assert {"source": "check", "target": "approve", "count": 3} in drawn["edges"]
        assert drawn["longest_wait"] == "approve"
        assert [(each["count"], each["step"], sorted(each["runs"])) for each in failed["groups"]] == [
            (2, "charge", ["f1", "f2"])
        ]
        assert (await site.get("/operations/stats?window=never")).status_code in {400, 422}
        assert (await site.get("/operations/map")).status_code == 422


@given(st.dictionaries(st.integers(-1, 260), st.integers(1, 10_000), min_size=1, max_size=60))
def test_a_histogram_keeps_every_count_in_at_most_twelve_bars(counts: dict[int, int]) -> None:
    buckets = [HistogramBar(low=bounds_of(at)[0], high=bounds_of(at)[1], count=n) for at, n in sorted(counts.items())]
    bars = folded(buckets)

    assert 1 <= len(bars) <= 12
    assert sum(bar.count for bar in bars) == sum(counts.values())
    assert histogram(Durations(count=1, histogram=buckets), '"><script>').count("<rect") == sum(
        bar.count > 0 for bar in bars
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0.0, "0 s"),
        (0.0001, "< 1 ms"),
        (0.21, "210 ms"),
        (0.9996, "1.0 s"),
        (38, "38 s"),
        (11_100, "3 h 5 min"),
    ],
)
def test_a_length_of_time_is_said_as_people_read_it(seconds: float | None, said: str) -> None:
    assert length(seconds) == said


def test_an_address_says_what_is_shown() -> None:
    read = OperationsFilters.read({"window": "24h", "workflow": "w", "version": "3", "against": "before"}, 1e9, "UTC")

    assert read.as_query() == {"window": "24h", "workflow": "w", "version": 3, "against": "before", "tag": ""}
    assert read.other is not None
    assert read.other.chosen.until == read.chosen.since
    with pytest.raises(Misuse, match="time zone"):
        OperationsFilters.read({}, 1e9, "Mars/Base")
