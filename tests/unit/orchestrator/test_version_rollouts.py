"""A version that is rolled out bit by bit: which runs get it, and that a run stays on the version it began with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Orchestrator, Run, Workflow, workflow
from handrail.guards import Rollout, only, share
from handrail.orchestrator import InvalidWorkflow, RolloutRecord, RolloutVerdict, UnknownWorkflow
from handrail.testing import Rehearsal
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.rollout.versions import version_for
from handrail_orchestrator.store.rollouts import RolloutKey, RolloutRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in, write


@workflow(version=1, name="triage")
async def old(run: Run, _text: str) -> str:
    await run.ask("Go on?", bool)
    return "old"


def new(rollout: Rollout | None, version: int = 2) -> Workflow[str, str]:
    @workflow(version=version, name="triage", rollout=rollout)
    async def flow(_run: Run, _text: str) -> str:
        return f"new {version}"

    return flow


def carried(record: RolloutRecord) -> RolloutVerdict:
    return RolloutVerdict(
        allows=True, reason="not worse", cases=400, missing=None, margin=0.02, level=0.95, about=record.subject,
        source="test",
    )  # fmt: skip


async def versions(rehearsal: Orchestrator, flow: Workflow[str, str], count: int = 300, day: str = "a") -> list[int]:
    handles = await rehearsal.start_many(flow, [(f"{day}/{number}", "hi") for number in range(count)])
    return [rehearsal.run(handle.id).version for handle in handles]


@pytest.mark.dear
async def test_a_share_of_new_runs_gets_the_new_version_and_the_others_the_one_before() -> None:
    flow = new(share(0.1))
    async with Rehearsal(workflows=[flow, old]) as rehearsal:
        found = await versions(rehearsal, flow)
        assert set(found) == {1, 2}
        assert 12 < found.count(2) < 55
        handle = await rehearsal.start(flow, "hi", id=f"a/{found.index(2)}")
        assert await handle.result() == "new 2"
        assert rehearsal.rollout("triage@2").share == 0.1


@pytest.mark.dear
async def test_who_gets_it_at_10_percent_gets_it_at_20() -> None:
    async with Rehearsal(workflows=[new(share(0.1)), old]) as few, Rehearsal(workflows=[new(share(0.2)), old]) as many:
        one = await versions(few, few.workflows[0])
        other = await versions(many, many.workflows[0])
        assert all(after == 2 for before, after in zip(one, other, strict=True) if before == 2)
        assert other.count(2) > one.count(2)


async def test_a_run_stays_on_the_version_it_began_with_however_far_the_new_one_is_let_loose(tmp_path: Path) -> None:
    flow, store = new(share(0.0)), f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[flow, old]) as orchestrator:
        await orchestrator.start(flow, "hi", id="T1")
        await orchestrator.promote_rollout("triage@2", to=1.0, by="ann", why="good", verdict=carried)
        again = await orchestrator.start(flow, "hi", id="T1")
        assert (again.new, orchestrator.run("T1").version) == (False, 1)
        await orchestrator.start(flow, "hi", id="T2")
        await orchestrator.idle()
        assert orchestrator.run("T2").version == 2
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, value=True, by="ann")
        assert await again.result() == "old"


async def test_what_is_held_starts_on_the_old_version() -> None:
    flow = new(share(1.0))
    async with Rehearsal(workflows=[flow, old]) as rehearsal:
        assert set(await versions(rehearsal, flow, 5)) == {2}
        await rehearsal.hold_rollout("triage@2", by="ann", why="odd")
        assert set(await versions(rehearsal, flow, 5, "b")) == {1}


async def test_a_slice_is_told_by_the_input() -> None:
    flow = new(only("greetings", lambda case: case.value == "hi"))
    async with Rehearsal(workflows=[flow, old]) as rehearsal:
        for text, version in (("hi", 2), ("bye", 1)):
            handle = await rehearsal.start(flow, text)
            assert rehearsal.run(handle.id).version == version


async def test_a_child_gets_a_version_by_its_own_id_and_keeps_it() -> None:
    flow = new(share(0.5))

    @workflow(version=1)
    async def parent(run: Run) -> str:
        return await run.child(flow, "hi")

    async with Rehearsal(workflows=[parent, flow, old]) as rehearsal:
        await rehearsal.start_many(parent, [(f"P-{number}", None) for number in range(40)])
        await rehearsal.settle()
        children = [rehearsal.run(f"P-{number}/triage").version for number in range(40)]
        assert set(children) == {1, 2}
        rehearsal.crash()
        await rehearsal.settle()
        assert [rehearsal.run(f"P-{number}/triage").version for number in range(40)] == children


@pytest.mark.dear
async def test_three_versions_are_rolled_out_one_behind_the_other() -> None:
    second, third = new(share(0.5)), new(share(0.1), version=3)
    async with Rehearsal(workflows=[third, second, old]) as rehearsal:
        found = await versions(rehearsal, third)
        assert set(found) == {1, 2, 3}
        assert found.count(3) < found.count(2)


async def test_the_old_version_can_be_asked_for_by_name() -> None:
    async with Rehearsal(workflows=[new(share(1.0)), old]) as rehearsal:
        handle = await rehearsal.start(old, "hi")
        assert rehearsal.run(handle.id).version == 1
        with pytest.raises(UnknownWorkflow):
            await rehearsal.start(new(share(1.0)), "hi")


class Dumb(SqliteStore):
    """A store that cannot say how far anything is rolled out."""

    def rollout(self, key: RolloutKey) -> RolloutRow | None:
        raise StoreError(self.path, f"no page of {key.target}")


@pytest.mark.dear
@given(st.text(), st.floats(0, 1))
def test_what_cannot_be_told_is_the_old_version(run_id: str, part: float) -> None:
    store = Dumb(":memory:")
    flow = new(share(part))
    assert version_for(flow, [flow, old], store, run_id=run_id, value="hi") is old
    store.close()


@pytest.mark.parametrize(
    ("given_workflows", "told"),
    [
        (lambda: [new(share(0.1))], "there is no version before it for the other runs: give both"),
        (lambda: [new(share(0.1)), returning_numbers()], "returns something else than version 1"),
        (lambda: [new(share(0.1)), taking_numbers()], "takes something else than version 1"),
    ],
)
def test_versions_that_cannot_stand_in_for_each_other_are_refused(
    given_workflows: Callable[[], list[Any]], told: str
) -> None:
    with pytest.raises(InvalidWorkflow, match=told):
        Rehearsal(workflows=given_workflows())


def returning_numbers() -> Workflow[str, int]:
    @workflow(version=1, name="triage")
    async def flow(_run: Run, text: str) -> int:
        return len(text)

    return flow


def taking_numbers() -> Workflow[int, str]:
    @workflow(version=1, name="triage")
    async def flow(_run: Run, number: int) -> str:
        return str(number)

    return flow


def test_what_is_no_rollout_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match=r"rollout is 0.1; give share\(0.1\)"):
        new(0.1)  # type: ignore[arg-type]


FLOWS = """
from handrail import Run, workflow
from handrail.guards import share


@workflow(version=1, name="greet")
async def before(run: Run, name: str) -> str:
    return f"hello {name}"


@workflow(version=2, rollout=share(0.5))
async def greet(run: Run, name: str) -> str:
    return f"good day {name}"
"""


def test_the_command_runs_a_new_version_beside_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with working_in(tmp_path, monkeypatch):
        Path("greeting.py").write_text(FLOWS, encoding="utf-8")
        file = write([f"guest {number}" for number in range(40)], "names.jsonl")

        alone = handrail("run", "greeting.py:greet", file, "--store", STORE)
        assert (alone.exit_code, "--also OLD" in alone.stderr) == (2, True)

        done("run", "greeting.py:greet", file, "--also", "greeting.py:before", "--store", STORE)
        rows = [json.loads(line) for line in done("runs", "list", "--store", STORE, "--json").splitlines()]
        assert {row["version"] for row in rows} == {1, 2}
        assert all(row["output"].startswith("hello" if row["version"] == 1 else "good day") for row in rows)
