"""What every engine must tell and do for those who only reach in: and that nothing of the port goes untested."""

from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import get_protocol_members

from handrail.orchestrator import Misuse, ReviewConflict, ReviewError, ReviewQuery
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.store.queries import JudgedQuery, RunQuery
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows


async def test_runs_are_listed_both_ways_and_told_apart(engine: Engine) -> None:
    for number in range(3):
        await (await engine.start(flows.add, number, id=f"r{number}")).result()
    await engine.start(flows.approve, 1, id="asks")
    await engine.idle()

    assert engine.store.startswith(("sqlite:///", "postgresql://"))
    assert [run.id for run in engine.runs(workflow="add", limit=2)] == ["r0", "r1"]
    assert [run.id for run in engine.latest_runs(limit=2)] == ["asks", "r2"]
    found = engine.find_runs(RunQuery(text="R", limit=2))
    assert [run.id for run in found] == ["r2", "r1"]
    (brief, _) = engine.find_runs(RunQuery(text="R", limit=2, values=False))
    assert (brief.id, brief.status, brief.started) == (found[0].id, found[0].status, found[0].started)
    for value in ("input", "output"):
        with pytest.raises(Misuse, match="listed without its values"):
            getattr(brief, value)
    assert engine.run_ids([found[0].key, 999]) == {found[0].key: "r2"}
    assert {"add", "approve"}.issubset(engine.workflow_names())
    (first,) = engine.some_steps("r1", limit=1)
    assert first.as_json() == engine.steps("r1")[0].as_json()
    (wait,) = engine.waits([engine.run("asks").key])
    assert (wait.step, wait.kind, wait.queue) == ("ask", "human", "money")
    assert engine.open_runs(["asks", "r0"]) == [("asks", True)]
    assert sorted(engine.fates(["asks", "nobody"], None)) == [("waiting_person", None, 1)]
    assert engine.judgements(JudgedQuery()) == []


async def test_health_tells_what_runs_what_is_due_and_who_is_asked(slow_engine: Engine, clock: FakeClock) -> None:
    engine = slow_engine
    await (await engine.start(flows.add, 1)).result()
    await engine.start(flows.approve, 1)
    await engine.idle()
    health = engine.health()

    assert (health.at, engine.now()) == (clock.now(), clock.now())
    assert health.runs == {("add", 1, "completed"): 1, ("approve", 1, "waiting"): 1}
    assert (health.due, health.questions, health.is_worked_on) == ({}, 1, True)


async def test_where_code_is_found_is_remembered(engine: Engine) -> None:
    assert engine.code_of("add") is None
    await engine.remember_code("add", "flows:add")
    assert engine.code_of("add") == "flows:add"


async def test_an_item_is_taken_given_back_skipped_decided_and_taken_back(engine: Engine) -> None:
    engine.use(*flows.ALL)
    await engine.start(flows.approve, 1, id="a")
    await engine.idle()
    item = await engine.next_review(by="ann", queue="money")
    assert item is not None
    assert engine.review_count(ReviewQuery(queue="money")) == len(engine.reviews()) == 1
    with pytest.raises(ReviewError):
        await engine.skip(item.id, by="ben")
    await engine.release(item.id, by="ann")
    await engine.skip(item.id, by="ann", note="not mine")
    assert await engine.objections(item.id, value=True) is None  # no guard of any step is concerned
    await engine.decide(item.id, value=True, by="ben")
    await engine.idle()
    with pytest.raises(ReviewError):  # its run has read it
        await engine.undo(item.id, by="ben")
    assert [change.action for change in engine.review_log(item.id)][-1] == "decide"
    assert engine.review(item.id).decided_by == "person:ben"


async def test_an_item_is_handed_on_and_put_away(slow_engine: Engine, clock: FakeClock) -> None:
    engine = slow_engine
    await engine.start(flows.approve, 1, id="a", by="zoe")
    await engine.idle()
    (item,) = engine.reviews()
    assert item.started_by == "person:zoe"
    taken = await engine.take(item.id, by="ann")
    clock.move_to(clock.now() + 200)
    assert await engine.extend(item.id, by="ann", worked=12.5)
    row = engine.review(item.id)
    assert (row.version, row.lease_until, row.hands_on) == (taken.version, clock.now() + 300, 12.5)
    with pytest.raises(ReviewConflict):
        await engine.extend(item.id, by="ben")
    await engine.add_note(item.id, by="ben", text="see the other one")
    assert engine.review(item.id).lease_owner == "ann"
    await engine.snooze(item.id, by="ann", until=clock.now() + 60)
    assert await engine.next_review(by="ben") is None
    clock.move_to(clock.now() + 61)
    up = await engine.send_up(item.id, by="ann", code="unsure", note="odd")
    assert (up.id, up.tier, up.state) == (item.id, 2, "open")
    await engine.assign(item.id, by="zoe", to="cat")
    assert await engine.next_review(by="ben") is None
    mine = await engine.next_review(by="cat")
    assert mine is not None
    with pytest.raises(ReviewConflict):
        await engine.decide(item.id, value=True, by="cat", version=mine.version, shown="something else")
    await engine.decide(item.id, value=True, by="cat", version=mine.version, shown=mine.digest)
    await engine.idle()
    actions = [change.action for change in engine.review_log(item.id)]
    assert actions == ["ask", "take", "note", "snooze", "send_up", "assign", "take", "decide"]
    assert [change.version for change in engine.review_log(item.id)] == list(range(1, 9))


async def test_ended_runs_are_pruned_but_for_the_newest(slow_engine: Engine, clock: FakeClock) -> None:
    engine = slow_engine
    for number in range(3):
        await (await engine.start(flows.add, number, id=f"r{number}")).result()
    clock.move_to(clock.now() + 100)
    assert await engine.prune(older_than=timedelta(seconds=200)) == 0
    assert await engine.prune(older_than=timedelta(seconds=50)) == 2
    engine.vacuum()
    assert [run.id for run in engine.runs()] == ["r2"]


@pytest.mark.dear
async def test_an_answer_counts_when_its_window_is_closed_or_over(slow_engine: Engine, clock: FakeClock) -> None:
    engine = slow_engine
    for name in ("closed", "over"):
        await engine.start(flows.approve, 1, id=name)
    await engine.idle()
    items = {item.run_id: item.id for item in engine.reviews()}
    for item in items.values():
        pending = await engine.decide(item, value=True, by="ann", undo_seconds=60.0)
        assert pending.state == "pending"

    assert (await engine.commit(items["closed"], by="ann")).state == "decided"
    await engine.fire_timers()
    assert engine.review(items["over"]).state == "pending"
    clock.move_to(clock.now() + 60.0)
    await engine.fire_timers()
    await engine.idle()

    assert [engine.run(name).output for name in items] == ["paid", "paid"]
    assert await engine.fire_timers() == 0


async def test_runs_past_the_time_that_their_workflow_keeps_them_are_pruned(
    slow_engine: Engine, clock: FakeClock
) -> None:
    engine = slow_engine
    for number in range(2):
        await (await engine.start(flows.kept, number, id=f"k{number}")).result()
    await (await engine.start(flows.add, 1, id="newest")).result()
    clock.move_to(clock.now() + 59)
    assert await engine.prune_kept() == 0
    clock.move_to(clock.now() + 2)
    assert await engine.prune_kept() == 2
    assert [run.id for run in engine.runs()] == ["newest"]


def test_every_method_of_the_ports_is_tested_here() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_engine*.py"))
    elsewhere = {"failed"}  # it ends only when a store cannot be used: tests/unit/orchestrator/test_idle.py
    ported = get_protocol_members(Engine) - elsewhere - {"store"}
    assert [name for name in sorted(ported) if f"engine.{name}(" not in source] == []
