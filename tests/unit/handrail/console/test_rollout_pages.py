"""The pages of rollouts: how far each is, the evidence, promoting, holding and resuming, and who may."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest

from handrail import Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.guards import shadow
from handrail.orchestrator import ReviewQuery
from tests.unit.handrail.console.api_site import ApiSite, api_site
from tests.unit.handrail.console.doors import house
from tests.unit.handrail.console.operated import greet, greet_before
from tests.unit.handrail.console.served import Site, opened, text_of

CASES = 12
MARGIN = "0.4"
ONE = "/operations/rollouts/one?target=sorting%2Fteam"
ACT = "/operations/rollouts/one"

team = classify(
    "team",
    Literal["cards", "loans"],
    "Which team?",
    models=ScriptedModel(lambda _: Says("cards", confidence=0.95), name="new"),
    accept=confidence(at_least=0.8),
    rollout=shadow,
)


@workflow(version=1)
async def sorting(run: Run, text: str) -> str:
    return await run.decide(team, text)


FLOWS = (sorting, greet, greet_before)


async def decided(site: Site | ApiSite, cases: int = CASES) -> None:
    """Let people decide blind what the step would have let through, and run both versions of the other workflow."""
    engine = site.engine
    await engine.start_many(sorting, [(f"T-{n}", f"my card is gone, {n} days ago") for n in range(cases)])
    await engine.start(greet, "Ann", id="G-1")
    await engine.idle()
    for item in engine.reviews(ReviewQuery(limit=cases)):
        await engine.decide(item.id, value="cards", by="ann")
    await engine.idle()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path, flows=FLOWS) as found:
        yield found


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_what_is_rolled_out_is_listed_with_how_far_and_each_has_its_evidence(site: Site) -> None:
    assert "sorting/team" not in await site.page("/operations/rollouts")
    await decided(site)
    said = text_of(await site.page("/operations/rollouts"))
    assert "sorting/team in 0% of the runs" in said
    assert "greet@2 in 50% of the runs" in said
    assert "/operations/rollouts" in await site.page("/operations")

    said = text_of(await site.page(ONE))
    assert f"0 let through, {CASES} kept back, of {CASES} judgements" in said
    assert f"{CASES} of {CASES} that they decided blind are as it has them, 0 undecided" in said
    assert "Verdict" not in said
    assert "Not yet: " in text_of(await site.page(f"{ONE}&margin=0.01"))
    assert "May be promoted: " in text_of(await site.page(f"{ONE}&margin={MARGIN}"))
    assert "is no number" in await site.page(f"{ONE}&margin=nan", status=422)
    assert "give how much worse" in await site.page(f"{ONE}&margin=2", status=422)
    said = text_of(await site.page("/operations/rollouts/one?target=greet%402"))
    assert "Runs on this version" in said
    assert "handrail rollout promote --baseline" in said


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_only_evidence_promotes_and_the_history_says_who_why_and_on_what(site: Site) -> None:
    await decided(site)
    form = {"target": "sorting/team", "do": "promote", "to": "0.2", "why": "none <b>otherwise</b>"}
    for margin, status, words in (
        ("0.01", 409, "more cases needed"),
        ("", 400, "say the margin"),
        ("1/2", 422, "Margin is no number"),
    ):
        refused = await site.post(ACT, {**form, "margin": margin})
        assert (refused.status_code, words in refused.text) == (status, True)
        assert ('value="none &lt;b&gt;otherwise&lt;/b&gt;"' in refused.text, site.engine.rollouts()[1].share) == (
            True,
            0,
        )
    assert (await site.post(ACT, {**form, "margin": MARGIN, "why": " "})).status_code == 400
    assert (await site.post(ACT, {**form, "margin": MARGIN, "to": "2"})).status_code == 400

    done = await site.post(ACT, {**form, "margin": MARGIN})
    assert done.status_code == 303
    shown = await site.page(done.headers["location"])
    said = text_of(shown)
    assert "The share is changed" in said
    assert "in 20% of the runs promoted" in said
    assert "promoted to 20% person:me none <b>otherwise</b>" in said
    assert "<b>otherwise" not in shown
    back = await site.post(ACT, {**form, "to": "0.1", "why": "slowly"})
    assert (back.status_code, site.engine.rollout("sorting/team").share) == (303, 0.1)


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_one_is_held_and_resumed(site: Site) -> None:
    await decided(site, 1)
    target = {"target": "greet@2"}
    assert (await site.post(ACT, {**target, "do": "hold", "why": ""})).status_code == 400
    held = await site.post(ACT, {**target, "do": "hold", "why": "odd answers"})
    said = text_of(await site.page(held.headers["location"]))
    assert "held, nothing is let loose" in said
    assert "held person:me odd answers" in said
    assert "Promote" not in said
    assert site.engine.rollout("greet@2").is_held
    resumed = await site.post(ACT, {**target, "do": "resume", "why": "mended"})
    assert "It goes on as before" in await site.page(resumed.headers["location"])
    again = await site.post(ACT, {**target, "do": "resume", "why": "mended"})
    assert (again.status_code, 'role="alert"' in again.text) == (409, True)
    refused = await site.post(ACT, {**target, "do": "promote", "to": "0.9", "why": "all", "margin": "0.1"})
    assert (refused.status_code, "its evidence is a suite" in refused.text) == (422, True)
    await site.page("/operations/rollouts/one?target=nothing", status=404)
    assert (await site.post(ACT, {"target": "nothing", "do": "hold", "why": "x"})).status_code == 404
    assert (await site.post(ACT, {**target, "do": "explode"})).status_code == 400


@pytest.mark.dear
async def test_only_admins_promote_hold_and_resume(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=FLOWS) as site:
        await decided(site, 1)
    async with house(tmp_path) as there:
        await there.add("ann", "admin")
        await there.add("sue", "senior")
        await there.add("tom", "reviewer", queue="money")
        for name, looks, acts in (("sue", 200, 403), ("tom", 403, 403), ("ann", 200, 303)):
            browser = there.browser()
            await browser.sign_in(name)
            assert (await browser.get("/operations/rollouts")).status_code == looks
            one = await browser.get(ONE)
            assert (one.status_code, "Hold this rollout" in one.text) == (looks, acts == 303)
            form = {"target": "sorting/team", "why": "x"}
            promoted = await browser.post(ACT, {**form, "do": "promote", "to": "0.5", "margin": MARGIN})
            assert promoted.status_code == (409 if acts == 303 else 403)  # too few cases, or no right to ask
            held = await browser.post(ACT, {**form, "do": "hold"})
            assert (held.status_code, there.client.rollout("sorting/team").is_held) == (acts, acts == 303)


@pytest.mark.dear
async def test_the_api_tells_and_does_the_same(tmp_path: Path) -> None:
    place = "/rollouts/sorting%2Fteam"
    async with api_site(tmp_path, flows=FLOWS) as site:
        await decided(site)
        assert [each["target"] for each in (await site.get("/rollouts")).json()["rollouts"]] == [
            "greet@2",
            "sorting/team",
        ]
        told = (await site.get(place)).json()
        assert (told["evidence"]["agreed"], told["verdict"], told["runs"]) == (CASES, None, None)
        told = (await site.get(f"{place}?margin={MARGIN}")).json()
        assert (told["verdict"]["allows"], told["verdict"]["cases"]) == (True, CASES)
        assert (await site.get("/rollouts/greet@2?margin=0.1")).json()["runs"] in {0, 1}
        assert (await site.get(f"{place}?margin=2")).status_code == 422
        refused = await site.post(f"{place}/promote", {"to": 0.2, "why": "all", "margin": 0.01})
        assert (refused.status_code, refused.json()["type"]) == (409, "/api/v1/problems/not-promoted")
        assert "more cases needed" in refused.json()["detail"]
        assert (await site.post(f"{place}/promote", {"to": 0.2, "why": "all"})).status_code == 422
        assert (await site.post(f"{place}/promote", {"to": 0.2, "why": "all", "margin": 0.4})).json()["share"] == 0.2
        assert (await site.post(f"{place}/hold", {"why": "odd"})).json()["is_held"] is True
        assert (await site.post(f"{place}/promote", {"to": 0.9, "why": "x", "margin": 0.4})).status_code == 409
        assert (await site.post(f"{place}/resume", {"why": "mended"})).json()["is_held"] is False
        assert (await site.post(f"{place}/resume", {"why": "mended"})).json()["type"] == "/api/v1/problems/wrong-state"
        changes = (await site.get(f"{place}/history")).json()["changes"]
        assert [(each["action"], each["by"], each["why"]) for each in changes] == [
            ("promote", "person:me", "all"), ("hold", "person:me", "odd"), ("resume", "person:me", "mended"),
        ]  # fmt: skip
        assert changes[0]["verdict"]["cases"] == CASES
        assert (await site.get("/rollouts/nothing")).json()["type"] == "/api/v1/problems/unknown-rollout"
        assert (await site.post("/rollouts/nothing/hold", {"why": "x"})).status_code == 404
