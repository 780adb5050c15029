"""Promises over HTTP: what is told of them, and what is refused."""

from pathlib import Path

from tests.unit.handrail.console.api_site import api_site
from tests.unit.handrail.console.promised import promising, ruled


async def test_a_promise_is_told_with_its_rules_and_what_was_decided(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[promising]) as site:
        assert (await site.get("/promises")).json() == {"promises": []}
        await site.engine.start(promising, "x 0.9")
        await site.engine.idle()
        await ruled(site.engine, 0.8, why="labels allow it")
        await site.engine.start_many(promising, [("a", "y 0.85"), ("b", "z 0.1")])
        await site.engine.idle()
        told = (await site.get("/promises/promising%2Fletter")).json()

        assert (told["threshold"], told["accepted"], told["cases"], told["coverage"]) == (0.8, 1, 3, 1 / 3)
        assert [(each["number"], each["judged"], each["accepted"]) for each in told["rules"]] == [(1, 2, 1)]
        assert [(each["action"], each["by"]) for each in told["history"]] == [("rule", "keeper:k")]
        (listed,) = (await site.get("/promises?workflow=promising&earlier=true")).json()["promises"]
        assert listed.items() <= told.items()
        assert (await site.get("/promises?workflow=other")).json() == {"promises": []}


async def test_a_pause_needs_a_reason_and_a_promise_and_comes_once(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[promising]) as site:
        unknown = await site.post("/promises/promising%2Fletter/pause", {"why": "odd"})
        assert (unknown.status_code, unknown.json()["type"]) == (404, "/api/v1/problems/unknown-promise")
        await site.engine.start(promising, "x 0.9")
        await site.engine.idle()
        for body in ({}, {"why": ""}, {"why": "  "}, {"why": 3}):
            assert (await site.post("/promises/1/pause", body)).status_code == 422
        assert (await site.post("/promises/1/resume", {"why": "mended"})).status_code == 409
        paused = (await site.post("/promises/1/pause", {"why": "odd"})).json()
        assert (paused["state"], paused["why"]) == ("paused", "paused by me: odd")
        assert (await site.post("/promises/1/pause", {"why": "odd"})).status_code == 409
        assert (await site.post("/promises/1/resume", {"why": "mended"})).json()["state"] == "keeping"
