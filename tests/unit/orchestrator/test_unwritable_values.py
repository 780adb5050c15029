"""A value that no store can hold is refused where it is given, and never stops the writing of anything else."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Accepted, Client, Doubtful, Escalation, Orchestrator, Run, action, rule, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import NotStorable, ReviewQuery, Settings, UnknownRun
from handrail_orchestrator.errors import InvalidWorkflow, OrchestratorError
from handrail_orchestrator.store.changes import Send
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun
from tests.stores import store_in

HALF = "caf\udce9"
"""What ``os.fsdecode`` makes of a name in Latin-1."""
HUGE = 10**30
LIMIT = 100.0

Team = Literal["billing", "bugs"]


class Lost:
    """A judge whose doubts go to a queue that has no name that can be written."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        judgement = Judgement(confidence=Confidence(0.4, "local"), model=text)
        return Doubtful("bugs", "low_confidence", "0.40 < 0.8", judgement, Escalation(queue=HALF))


lost = Lost()


@action
async def count(n: int) -> int:
    return n + 1


@workflow(version=1)
async def counting(run: Run, n: int) -> int:
    return await run.step(count, n)


@workflow(version=1)
async def asking(run: Run, title: str) -> int:
    return await run.ask(f"How many {title}?", int)


@workflow(version=1)
async def judging(run: Run, text: str) -> str:
    return await run.decide(lost, text)


@workflow(version=1)
async def asking_badly(run: Run, what: str) -> int:
    match what:
        case "title":
            return await run.ask(HALF, int)
        case "name":
            return await run.ask("How many?", int, name=HALF)
        case "queue":
            return await run.ask("How many?", int, escalate=Escalation(queue=HALF))
        case "event":
            return await run.event(HALF, int)
        case _:
            return await run.child(counting, 1, id=HALF)


WORKFLOWS: list[Any] = [counting, asking, judging, asking_badly]

Call = Callable[[Orchestrator, int], Awaitable[object]]


CALLS: dict[str, Call] = {
    "start": lambda o, _: o.start(counting, 1, id=HALF),
    "start_many": lambda o, _: o.start_many(counting, [("fine", 1), (HALF, 1)]),
    "send to": lambda o, _: o.send(HALF, "go", 1),
    "send name": lambda o, _: o.send("asked", HALF, 1),
    "send event_id": lambda o, _: o.send("asked", "go", 1, event_id=HALF),
    "send payload": lambda o, _: o.send("asked", "go", HALF),
    "cancel": lambda o, _: o.cancel(HALF),
    "cancel reason": lambda o, _: o.cancel("asked", reason=HALF),
    "retry": lambda o, _: o.retry(HALF),
    "fork": lambda o, _: o.fork(HALF),
    "fork step": lambda o, _: o.fork("asked", step=HALF),
    "fork id": lambda o, _: o.fork("asked", id=HALF),
    "decide by": lambda o, item: o.decide(item, 1, by=HALF),
    "decide note": lambda o, item: o.decide(item, 1, by="ann", note=HALF),
    "decide item": lambda o, _: o.decide(HUGE, 1, by="ann"),
    "skip by": lambda o, item: o.skip(item, by=HALF),
    "skip note": lambda o, item: o.skip(item, by="ann", note=HALF),
    "skip item": lambda o, _: o.skip(-HUGE, by="ann"),
    "release": lambda o, item: o.release(item, by=HALF),
    "next_review": lambda o, _: o.next_review(by=HALF),
    "next_review queue": lambda o, _: o.next_review(by="ann", queue=HALF),
    "undo": lambda o, item: o.undo(item, by=HALF),
    "id that is no text": lambda o, _: o.start(counting, 1, id=7),  # type: ignore[call-overload]
}


async def still_works(orchestrator: Orchestrator) -> None:
    """Check that runs are started, executed and recorded as before."""
    assert await (await orchestrator.start(counting, 7)).result() == 8
    handles = await orchestrator.start_many(counting, [(None, n) for n in range(3)])
    assert [await handle.result() for handle in handles] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_with_a_value_that_cannot_be_written_is_refused_and_hurts_nobody(
    tmp_path: Path, name: str
) -> None:
    async with asyncio.timeout(LIMIT), Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await o.start(asking, "x", id="asked")
        await o.idle()
        (item,) = o.reviews()
        with pytest.raises(OrchestratorError):
            await CALLS[name](o, item.id)
        await still_works(o)
        assert o.review(item.id).state == "open"
        assert "fine" not in {run.id for run in o.runs()}


READS: dict[str, Callable[[Client], object]] = {
    "run": lambda client: client.run(HALF),
    "steps": lambda client: client.steps(HALF),
    "review": lambda client: client.review(HUGE),
    "review_log": lambda client: client.review_log(-HUGE),
    "reviews of a queue": lambda client: client.reviews(ReviewQuery(queue=HALF)),
    "reviews of a run": lambda client: client.reviews(ReviewQuery(run_id=HALF)),
    "reviews, limited": lambda client: client.reviews(ReviewQuery(limit=HUGE)),
    "runs of a workflow": lambda client: client.runs(workflow=HALF),
    "runs, limited": lambda client: client.runs(limit=HUGE),
    "code": lambda client: client.code_of(HALF),
}


@pytest.mark.parametrize("name", READS)
async def test_a_look_with_a_value_that_cannot_be_asked_for_is_refused_in_our_words(tmp_path: Path, name: str) -> None:
    async with Client(f"sqlite:///{tmp_path / 'runs.db'}", create=True) as client:
        with pytest.raises(OrchestratorError):
            READS[name](client)


@pytest.mark.parametrize("name", ["start", "start_many", "send name", "send event_id"])
async def test_a_nul_names_nothing_on_any_store(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "HALF", "caf\0")
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await o.start(asking, "x", id="asked")
        with pytest.raises(NotStorable, match=r"character 4 is NUL"):
            await CALLS[name](o, 1)


@pytest.mark.parametrize("call", ["send", "cancel", "retry", "skip_step"])
async def test_no_run_has_an_id_with_a_nul_on_either_store(either_store: Path, call: str) -> None:
    arguments = {"send": ("more", 1), "skip_step": ("step",)}.get(call, ())
    async with Client(store_in(either_store), create=True) as client:
        with pytest.raises(UnknownRun, match="no run 'caf"):
            await getattr(client, call)("caf\0", *arguments, by="ann")


@pytest.mark.parametrize("what", ["name", "queue", "event", "child"])
async def test_a_workflow_that_names_something_with_a_nul_fails_on_any_store(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "HALF", "caf\0")
    async with asyncio.timeout(LIMIT), Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await o.start(asking_badly, what, id="bad")
        await o.idle()
        assert "is NUL" in str(o.run("bad").error)


async def test_the_place_and_the_way_out_are_said(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        with pytest.raises(NotStorable, match=r"id='caf\\udce9': character 4 .* errors='replace'"):
            await o.start(counting, 1, id=HALF)


@pytest.mark.parametrize("what", ["title", "name", "queue", "event", "child"])
async def test_a_workflow_that_asks_for_what_cannot_be_written_fails_alone(tmp_path: Path, what: str) -> None:
    async with asyncio.timeout(LIMIT), Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await o.start(asking_badly, what, id="bad")
        await o.idle()
        assert o.run("bad").status == "failed"
        assert "NotStorable" in str(o.run("bad").error)
        await still_works(o)


async def test_a_run_whose_record_the_store_refuses_fails_and_the_rest_of_its_batch_is_kept(tmp_path: Path) -> None:
    async with asyncio.timeout(LIMIT), Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await o.start_many(judging, [(f"j{n}", "text") for n in range(5)])
        handles = await o.start_many(counting, [(f"c{n}", n) for n in range(20)])
        await o.idle()
        assert [await handle.result() for handle in handles] == [n + 1 for n in range(20)]
        assert [o.run(f"j{n}").status for n in range(5)] == ["failed"] * 5
        assert "surrogate" in str(o.run("j0").error)
        assert o.reviews() == []
        await still_works(o)


def test_a_change_that_cannot_be_written_leaves_nothing_of_its_transaction(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "runs.db"))
    with pytest.raises(NotStorable):
        store.apply([StartRun("good", "add", 1, "1", "", 0.0), Send("good", HALF, "1", 0.0)])
    assert store.runs() == []
    assert store.apply([StartRun("good", "add", 1, "1", "", 0.0)])[0].new
    store.close()


async def test_a_prune_older_than_time_itself_deletes_nothing(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=WORKFLOWS) as o:
        await still_works(o)
        assert await o.prune(older_than=timedelta.max) == 0


@pytest.mark.parametrize("name", ["concurrency", "threads", "crash_limit"])
@pytest.mark.parametrize("value", [HUGE, 0, -1, 1.5, float("inf")])
def test_settings_that_no_machine_can_keep_are_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidWorkflow, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1.0])
@pytest.mark.parametrize("name", ["lease_seconds", "grace_seconds"])
def test_times_that_never_end_are_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidWorkflow, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]


def test_names_in_code_are_held_to_the_same() -> None:
    with pytest.raises(OrchestratorError):
        action(name=HALF)(count.function)
    with pytest.raises(OrchestratorError):
        rule(owner=HALF)(count.function)
    with pytest.raises(OrchestratorError):
        workflow(version=1, name=HALF)(counting.function)
    with pytest.raises(OrchestratorError):
        workflow(version=HUGE)(counting.function)
