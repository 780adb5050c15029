"""What people do to runs: where people are known, only those whose role allows it; who starts a run is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import ReviewError, UnknownRun
from handrail_orchestrator.errors import NotAllowed


@workflow(version=1)
async def paid(run: Run, amount: int) -> int:
    return amount + await run.event("paid", int)


Deed = Callable[[Orchestrator, str], Awaitable[object]]

DEEDS: dict[str, Deed] = {
    "start": lambda engine, by: engine.start(paid, 1, id=f"by {by}", by=by),
    "send": lambda engine, by: engine.send("r", "other", 1, by=by),
    "cancel": lambda engine, by: engine.cancel("c", by=by),
    "retry": lambda engine, by: engine.retry("c", by=by),
    "fork": lambda engine, by: engine.fork("r", id=f"fork by {by}", by=by),
}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Orchestrator]:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[paid]) as made:
        for run_id in ("r", "c"):
            await made.start(paid, 1, id=run_id)
        await made.idle()
        yield made


async def know_people(engine: Orchestrator) -> None:
    await engine.people.add("ann", roles={"*": "admin"})
    await engine.people.add("sue", roles={"*": "senior"})
    await engine.people.add("ray", roles={"*": "reviewer", "money": "senior"})
    await engine.people.add("old", roles={"*": "senior"})
    await engine.people.disable("old")


@pytest.mark.parametrize("deed", DEEDS)
async def test_where_nobody_is_known_everybody_may_and_needs_a_name(engine: Orchestrator, deed: str) -> None:
    await engine.cancel("c")
    await DEEDS[deed](engine, "anybody")

    with pytest.raises(ReviewError):
        await DEEDS[deed](engine, " ")


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("by", ["ray", "old", "nobody"])
async def test_what_a_role_does_not_allow_is_refused_and_changes_nothing(
    engine: Orchestrator, deed: str, by: str
) -> None:
    await know_people(engine)
    await engine.cancel("c")
    before = [(run.id, run.status) for run in engine.runs()]

    with pytest.raises(NotAllowed):
        await DEEDS[deed](engine, by)

    assert [(run.id, run.status) for run in engine.runs()] == before
    assert await engine.send("r", "other", 1, event_id="first")


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("by", ["sue", "ann"])
async def test_seniors_and_admins_may(engine: Orchestrator, deed: str, by: str) -> None:
    await know_people(engine)
    await engine.cancel("c")

    await DEEDS[deed](engine, by)


async def test_code_that_names_nobody_may(engine: Orchestrator) -> None:
    await know_people(engine)

    await engine.cancel("c")
    await engine.retry("c")
    assert await engine.send("r", "paid", 1)


async def test_a_run_keeps_who_started_it_and_a_fork_whose_it_is(engine: Orchestrator) -> None:
    await know_people(engine)
    await engine.start(paid, 1, id="sues", by="sue")
    await engine.fork("sues", id="fork", by="ann")
    await engine.fork("r", id="of code", by="ann")

    started = {run_id: engine.run(run_id).started_by for run_id in ("r", "sues", "fork", "of code")}
    assert started == {"r": None, "sues": "person:sue", "fork": "person:sue", "of code": "person:ann"}


async def test_who_may_not_is_told_nothing_of_what_is_there(engine: Orchestrator) -> None:
    await know_people(engine)

    with pytest.raises(NotAllowed):
        await engine.retry("no such run", by="ray")
    with pytest.raises(UnknownRun):
        await engine.retry("no such run", by="sue")
