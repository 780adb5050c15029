"""Questions of many runs go to the provider in one batch, on every kind of store; no process waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from handrail import Auditing, OpenAIModel, Orchestrator, Run, Workflow, classify, confidence, workflow
from handrail.ai_steps import Batching, Price
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_orchestrator.sealing.keys import new_key
from handrail_orchestrator.store import Store, open_store
from handrail_orchestrator.store.promises import NumberCases
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.servers.batch_stub import BatchStub

Team = Literal["alpha", "beta", "gamma"]
QUICK = Batching(look_seconds=0.01, last_look_seconds=0.05, gather_seconds=0.3)
PRICES = {"stub-1": Price(input=1, output=2)}
HALF, SINGLE = 0.00006, 0.00012
TEAMS = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def running() -> Iterator[BatchStub]:
    with BatchStub() as stub:
        yield stub


@pytest.fixture
def stub(running: BatchStub) -> BatchStub:
    running.reset()
    return running


@pytest.fixture(
    params=[
        "file",
        pytest.param("postgres", marks=(pytest.mark.slow, pytest.mark.versions)),
        pytest.param("sealed postgres", marks=pytest.mark.slow),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "file":
        made: Store = SqliteStore(str(tmp_path / "runs.db"))
    else:
        if request.param == "sealed postgres":
            monkeypatch.setenv("HANDRAIL_KEYS", new_key("spring"))
        monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
        made = open_store(request.getfixturevalue("postgres_url"))
    yield made
    made.close()


MADE: list[OpenAIModel] = []


@pytest_asyncio.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Close the models of a test."""
    yield
    while MADE:
        await MADE.pop().aclose()


def route(stub: BatchStub, **options: Any) -> Any:
    model = OpenAIModel("stub-1", base_url=stub.url, api_key="k", prices=PRICES, decisions=False)
    MADE.append(model)
    options = {"accept": confidence(at_least=0.5), "batching": QUICK, **options}
    return classify("route", Team, "Route it.", models=model, **options)


def flow(step: Any) -> Workflow[str, Team]:
    @workflow(version=1)
    async def triage(run: Run, text: str) -> Team:
        return await run.decide(step, text, batch=True)

    return triage


async def executed(store: Store, step: Any, count: int) -> list[Any]:
    """Start runs and return what each came to."""
    triage = flow(step)
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        handles = await orchestrator.start_many(triage, [(f"r{n}", f"case {n}") for n in range(count)])
        return [await each.result() for each in handles]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 -- other processes are asked
            await asyncio.sleep(0.02)


def judged(store: Store, run_id: str) -> Any:
    """Return the record of a run's judgement."""
    row = store.run(run_id)
    assert row is not None
    return next(each for each in store.history(row.key).steps if each.kind == "ai")


@pytest.mark.dear
async def test_runs_share_one_batch_and_what_it_leaves_open_is_asked_singly(store: Store, stub: BatchStub) -> None:
    stub.misbehave(lose=[3], differ=[4], fail=[6], misfit=[7], bad_looks=1, strangers=2, garbage=1)
    assert await executed(store, route(stub), 9) == [TEAMS[n % 3] for n in range(9)]
    seen = stub.seen()
    assert [each["questions"] for each in seen["batches"]] == [9]
    assert sorted(seen["single"]) == ["3", "4", "6", "7"]
    assert seen["fetched"] == ["batch_1-output", "batch_1-error"]
    assert seen["files"] == []
    assert judged(store, "r1").money == pytest.approx(HALF)
    assert judged(store, "r3").money is None  # it may be charged for, though it did not come
    assert judged(store, "r6").money == pytest.approx(SINGLE)
    assert judged(store, "r7").money == pytest.approx(HALF + SINGLE)
    assert "asked singly" in (judged(store, "r3").output or "")
    assert judged(store, "r1").confidence == pytest.approx(0.97, abs=0.02)


@pytest.mark.dear
async def test_runs_do_not_send_again_what_the_list_does_not_show_yet(store: Store, stub: BatchStub) -> None:
    stub.misbehave(drop_create=1, list_late=2)
    assert await executed(store, route(stub), 2) == ["alpha", "beta"]
    assert (len(stub.seen()["batches"]), stub.seen()["single"]) == (1, [])


@pytest.mark.dear
async def test_a_batch_that_cannot_be_is_told_in_each_record(store: Store, stub: BatchStub) -> None:
    stub.misbehave(reject="line 1 is no request")
    assert await executed(store, route(stub), 2) == ["alpha", "beta"]
    assert "line 1 is no request" in (judged(store, "r0").output or "")
    assert len(stub.seen()["batches"]) == 1
    assert len(stub.seen()["single"]) == 2


@pytest.mark.dear
async def test_a_batch_that_the_provider_loses_sight_of_may_be_charged_for(store: Store, stub: BatchStub) -> None:
    stub.misbehave(forgets=True)
    assert await executed(store, route(stub), 1) == ["alpha"]
    assert "batch batch_1: the batch ended as" in (judged(store, "r0").output or "")
    assert judged(store, "r0").money is None


@pytest.mark.dear
async def test_what_a_batch_had_answered_when_it_was_stopped_counts(store: Store, stub: BatchStub) -> None:
    stub.misbehave(looks=10**9, lose=[1])
    impatient = Batching(look_seconds=0.01, last_look_seconds=0.1, gather_seconds=0.3, hours=0.001)
    assert await executed(store, route(stub, batching=impatient), 3) == ["alpha", "beta", "gamma"]
    assert stub.seen()["single"] == ["1"]
    assert judged(store, "r0").money == pytest.approx(HALF)
    assert [each["status"] for each in stub.seen()["batches"]] == ["cancelled"]


@pytest.mark.dear
async def test_runs_go_on_where_the_replies_cannot_be_fetched_any_more(store: Store, stub: BatchStub) -> None:
    stub.misbehave(drops_files=True)
    async with asyncio.timeout(60):
        assert await executed(store, route(stub), 2) == ["alpha", "beta"]
    assert sorted(stub.seen()["single"]) == ["0", "1"]
    assert "the server answered 404" in (judged(store, "r1").output or "")
    assert judged(store, "r1").money is None


@pytest.mark.dear
async def test_one_run_with_many_questions_has_them_in_one_batch(store: Store, stub: BatchStub) -> None:
    step = route(stub)

    @workflow(version=1)
    async def pile(run: Run, count: int) -> list[str]:
        return list(await run.all(*(run.decide(step, f"case {n}", batch=True) for n in range(count))))

    async with Orchestrator(store, workflows=[pile]) as orchestrator:
        handle = await orchestrator.start(pile, 12)
        assert await handle.result() == [TEAMS[n % 3] for n in range(12)]
    assert [each["questions"] for each in stub.seen()["batches"]] == [12]
    assert stub.seen()["single"] == []


@pytest.mark.dear
async def test_a_batch_that_is_cancelled_hands_its_runs_back(store: Store, stub: BatchStub) -> None:
    """And what was not sent is not paid for: they are asked singly."""
    triage = flow(route(stub, batching=Batching(gather_seconds=3600)))
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        handle = await orchestrator.start(triage, "case 1")
        await orchestrator.idle()
        [batch] = [each.id for each in store.runs() if each.workflow == "triage:batch"]
        await orchestrator.cancel(batch)
        assert await handle.result() == "beta"
    assert stub.seen()["batches"] == []


@pytest.mark.dear
async def test_runs_that_ended_meanwhile_cost_the_others_nothing(store: Store, stub: BatchStub) -> None:
    stub.misbehave(looks=1_000_000)
    triage = flow(route(stub))
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        handles = await orchestrator.start_many(triage, [(f"r{n}", f"case {n}") for n in range(3)])
        await until(lambda: stub.seen()["looks"] > 0)
        assert await orchestrator.cancel("r1") == "cancelled"
        stub.end_all()
        assert [await handles[n].result() for n in (0, 2)] == ["alpha", "gamma"]
    assert stub.seen()["single"] == []


@pytest.mark.dear
async def test_the_draw_of_an_audit_and_the_ledger_of_a_promise_are_as_for_single_answers(
    store: Store, stub: BatchStub
) -> None:
    await executed(store, route(stub, audit=Auditing(1.0)), 2)
    assert [each.kind for each in store.reviews(ReviewQuery())] == ["audit", "audit"]
    step = route(stub, accept=promise(wrong_at_most=0.1))
    triage = flow(step)
    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        await orchestrator.start_many(triage, [(f"p{n}", f"case {n}") for n in range(3)])
        await until(lambda: store.review_count(ReviewQuery()) == 5)
    [row] = store.promises()
    store.apply([NumberCases(row.stream)])
    assert len(store.promise_cases(row.stream, after=0, limit=10)) == 3


@pytest.mark.dear
async def test_a_step_that_asks_otherwise_by_now_does_not_use_the_old_answer(store: Store, stub: BatchStub) -> None:
    """A deployment while the batch was under way: the threshold is the new prompt's, and so must the answer be."""
    stub.misbehave(looks=1_000_000)
    before = flow(route(stub))
    async with Orchestrator(store, workflows=[before]) as orchestrator:
        await orchestrator.start(before, "case 1", id="r1")
        await until(lambda: stub.seen()["looks"] > 0)
    stub.end_all()
    model = OpenAIModel("stub-1", base_url=stub.url, api_key="k", prices=PRICES, decisions=False)
    other = classify("route", Team, "Route it well.", models=model, accept=confidence(at_least=0.5), batching=QUICK)
    after = flow(other)
    async with Orchestrator(store, workflows=[after]) as orchestrator:
        await until(lambda: bool(store.runs(status="completed", workflow="triage")))
        await orchestrator.idle()
    assert "has changed since the batch was sent" in (judged(store, "r1").output or "")
    assert stub.seen()["single"] == ["1"]
