"""Stores with something to operate: triggers that fire nothing while nobody works, and calls of their operations."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from handrail import Orchestrator, Run, workflow
from handrail.guards import share
from handrail.orchestrator import EndedRun, Occurrence, every, on
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.outbox import (
    Addressed,
    ClaimDelivery,
    DeclareNotices,
    EndTry,
    Notice,
    NoticeKind,
    RoutedNotice,
    RouteNotices,
    Tell,
)
from tests.stores import store_in
from tests.unit.handrail.console.api_site import FLOWS, ApiSite, api_site
from tests.unit.handrail.console.promised import promising

NAME = "desk/<b>9 o'clock</b>"
"""A trigger whose name could be taken for a part of a path, and for HTML."""
CHANNEL = "a <i>desk</i>"
ERROR = "no answer from <b>it</b>"


@workflow(version=1)
async def report(run: Run, when: Occurrence) -> str:
    return f"{run.id} of {when.at:%H:%M}"


@workflow(version=1)
async def apologize(run: Run, failed: EndedRun) -> str:
    return f"{run.id}: sorry for {failed.id}"


@workflow(version=1, name="greet")
async def greet_before(run: Run, name: str) -> str:
    return f"{run.id}: hello {name}"


@workflow(version=2, rollout=share(0.5))
async def greet(run: Run, name: str) -> str:
    return f"{run.id}: good day {name}"


def changed(folder: Path, changes: Sequence[Change]) -> None:
    """Write changes into the store of a folder as whoever works on it would."""
    with closing(open_store(store_in(folder))) as store:
        store.prepare_to_write()
        store.apply(changes)


async def given_triggers(folder: Path) -> None:
    """Let a store know two triggers, and nobody who runs them."""
    triggers = [every("0 9 1 1 *", workflow=report, name=NAME), on("tickets", "failed", start=apologize, name="sorry")]
    flows: list[Any] = [report, apologize]
    async with Orchestrator(store_in(folder), workflows=flows, triggers=triggers):
        pass


async def call_triggers(site: ApiSite) -> None:
    """Call every operation on triggers, in an order in which each does something."""
    place = "/triggers/desk%2F%3Cb%3E9%20o'clock%3C%2Fb%3E"
    (found, _) = (await site.get("/triggers")).json()["triggers"]
    assert (found["name"], found["kind"], found["workflow"], found["paused"]) == (NAME, "every", "report", None)
    assert (await site.post(f"{place}/pause", {"reason": "closed"})).json()["paused"] is not None
    refused = await site.post(f"{place}/fire")
    assert (refused.status_code, refused.json()["type"]) == (409, "/api/v1/problems/wrong-state")
    assert (await site.post(f"{place}/resume", {"reason": "open"})).json()["paused"] is None
    assert (await site.post(f"{place}/fire", {"reason": "missed"})).json() == {"key": "hand:1"}
    events = (await site.get(f"{place}/history?limit=3")).json()["events"]
    told = [(each["action"], each["actor"], each["reason"]) for each in events]
    me = "person:me"
    assert told == [("asked", me, "missed"), ("resumed", me, "open"), ("paused", me, "closed")]
    assert (await site.get("/triggers")).json()["triggers"][0]["waiting"] == 1
    unknown = await site.post("/triggers/nobody/pause")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/api/v1/problems/unknown-trigger")


async def given_rollouts(folder: Path) -> None:
    """Let a store know a version that is rolled out to half of the runs."""
    async with Orchestrator(store_in(folder), workflows=[greet, greet_before]):
        pass


async def call_rollouts(site: ApiSite) -> None:
    """Call every operation on rollouts, in an order in which each does something."""
    (found,) = (await site.get("/rollouts")).json()["rollouts"]
    assert (found["target"], found["share"]) == ("greet@2", 0.5)
    assert (await site.get("/rollouts/greet@2?margin=0.02")).json()["runs"] == 0
    assert (await site.post("/rollouts/greet@2/promote", {"to": 0.25, "why": "slowly"})).json()["share"] == 0.25
    assert (await site.post("/rollouts/greet@2/hold", {"why": "odd"})).json()["share"] == 0
    assert (await site.post("/rollouts/greet@2/resume", {"why": "mended"})).json()["share"] == 0.25
    changes = (await site.get("/rollouts/greet@2/history")).json()["changes"]
    assert [each["action"] for each in changes] == ["promote", "hold", "resume"]


def given_notices(folder: Path, count: int = 3) -> None:
    """Let a store know deliveries through a channel that is down, the last of them set aside, and one that was sent."""
    kinds: tuple[NoticeKind, ...] = ("breaker",)
    changed(folder, [DeclareNotices(kinds, 80, 0.8)])
    changed(folder, [Tell(Notice("breaker", f"n{number}", "down", 1.0)) for number in range(1, count + 1)])
    to = [Addressed(CHANNEL, "ann", f"topic {number}", 1.0, is_loud=False) for number in range(1, count)]
    routed = [RoutedNotice(number, "routed", [each]) for number, each in enumerate(to, 1)]
    works = RoutedNotice(count, "routed", [Addressed("works", None, "news", 1.0, is_loud=True)])
    changed(folder, [RouteNotices([*routed, works], 1.0, 0.0), ClaimDelivery("works", "me", 2.0, 9.0, False, 1.0)])
    changed(folder, [EndTry(count, "me", 3.0, "sent"), ClaimDelivery(CHANNEL, "me", 2.0, 9.0, False, 1.0)])
    changed(folder, [EndTry(1, "me", 3.0, "set_aside", error=ERROR, is_channel_down=True, dead_after=1)])


async def call_notices(site: ApiSite) -> None:
    """Call every operation on notices, in an order in which each does something."""
    first = (await site.get("/notices?limit=2")).json()
    assert [(each["id"], each["state"]) for each in first["deliveries"]] == [(3, "sent"), (2, "waiting")]
    rest = (await site.get(f"/notices?limit=2&cursor={first['next']}")).json()
    assert ([each["error"] for each in rest["deliveries"]], rest["next"]) == ([ERROR], None)
    told = (await site.get("/notices/channels")).json()
    counted = {each["name"]: (each["waiting"], each["sent"], each["set_aside"]) for each in told["channels"]}
    assert counted == {CHANNEL: (1, 0, 1), "works": (0, 1, 0)}
    assert [each["dead_since"] for each in told["channels"]] == [3.0, None]
    assert told["notices"] == {"new": 0, "routed": 3, "unrouted": 0, "withdrawn": 0}
    assert (await site.post("/notices/retry", {"channel": "works"})).json() == {"count": 0}
    assert (await site.post("/notices/retry", {"delivery": 1})).json() == {"count": 1}
    assert (await site.get("/notices?state=set_aside")).json() == {"deliveries": [], "next": None}
    assert (await site.get("/notices?state=nonsense")).status_code == 422
    assert (await site.post("/notices/retry", {"delivery": True})).status_code == 422


@asynccontextmanager
async def operated_site(folder: Path) -> AsyncIterator[ApiSite]:
    """Open the API on a store with all of that, once its operations were called."""
    await given_triggers(folder)
    await given_rollouts(folder)
    given_notices(folder)
    async with api_site(folder, flows=[*FLOWS, promising]) as site:
        await call_triggers(site)
        await call_rollouts(site)
        await call_notices(site)
        yield site
