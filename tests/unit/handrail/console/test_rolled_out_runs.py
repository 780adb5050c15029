"""The page of a run says how far a step was let loose and what was asked beside it, and gives no suggestion away."""

from pathlib import Path
from typing import Literal

import pytest

from handrail import Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.guards import shadow, share
from tests.unit.handrail.console.api_site import ApiSite, api_site
from tests.unit.handrail.console.served import text_of

Animal = Literal["a horse", "a zebra"]

in_shadow, in_all = (
    classify(
        name,
        Animal,
        "Which?",
        models=ScriptedModel(lambda _: Says("a horse", confidence=0.93), name="champion"),
        accept=confidence(at_least=0.8),
        rollout=rollout,
        challenger=ScriptedModel(lambda _: "a zebra", name="the other one"),
    )
    for name, rollout in (("in_shadow", shadow), ("in_all", share(1.0)))
)


@workflow(version=1)
async def shadowed(run: Run, text: str) -> str:
    return await run.decide(in_shadow, text)


@workflow(version=1)
async def everywhere(run: Run, text: str) -> str:
    return await run.decide(in_all, text)


async def said(site: ApiSite, run_id: str) -> str:
    got = await site.http.get(f"/runs/{run_id}")
    assert got.status_code == 200
    timeline = str(got.text).partition('<ol class="run-timeline">')[2].partition("</ol>")[0]
    return text_of(timeline)


@pytest.mark.dear
async def test_in_shadow_the_page_keeps_the_suggestion_until_people_have_decided(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[shadowed, everywhere]) as site:
        await site.engine.start(shadowed, "stripes", id="s")
        await site.engine.idle()
        while_asked = await said(site, "s")
        for hint in ("horse", "zebra", "0.93", "the other one"):
            assert hint not in while_asked
        assert "Rolled out to 0% of the runs" in while_asked
        assert "they are asked without it" in while_asked

        (item,) = site.engine.reviews()
        await site.engine.decide(item.id, value="a zebra", by="ann")
        await site.engine.idle()
        decided = await said(site, "s")
        assert "in shadow: people decide" in decided
        assert "a horse" in decided
        assert "Asked beside it, for comparison alone: the other one" in decided


@pytest.mark.dear
async def test_the_page_of_a_run_that_went_on_shows_what_was_asked_beside(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[shadowed, everywhere]) as site:
        await site.engine.start(everywhere, "stripes", id="e")
        await site.engine.idle()
        shown = await said(site, "e")
        assert "Rolled out to 100% of the runs" in shown
        assert shown.index("a horse") < shown.index("the other one") < shown.index("a zebra")
