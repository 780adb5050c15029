"""What others do to runs whose code they do not have: start, correlate events, put a result in place; each recorded."""

from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from handrail import Client, Orchestrator, Run, Workflow, action, workflow
from handrail.orchestrator import Misuse, NotStorable, RunConflict, UnknownWorkflow, WrongState
from handrail.testing import Rehearsal, assert_replays, recorded_run


class Ticket(BaseModel):
    id: str
    level: Literal["low", "high"] = "low"


@workflow(version=3)
async def triage(run: Run, ticket: Ticket) -> str:
    return f"{run.id}: {ticket.id} {ticket.level}"


# -- started without the code


@pytest.fixture
async def store(tmp_path: Path) -> str:
    """Return a store on which the workflow was executed once."""
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(url, workflows=[triage]):
        pass
    return url


async def test_a_run_is_started_by_name_and_executed_by_whoever_has_the_code(store: str) -> None:
    async with Client(store) as client:
        started = await client.start("triage", {"id": "t", "level": "high"}, id="r")
        assert (started.id, started.new) == ("r", True)
        assert not (await client.start("triage", {"id": "t", "level": "high"}, id="r")).new
        with pytest.raises(RunConflict):
            await client.start("triage", {"id": "u"}, id="r")
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        await orchestrator.idle()
        assert orchestrator.run("r").output == "r: t high"
        assert (await orchestrator.start("triage", {"id": "v"}, id="s")).new
        await orchestrator.idle()
        assert orchestrator.run("s").output == "s: v low"


async def test_an_id_that_is_given_twice_in_one_call_starts_nothing_and_is_told(store: str) -> None:
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        with pytest.raises(RunConflict, match="run 't' is given 2 times in one call; give each run an id of its own"):
            await orchestrator.start_many(triage, [("t", Ticket(id="t")), ("u", Ticket(id="u")), ("t", Ticket(id="t"))])
        assert orchestrator.runs() == []


async def test_an_input_that_does_not_fit_is_refused_where_it_is_given(store: str) -> None:
    async with Client(store) as client:
        with pytest.raises(NotStorable, match="level"):
            await client.start("triage", {"id": "t", "level": "middling"})
        with pytest.raises(UnknownWorkflow, match="no program with a workflow 'traige'"):
            await client.start("traige", {"id": "t"})
        with pytest.raises(NotStorable):
            await client.start("triage", {"id": object()})
        assert client.runs() == []


async def test_of_a_version_that_the_store_never_saw_the_worker_refuses_visibly(store: str) -> None:
    async with Client(store) as client:
        await client.start("triage", {"id": 7}, id="r", version=2)

    @workflow(version=2, name="triage")
    async def older(_run: Run, ticket: Ticket) -> str:
        return ticket.id

    async with Orchestrator(store, workflows=[older]) as orchestrator:
        await orchestrator.idle()
        run = orchestrator.run("r")
        assert run.status == "failed"
        assert run.error is not None
        assert run.error.type == "NotStorable"


async def test_a_start_by_name_may_be_for_later(store: str) -> None:
    async with Client(store) as client:
        await client.start("triage", {"id": "t"}, id="r", after=timedelta(days=1))
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        await orchestrator.idle()
        assert orchestrator.run("r").status == "pending"


# -- events by key


@workflow(version=1)
async def paying(run: Run, invoice: str) -> int:
    return await run.event("paid", int, key=invoice)


@workflow(version=1)
async def hasty(run: Run, invoice: str) -> str:
    which, _ = await run.first(run.event("paid", int, key=invoice), run.event("stop", str))
    return ["paid", "stopped"][which]


async def test_an_event_goes_to_the_run_that_waits_for_its_key() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        for invoice in ("A", "B"):
            await rehearsal.start(paying, invoice, id=invoice.lower())
        await rehearsal.settle()
        assert await rehearsal.send_to("paid", 7, key="B", event_id="e") == (True, "b")
        assert await rehearsal.send_to("paid", 7, key="B", event_id="e") == (False, "b")
        await rehearsal.settle()
        assert (rehearsal.run("b").output, rehearsal.run("a").status) == (7, "waiting")
        await assert_replays(paying, recorded_run(rehearsal, "b"))


async def test_one_that_comes_before_anybody_waits_is_kept_for_the_first_that_does() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        assert await rehearsal.send_to("paid", 7, key="A", event_id="e") == (True, None)
        assert [(each.name, each.key) for each in rehearsal.kept_events()] == [("paid", "A")]
        assert await rehearsal.send_to("paid", 8, key="A", event_id="e") == (False, None)
        for run in ("first", "second"):
            await rehearsal.start(paying, "A", id=run)
            await rehearsal.settle()
        assert rehearsal.run("first").output == 7
        assert rehearsal.run("second").status == "waiting"
        assert rehearsal.kept_events() == []


async def test_of_several_that_wait_each_event_goes_to_one_the_longest_waiting_first() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        for run in ("one", "two"):
            await rehearsal.start(paying, "A", id=run)
            await rehearsal.advance(seconds=1)
        assert await rehearsal.send_to("paid", 1, key="A") == (True, "one")
        assert await rehearsal.send_to("paid", 2, key="A") == (True, "two")
        assert await rehearsal.send_to("paid", 3, key="A") == (True, None)
        await rehearsal.settle()
        assert [rehearsal.run(each).output for each in ("one", "two")] == [1, 2]


async def test_what_a_run_was_given_and_did_not_take_goes_to_the_next() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        for run in ("one", "two"):
            await rehearsal.start(paying, "A", id=run)
            await rehearsal.advance(seconds=1)
        await rehearsal.send_to("paid", 1, key="A")
        await rehearsal.cancel("one")
        await rehearsal.settle()
        assert rehearsal.run("two").output == 1


async def test_one_that_does_not_fit_is_left_and_the_next_is_taken() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        await rehearsal.start(paying, "A", id="r")
        await rehearsal.settle()
        await rehearsal.send_to("paid", "no number", key="A")
        await rehearsal.send_to("paid", 5, key="A")
        await rehearsal.settle()
        assert rehearsal.run("r").output == 5


class Level(IntEnum):
    LOW = 1


class Payment(BaseModel):
    amount: int
    is_last: bool = False


def taking(of: Any) -> Workflow[str, str]:
    """Return a workflow that takes one event of this type."""

    @workflow(version=1)
    async def take(run: Run, name: str) -> str:
        return f"{name}: {await run.event('given', of)!r}"

    return take


@pytest.mark.parametrize(
    ("of", "misread", "fits"),
    [
        (int, True, 1),
        (float, False, 1.5),
        (bool, 1, True),
        (bool, "yes", False),
        (Literal[1], True, 1),
        (Level, True, 1),
        (Payment, {"amount": True}, {"amount": 1}),
        (Payment, {"amount": 1, "is_last": "on"}, {"amount": 1, "is_last": True}),
        (list[Level], [1, True], [1]),
    ],
)
async def test_an_event_that_fits_only_as_what_it_does_not_say_is_left(of: Any, misread: Any, fits: Any) -> None:
    take = taking(of)
    async with Rehearsal(workflows=[take]) as rehearsal:
        await rehearsal.start(take, "t", id="r")
        await rehearsal.settle()
        await rehearsal.send("r", "given", misread)
        await rehearsal.settle()
        assert rehearsal.run("r").status == "waiting"
        await rehearsal.send("r", "given", fits)
        await rehearsal.settle()
        assert rehearsal.run("r").output == f"t: {take_as(of, fits)!r}"


def take_as(of: Any, data: Any) -> Any:
    return TypeAdapter(of).validate_python(data)


@pytest.mark.parametrize(("of", "said"), [(int | bool, True), (dict[str, bool], {"a": True}), (int, "5")])
async def test_an_event_that_says_what_its_type_takes_is_taken(of: Any, said: Any) -> None:
    take = taking(of)
    async with Rehearsal(workflows=[take]) as rehearsal:
        await rehearsal.start(take, "t", id="r")
        await rehearsal.send("r", "given", said)
        await rehearsal.settle()
        assert rehearsal.run("r").status == "completed"


async def test_a_wait_that_lost_gives_the_event_back() -> None:
    async with Rehearsal(workflows=[hasty, paying]) as rehearsal:
        await rehearsal.start(hasty, "A", id="r")
        await rehearsal.settle()
        await rehearsal.send("r", "stop", "now")
        await rehearsal.advance(seconds=0)
        await rehearsal.send_to("paid", 1, key="A")
        await rehearsal.start(paying, "A", id="s")
        await rehearsal.settle()
        assert (rehearsal.run("r").output, rehearsal.run("s").output) == ("stopped", 1)


async def test_an_event_that_nobody_ever_waits_for_is_pruned_in_the_end() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        await rehearsal.send_to("paid", 1, key="A")
        await rehearsal.advance(days=3)
        await rehearsal.send_to("paid", 2, key="A")
        await rehearsal.prune(older_than=timedelta(days=1))
        assert len(rehearsal.kept_events()) == 1


async def test_a_key_that_cannot_be_one_is_refused() -> None:
    async with Rehearsal(workflows=[paying]) as rehearsal:
        with pytest.raises(Misuse, match="key="):
            await rehearsal.send_to("paid", 1, key="")


# -- a result in place of a failure

broken: set[str] = set()


@action
async def bill(amount: int) -> int:
    if "bill" in broken:
        raise ConnectionError("no answer")
    return amount


@action
async def unbill(amount: int) -> None:
    if "unbill" in broken:
        raise ConnectionError(f"still no answer for {amount}")


@workflow(version=1)
async def selling(run: Run, amount: int) -> str:
    return f"billed {await run.step(bill, amount)}"


@workflow(version=1)
async def undoing(run: Run, amount: int) -> None:
    await run.compensate(unbill, amount)
    raise ValueError


@pytest.fixture(autouse=True)
def _broken() -> None:
    broken.clear()
    broken.update({"bill", "unbill"})


async def test_a_person_sets_what_a_failed_step_came_to_and_the_run_goes_on() -> None:
    async with Rehearsal(workflows=[selling]) as rehearsal:
        await rehearsal.start(selling, 5, id="r")
        await rehearsal.settle()
        await rehearsal.set_result("r", "bill", 4, by="ann", note="billed by hand")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "billed 4"
        step = rehearsal.steps("r")[0]
        assert (step.status, step.decided_by, step.output) == ("done", "person:ann", 4)
        await assert_replays(selling, recorded_run(rehearsal, "r"))


async def test_a_result_is_held_to_the_steps_type_where_the_code_is_known() -> None:
    async with Rehearsal(workflows=[selling]) as rehearsal:
        await rehearsal.start(selling, 5, id="r")
        await rehearsal.settle()
        for wrong in ("four", True):
            with pytest.raises(NotStorable):
                await rehearsal.set_result("r", "bill", wrong, by="ann")
        with pytest.raises(NotStorable):
            await rehearsal.skip_step("r", "bill", by="ann")
        assert rehearsal.run("r").status == "failed"


async def test_only_what_stopped_a_run_can_be_set() -> None:
    async with Rehearsal(workflows=[selling]) as rehearsal:
        broken.clear()
        await rehearsal.start(selling, 5, id="r")
        await rehearsal.settle()
        with pytest.raises(WrongState, match="is completed"):
            await rehearsal.set_result("r", "bill", 4, by="ann")
        broken.add("bill")
        await rehearsal.start(selling, 5, id="s")
        await rehearsal.settle()
        with pytest.raises(WrongState, match="has no step"):
            await rehearsal.set_result("s", "bil", 4, by="ann")


async def test_an_undo_that_failed_may_be_done_by_hand() -> None:
    async with Rehearsal(workflows=[undoing]) as rehearsal:
        await rehearsal.start(undoing, 5, id="r")
        await rehearsal.settle()
        assert rehearsal.run("r").status == "set_aside"
        await rehearsal.skip_step("r", "undo:unbill", by="ann", note="credited by hand")
        await rehearsal.settle()
        run = rehearsal.run("r")
        assert (run.status, run.undoing) == ("failed", "failed")
        assert run.error is not None
        assert run.error.type == "ValueError"


async def test_what_was_set_stands_in_the_audit_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(url, workflows=[selling]) as orchestrator:
        await orchestrator.start(selling, 5, id="r")
        await orchestrator.idle()
        await orchestrator.set_result("r", "bill", 4, by="ann", note="by hand")
        await orchestrator.idle()
        from handrail_orchestrator.reader import evidence_of  # noqa: PLC0415 -- one test needs it

        with evidence_of(orchestrator) as evidence:
            rows = list(evidence.log())
        assert [(row.action, row.actor) for row in rows] == [("set_result", "person:ann")]
