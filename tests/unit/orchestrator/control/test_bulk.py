"""Changing many runs at once: by a filter, in batches, looked at first, gone on with, refused with the reason."""

import asyncio
import json
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, action, workflow
from handrail.orchestrator import Misuse, NotAllowed, RunQuery, RunSelection
from handrail_orchestrator.control import bulk
from handrail_orchestrator.reader import evidence_of
from tests.unit.orchestrator.commands import handrail

broken: list[bool] = [True]


@action
async def charge(n: int) -> int:
    if broken[-1]:
        raise TimeoutError(f"card {n} took 30 s") if n % 2 else ValueError(f"card '{n}' is refused")
    return n


@action
async def ship(n: int) -> int:
    return n


@workflow(version=1)
async def order(run: Run, n: int) -> int:
    await run.tag(parity="odd" if n % 2 else "even")
    return await run.step(charge, await run.step(ship, n))


@pytest.fixture
def store(tmp_path: Path) -> str:
    broken[:] = [True]
    return f"sqlite:///{tmp_path}/runs.db"


async def failed(store: str, runs: int) -> None:
    async with Orchestrator(store, workflows=[order]) as orchestrator:
        await orchestrator.start_many(order, [(f"r{n}", n) for n in range(runs)])
        await orchestrator.idle()


TIMED_OUT = RunSelection(step="charge", error="TimeoutError", message="card 7 took 31 s")


async def test_those_that_failed_alike_are_retried_and_no_others(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    await failed(store, 20)
    async with Client(store) as client:
        looked = await client.bulk("retry", TIMED_OUT, dry_run=True)
        assert (looked.runs, looked.done, looked.first[0]) == (10, 0, "r19")
        assert client.counts() == {("order", 1, "failed"): 20}
        result = await client.bulk("retry", TIMED_OUT, by="ann", id="monday")
        assert (result.id, result.runs, result.done, result.refused) == ("monday", 10, 10, {})
        assert await client.bulk("retry", TIMED_OUT, by="ann", id="monday") == bulk.BulkResult(
            id="monday", action="retry", runs=10, done=10
        )
        assert client.counts() == {("order", 1, "failed"): 10, ("order", 1, "pending"): 10}
        with pytest.raises(Misuse, match="was begun with another action or filter"):
            await client.bulk("fork", TIMED_OUT, id="monday")
    broken.append(False)
    async with Orchestrator(store, workflows=[order]) as orchestrator:
        await orchestrator.idle()
        assert orchestrator.counts() == {("order", 1, "completed"): 10, ("order", 1, "failed"): 10}


async def test_what_was_interrupted_goes_on_and_changes_no_run_twice(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 4)
    await failed(store, 10)
    every = RunSelection(runs=RunQuery(workflow="order"))
    async with Client(store) as client:
        steps, change = [0], client._change  # noqa: SLF001 -- where it is cut short

        async def cut(given: object) -> object:
            steps[0] += 1
            if steps[0] == 3:
                raise KeyboardInterrupt
            return await change(given)  # type: ignore[arg-type]

        monkeypatch.setattr(client, "_change", cut)
        with pytest.raises(KeyboardInterrupt):
            await client.bulk("fork", every, step="charge", id="again")
        monkeypatch.undo()
        result = await client.bulk("fork", every, step="charge", id="again")
        assert (result.done, result.runs) == (10, 10)
        forks = client.find_runs(RunQuery(text="-again"))
        assert sorted(run.id for run in forks) == sorted(f"r{n}-again" for n in range(10))
        assert [step.name for step in client.steps("r3-again") if step.kind == "action"] == ["ship"]


async def test_what_is_refused_is_counted_with_the_reason(store: str) -> None:
    await failed(store, 3)
    async with Client(store) as client:
        result = await client.bulk("fork", RunSelection(runs=RunQuery(workflow="order")), step="nothing")
        assert (result.done, result.runs) == (0, 3)
        assert result.refused == {"run it has no step 'nothing': see `handrail runs show it`": 3}


async def test_runs_are_cancelled_by_their_tags_and_the_log_says_who(store: str) -> None:
    await failed(store, 6)
    async with Client(store) as client:
        await client.bulk("retry", RunSelection(runs=RunQuery(status="failed")))
        result = await client.bulk("cancel", RunSelection(runs=RunQuery(tags={"parity": "odd"})), by="ann")
        assert result.done == 3
        error = client.run("r1").error
        assert error is not None
        assert "cancelled with others by ann" in error.message
        with evidence_of(client) as evidence:
            rows = [row for row in evidence.log() if (row.action, row.actor) == ("bulk", "person:ann")]
        told = [json.loads(row.data or "{}") for row in rows]
        assert [each["moment"] for each in told] == ["begin", "end"]
        assert told[1]["done"] == 3


@pytest.mark.parametrize(
    ("action_", "runs", "says"),
    [
        ("retry", RunSelection(), "names nothing"),
        ("retry", RunSelection(runs=RunQuery(status="completed")), "is nothing to retry"),
        ("cancel", RunSelection(runs=RunQuery(status="failed")), "is nothing to cancel"),
        ("delete", RunSelection(step="charge"), "say retry, cancel or fork"),
        ("cancel", RunSelection(runs=RunQuery(text="")), "text is empty"),
        ("cancel", RunSelection(runs=RunQuery(workflow=" ")), "workflow is empty"),
        ("retry", RunSelection(step=""), "step is empty"),
        ("retry", RunSelection(error=""), "error is empty"),
        ("cancel", RunSelection(runs=RunQuery(created_from=float("-inf"))), "created_from is -inf"),
        ("cancel", RunSelection(runs=RunQuery(created_to=float("nan"))), "created_to is nan"),
        ("cancel", RunSelection(runs=RunQuery(text="x" * 1_001)), "1,001 characters"),
        ("retry", RunSelection(runs=RunQuery(text="x" * 1_001), step="charge"), "1,001 characters"),
    ],
)
async def test_a_filter_that_cannot_be_right_is_refused(
    store: str, action_: str, runs: RunSelection, says: str
) -> None:
    async with Client(store, create=True) as client:
        with pytest.raises(Misuse, match=says):
            await client.bulk(action_, runs)  # type: ignore[arg-type]  # whatever somebody writes


async def test_whoever_may_not_retry_one_may_not_retry_many(store: str) -> None:
    async with Client(store, create=True) as client:
        await client.people.add("root", roles={"*": "admin"})
        await client.people.add("rita", roles={"*": "reviewer"}, by="root")
        with pytest.raises(NotAllowed):
            await client.bulk("retry", TIMED_OUT, by="rita")


def test_the_command_says_how_many_and_which(store: str) -> None:
    asyncio.run(failed(store, 4))
    dry = handrail("runs", "retry", "--status", "failed", "--failed-step", "charge", "--dry-run", "--store", store)
    assert "retry: it would be 4 runs; nothing was done" in dry.output
    done = handrail("runs", "retry", "--error", "TimeoutError", "--store", store, "--json")
    assert json.loads(done.output)["done"] == 2
    both = handrail("runs", "cancel", "r1", "--status", "waiting", "--store", store)
    assert both.exit_code == 2
    assert "not both" in both.output
