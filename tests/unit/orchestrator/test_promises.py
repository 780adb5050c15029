"""A run decides under a promise: what is drawn is asked blind, and each case stands in the ledger before any answer."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Orchestrator, Run, Says, ScriptedModel, Workflow, classify, workflow
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.promises import MOST_GROUPS, MovePromise, NewRule, NumberCases, PromiseRow
from handrail_orchestrator.store.sqlite.store import SqliteStore

Letter = Literal["a", "b"]


def sure_of(text: str) -> float:
    return float(text.rsplit(maxsplit=1)[-1])


def letter(model: str = "scripted") -> Any:
    """Answer "a", as sure as the text says."""
    model_ = ScriptedModel(lambda request: Says("a", sure_of(request.text)), name=model)
    return classify("letter", Letter, "Which letter?", models=model_, accept=promise(wrong_at_most=0.1))


def flow(step: Any) -> Workflow[str, Letter]:
    @workflow(version=1)
    async def sort(run: Run, text: str) -> Letter:
        return await run.decide(step, text)

    return sort


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return SqliteStore(str(tmp_path / "runs.db"))


async def started(store: Store, *texts: str, step: Any = None) -> None:
    sort = flow(step or letter())
    async with Orchestrator(store, workflows=[sort]) as orchestrator:
        await orchestrator.start_many(sort, [(f"r-{text}", text) for text in texts])
        await orchestrator.idle()


def only(store: Store) -> PromiseRow:
    (row,) = store.promises()
    return row


def ruled(store: Store, threshold: float | None, *, accepted: float = 1.0, below: float = 1.0) -> None:
    row = only(store)
    rule = NewRule(threshold, accepted, below, None, cases=10, labels=10, wrong=0, why="for the test")
    assert store.apply([MovePromise(row.id, row.version, 1.0, "keeper", 0, None, rule)]) == [True]


def test_with_no_labels_everything_goes_to_people_and_nobody_sees_a_suggestion(store: Store) -> None:
    asyncio.run(started(store, "x 0.9", "y 1.0"))
    items = store.reviews(ReviewQuery())
    assert [(each.suggestion, each.confidence) for each in items] == [(None, None), (None, None)]
    row = only(store)
    assert (row.workflow, row.step, row.rule, row.threshold, row.target) == ("sort", "letter", 0, None, 0.1)
    store.apply([NumberCases(row.stream)])
    cases = store.promise_cases(row.stream, after=0, limit=10)
    assert [(each.score, each.share, each.drawn, each.verdict) for each in cases] == [
        (0.9, 1.0, 1, None),
        (1.0, 1.0, 1, None),
    ]


def test_a_rule_is_in_force_at_the_next_call_and_the_case_says_by_which_it_was_judged(store: Store) -> None:
    asyncio.run(started(store, "x 0.9"))
    ruled(store, 0.8, accepted=1e-9, below=1e-9)
    asyncio.run(started(store, "y 0.85", "z 0.7"))
    run = store.run("r-y 0.85")
    assert run is not None
    assert run.status == "completed"
    assert len(store.reviews(ReviewQuery())) == 2  # x, and z with the suggestion in view
    row = only(store)
    assert store.apply([NumberCases(row.stream)]) == [3]
    cases = store.promise_cases(row.stream, after=1, limit=10)
    assert {(each.score, each.threshold, each.share, each.drawn) for each in cases} == {
        (0.85, 0.8, 1e-9, 0), (0.7, 0.8, 1e-9, 0),
    }  # fmt: skip
    counts = store.promise_counts(row.stream)
    assert (counts.cases, counts.accepted, counts.drawn, counts.answered) == (3, 1, 1, 0)


def test_of_copies_the_first_one_counts(store: Store) -> None:
    sort = flow(letter())

    async def twice() -> None:
        async with Orchestrator(store, workflows=[sort]) as orchestrator:
            await orchestrator.start_many(sort, [("r-1", "x 0.9"), ("r-2", "x 0.9"), ("r-3", " X  0.9")])
            await orchestrator.idle()

    asyncio.run(twice())
    assert store.promise_counts(only(store).stream).cases == 1


def test_accepted_values_that_are_drawn_are_asked_blind_and_no_run_waits_for_it(store: Store) -> None:
    asyncio.run(started(store, "x 0.9"))
    ruled(store, 0.8)
    asyncio.run(started(store, "y 0.85"))
    audits = [each for each in store.reviews(ReviewQuery()) if each.kind == "audit"]
    assert [(each.queue, each.suggestion) for each in audits] == [("audits", None)]
    (first, second) = store.open_cases(only(store).stream, after=0, limit=10)
    assert (first.state, second.state) == ("open", "open")


def test_another_model_is_stale_from_its_first_answer_and_has_a_ledger_of_its_own(store: Store) -> None:
    asyncio.run(started(store, "x 0.9"))
    ruled(store, 0.8)
    asyncio.run(started(store, "y 0.85", step=letter("newer")))
    row = next(each for each in store.promises() if "newer" in each.told)
    assert (row.rule, row.threshold) == (0, None)
    item = max(store.reviews(ReviewQuery()), key=lambda each: each.id)
    run = store.run("r-y 0.85")
    assert run is not None
    assert run.status == "waiting"
    (judged,) = [each for each in store.history(run.key).steps if each.kind == "ai"]
    assert '"stale_acceptance"' in (judged.output or "")
    assert item.suggestion is None


class Served(ScriptedModel):
    """A model on a server."""

    server = "http://127.0.0.1:1/v1"


@pytest.mark.dear
def test_options_wording_and_server_are_each_stale_from_the_first_answer_and_named(store: Store) -> None:
    asyncio.run(started(store, "x 0.9"))
    ruled(store, 0.8)

    def other(output: Any = Letter, instructions: str = "Which letter?", kind: Any = ScriptedModel) -> Any:
        model = kind(lambda request: Says("a", sure_of(request.text)))
        return classify("letter", output, instructions, models=model, accept=promise(wrong_at_most=0.1))

    changed = [
        (other(Literal["b", "a"]), "kept for scripted, with prompt "),
        (other(Literal["a", "c"]), "kept for scripted, with prompt "),
        (other(instructions="Which one?"), "kept for scripted, with prompt "),
        (other(kind=Served), "on a server that is not named, and not http://127.0.0.1:1/v1"),
    ]
    for number, (step, said) in enumerate(changed):
        asyncio.run(started(store, f"{number} 0.85", step=step))
        run = store.run(f"r-{number} 0.85")
        assert run is not None
        (judged,) = [each for each in store.history(run.key).steps if each.kind == "ai"]
        assert '"stale_acceptance"' in (judged.output or "")
        assert said in (judged.output or "")
        (item,) = store.reviews(ReviewQuery(run_id=f"r-{number} 0.85"))
        assert (item.code, item.suggestion) == ("drawn", None)  # whoever answers does not know
    assert len(store.promises()) == 1 + len(changed)


@pytest.mark.dear
def test_the_group_after_the_last_one_goes_to_people_and_is_no_case(store: Store) -> None:
    step: Any = classify(
        "letter", Letter, "Which letter?", models=ScriptedModel(lambda _: Says("a", 0.9)),
        accept=promise(wrong_at_most=0.1, by="customer"),
    )  # fmt: skip

    @workflow(version=1)
    async def sort(run: Run, number: int) -> Letter:
        letter: Letter = await run.decide(step, f"text {number}", customer=f"customer {number}")
        return letter

    async def started_in_turn() -> None:
        async with Orchestrator(store, workflows=[sort]) as orchestrator:
            for number in range(MOST_GROUPS + 1):
                await orchestrator.start(sort, number, id=f"r-{number}")
                await orchestrator.idle()

    asyncio.run(started_in_turn())
    assert len(store.promises()) == MOST_GROUPS
    (one_too_many,) = store.reviews(ReviewQuery(run_id=f"r-{MOST_GROUPS}"))
    assert f"there are {MOST_GROUPS} groups by 'customer' already" in one_too_many.reason
    (first,) = store.reviews(ReviewQuery(run_id="r-0"))
    assert first.suggestion is None  # drawn, as everything is at the beginning
