"""A model from elsewhere begins with what people answered before it, as far as that may count."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, Workflow, classify, workflow
from handrail.ai_steps import AIStep
from handrail.calibration import InvalidLabels, keep_promises, rescore_promise
from handrail.guards import Always, promise
from handrail.orchestrator import Misuse, ReviewQuery
from tests.stores import store_in
from tests.unit.orchestrator.commands import done, handrail, working_in

pytestmark = pytest.mark.slow

Letter = Literal["a", "b"]


def letter(model: str = "old", *, says: str = "a", accept: Any = None, **more: Any) -> AIStep[Letter]:
    """Answer what the text says first, as sure as it says last; ``says``: what the model makes of every third text."""

    def answered(request: Any) -> Says:
        number, score = request.text.split()[0], float(request.text.split()[-1])
        return Says(says if int(number) % 3 == 0 and score < 0.3 else "a", score)

    scripted = ScriptedModel(answered, name=model)
    return classify("letter", Letter, "Which letter?", models=scripted, accept=accept or terms(), **more)


WORSE = """
from typing import Literal
from handrail import Says, ScriptedModel, classify
from handrail.guards import promise

worse = ScriptedModel(lambda request: Says("a", float(request.text.split()[-1])), name="worse")
accept = promise(wrong_at_most=0.1, sure=0.9)
letter = classify("letter", Literal["a", "b"], "Which letter?", models=worse, accept=accept)
"""


def terms() -> Any:
    return promise(wrong_at_most=0.1, sure=0.9)


def sort_with(step: AIStep[Letter], name: str = "sort") -> Workflow[str, Letter]:
    @workflow(version=1, name=name)
    async def sort(run: Run, text: str) -> Letter:
        return await run.decide(step, text)

    return sort


def texts(first: int, count: int) -> list[str]:
    chance = random.Random(first)
    return [f"{number} {chance.random():.4f}" for number in range(first, first + count)]


async def traffic(
    store: str, count: int, *, step: AIStep[Letter] | None = None, first: int = 0, leave: int = 0, name: str = "sort"
) -> None:
    """Let cases come that are all right but for the least sure; ``leave``: so many items nobody answers."""
    sort = sort_with(step or letter(), name)
    runs = [(f"r-{text.split()[0]}", text) for text in texts(first, count)]
    async with Orchestrator(store, workflows=[sort]) as orchestrator:
        await orchestrator.start_many(sort, runs)
        await orchestrator.idle()
        scores = {run: float(text.split()[-1]) for run, text in runs}
        items = orchestrator.reviews(ReviewQuery(limit=500))
        for item in items[: len(items) - leave]:
            await orchestrator.decide(item.id, "b" if scores[item.run_id] < 0.3 else "a", by="ann")
        await orchestrator.idle()
        await keep_promises(orchestrator)


async def again(store: str, step: AIStep[Letter], **more: Any) -> Any:
    async with Client(store) as client:
        return await rescore_promise(step, client, **{"by": "ann", "why": "another vendor's", **more})


@pytest.mark.usefixtures("either_store")
def test_it_accepts_from_its_first_case_on_with_its_part_of_delta_and_says_by_what(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    async def played() -> tuple[Any, ...]:
        await traffic(store, 300)
        (found,) = await again(store, letter("new"))
        async with Client(store) as client:
            before, history = client.promise("sort/letter"), client.promise_history(str(found.promise))
        await traffic(store, 20, step=letter("new"), first=1000)
        async with Client(store) as client:
            after = client.promise("sort/letter")
            accepted = [client.run(f"r-{n}").status for n in range(1000, 1020)].count("completed")
        return found, before, history, after, accepted

    found, before, history, after, accepted = asyncio.run(played())
    assert (found.workflow, found.model, found.version, found.cases, found.behind) == ("sort", "new", 1, 300, 0)
    assert found.threshold is not None
    assert before.model == "old"  # which judges until the new one is deployed
    assert (history[0].action, history[0].by, history[0].why) == ("rescored", "person:ann", "another vendor's")
    assert (after.model, after.cases, after.sure) == ("new", 20, 0.95)  # half of delta: the others are for later ones
    assert after.accepted > 5
    assert accepted >= after.accepted


def test_a_label_is_the_true_answer_and_not_whether_the_model_before_was_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)
    asyncio.run(traffic(store, 130))
    (better,) = asyncio.run(again(store, letter("better", says="b")))
    with working_in(tmp_path, monkeypatch):
        Path("worse.py").write_text(WORSE, encoding="utf-8")
        order = ("promise", "rescore", "--why", "another vendor's", "--as", "ann", "--store", store)
        worse = json.loads(done(*order, "--json", "worse.py:letter"))
        refused = handrail(*order, "worse.py:letter")
        history = done("promise", "history", str(worse["promise"]), "--store", store)
    assert (worse["cases"], worse["labels"]) == (better.cases, better.labels) == (130, 130)
    assert 0 < better.wrong < worse["wrong"]
    assert (better.version, worse["version"]) == (1, 2)
    assert (refused.exit_code, "was scored again before" in refused.stderr) == (2, True)
    assert "rescored by person:ann: another vendor's" in history


def test_its_thresholds_come_from_a_part_of_the_old_cases_that_counts_for_nothing_else(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    async def played(count: int, name: str) -> tuple[int, str]:
        await traffic(store, count, name=name, first=10_000 * len(name))
        (found,) = [each for each in await again(store, letter(name)) if each.workflow == name]
        async with Client(store) as client:
            told = next(each.why for each in client.promise_history(str(found.promise)) if each.action == "ladder")
            (row,) = [each for each in client.promise_store.promises() if each.id == found.promise]
            read = [each.id for each in client.promise_store.promise_cases(row.stream, after=0, limit=1000)]
        return sum(case <= row.ladder_to for case in read), told

    many, few = asyncio.run(played(310, "many")), asyncio.run(played(190, "little"))
    assert (many[0], many[1].endswith("from the scores of cases that count for nothing else")) == (103, True)
    assert (few[0], few[1].endswith("from the scores of the first 100 cases")) == (100, True)


def test_labels_count_once_and_before_the_model_has_judged_cases_of_its_own(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    async def played() -> None:
        await traffic(store, 150)
        with pytest.raises(InvalidLabels, match="old has judged 100 cases or more"):
            await again(store, letter("old"))
        await traffic(store, 30, step=letter("new"), first=1000)  # it was deployed first, and is not too late
        (found,) = await again(store, letter("new"))
        assert found.cases == 150
        with pytest.raises(InvalidLabels, match="counted once"):
            await again(store, letter("new"))
        async with Client(store) as client:
            assert client.promise(str(found.promise)).sure == 0.95

    asyncio.run(played())


class Killed(BaseException):
    """What a process that dies in between looks like to this one."""


def test_a_command_that_is_killed_between_two_workflows_goes_on_with_the_other_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)

    async def played() -> tuple[Any, Any]:
        await traffic(store, 110)
        await traffic(store, 110, first=2000, name="sort_too")
        change, entered = Client.change_learned, list[Any]()

        async def once(client: Client, order: Any) -> Any:
            if entered:
                raise Killed
            entered.append(order)
            return await change(client, order)

        with monkeypatch.context() as patched:
            patched.setattr(Client, "change_learned", once)
            with pytest.raises(Killed):
                await again(store, letter("new"))
        found = await again(store, letter("new"))
        with pytest.raises(InvalidLabels, match="was scored again before"):
            await again(store, letter("new"))
        async with Client(store) as client:
            kept = [(each.workflow, each.model) for each in client.promises() if each.model == "new"]
            return found, kept

    found, kept = asyncio.run(played())
    assert [(each.workflow, each.cases) for each in found] == [("sort_too", 110)]
    assert kept == [("sort", "new"), ("sort_too", "new")]


def test_a_case_that_is_open_is_not_passed_over(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    async def played() -> Any:
        await traffic(store, 150)
        await traffic(store, 20, first=500, leave=8)
        with pytest.raises(InvalidLabels, match=r"8 cases .* still open, .* before 7 others"):
            await again(store, letter("new"))
        return await again(store, letter("new"), open_as_wrong=True, newest=100)

    (found,) = asyncio.run(played())
    assert (found.cases, found.behind) == (100, 7)

    async def open_items() -> int:
        async with Client(store) as client:
            return client.promise("sort/letter").drawn - client.promise("sort/letter").answered

    assert asyncio.run(open_items()) == 8  # of the model before nothing was said


def test_what_may_not_count_is_refused_with_the_reason(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    refused = [
        (letter("new", accept=promise(wrong_at_most=0.1, by="tier")), "begins with no labels"),
        (letter("new", accept=promise(wrong_at_most={"a": 0.1})), "begins with no labels"),
        (letter("new", accept=promise(wrong_at_most=0.1, second_looks=True)), "another reviewer looked"),
        (letter("new", accept=promise(wrong_at_most=0.1, once_per="order")), "nobody with a confidence"),
        (letter("new", accept=Always()), "under no promise"),
        (letter("new", examples=[(texts(0, 8)[7], "a")]), "the examples of"),
        (classify("other", Letter, "Which?", models=ScriptedModel("a"), accept=terms()), "nothing is promised"),
        (classify("letter", Letter, "Which?", models="learning:letter", accept=terms()), "learns"),
    ]

    async def played() -> None:
        await traffic(store, 110)
        for step, said in refused:
            with pytest.raises(InvalidLabels, match=said):
                await again(store, step)
        with pytest.raises(Misuse):
            await again(store, letter("new"), why=" ")
        with pytest.raises(InvalidLabels, match="1 or more"):
            await again(store, letter("new"), newest=0)
        async with Client(store) as client:
            assert [each.model for each in client.promises()] == ["old"]

    asyncio.run(played())


def test_a_model_that_fails_counts_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    def breaks(_: Any) -> Says:
        raise RuntimeError("no network")

    async def played() -> None:
        await traffic(store, 110)
        down = classify("letter", Letter, "Which letter?", models=ScriptedModel(breaks, name="down"), accept=terms())
        with pytest.raises(InvalidLabels, match=r"no network|could not be asked"):
            await again(store, down)
        async with Client(store) as client:
            assert len(client.promises()) == 1

    asyncio.run(played())
