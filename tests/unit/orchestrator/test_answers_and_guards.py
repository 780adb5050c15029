"""A person's answer passes the guards of the step that asked, or is confirmed against each that fails, by name."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, model_validator

from handrail import (
    Accepted,
    Auditing,
    Client,
    Doubtful,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    Workflow,
    action,
    confidence,
    extract,
    grounded,
    max_length,
    workflow,
)
from handrail.ai_steps import AIStep
from handrail.guards import Confidence, GuardContext, Judgement, Ruling, Verdict, judged, satisfies, sums
from handrail.orchestrator import AnswerRefused, ReviewError, ReviewQuery
from handrail_orchestrator.testing import Rehearsal, ScriptedReviewers, assert_replays, recorded_run

SOURCE = "parts 40 and 50, TOTAL 100, seen by Ann"
RIGHT = {"parts": ["40", "60"], "total": "100", "seen_by": "Ann"}
WRONG = {"parts": ["40", "50"], "total": "100", "seen_by": "Ann"}
OTHER = {"parts": ["40", "50"], "total": "95", "seen_by": "Ann"}
"""As wrong, and not what the model suggests."""


class Bill(BaseModel):
    parts: list[Decimal]
    total: Decimal
    seen_by: str

    @model_validator(mode="after")
    def _has_parts(self) -> "Bill":
        if not self.parts:
            raise ValueError("a bill has at least one part")
        return self


def reading(*guards: Any, sure: float = 0.99, **more: Any) -> AIStep[Bill]:
    model = ScriptedModel(lambda _: Says(Bill.model_validate(WRONG), sure))
    return extract("read", Bill, "Read the bill.", models=model, accept=confidence(at_least=0.8), guards=guards, **more)


def flow(step: Any) -> Workflow[str, Bill]:
    @workflow(version=1)
    async def bill(run: Run, text: str) -> Bill:
        return await run.decide(step, text)

    return bill


ADDS_UP = flow(reading(sums("parts.*", "total")))


async def asked(client: Orchestrator, code: Workflow[str, Bill] = ADDS_UP) -> int:
    """Start one run that has to ask, and return its item's number."""
    await client.start(code, SOURCE, id="B1")
    await client.idle()
    (item,) = client.reviews()
    return item.id


@pytest.fixture
async def rehearsal() -> AsyncIterator[Rehearsal]:
    async with Rehearsal(workflows=[ADDS_UP]) as rehearsal:
        yield rehearsal


def checks(client: Client) -> list[Any]:
    """Return what the record of the one answer says of guards."""
    (row,) = [row for row in client.steps("B1") if row.kind == "human"]
    return [[each.guard, each.passed, each.field, each.reason, each.on_fail] for each in row.verdicts]


async def test_an_answer_that_fails_a_guard_is_refused_with_its_reason(rehearsal: Rehearsal) -> None:
    item = await asked(rehearsal)
    with pytest.raises(AnswerRefused, match=r"sums \(total\): 40 \+ 50 is 90, not 100") as refused:
        await rehearsal.decide(item, WRONG, by="ann")
    assert refused.value.guards == ("sums",)
    assert "despite=['sums']" in str(refused.value)
    assert rehearsal.review(item).state == "open"
    await rehearsal.settle()
    assert rehearsal.run("B1").status == "waiting"


async def test_an_answer_that_passes_is_used(rehearsal: Rehearsal) -> None:
    await rehearsal.decide(await asked(rehearsal), RIGHT, by="ann")
    await rehearsal.settle()
    assert rehearsal.run("B1").output == RIGHT
    assert checks(rehearsal) == []


async def test_an_answer_confirmed_by_name_is_used_and_the_record_says_so(rehearsal: Rehearsal) -> None:
    item = await asked(rehearsal)
    await rehearsal.decide(item, WRONG, by="ann", note="rounded", despite=["sums"])
    await rehearsal.settle()
    assert rehearsal.run("B1").output == WRONG
    assert checks(rehearsal) == [["sums", False, "total", "40 + 50 is 90, not 100", "review"]]
    told = rehearsal.review_log(item)[-1]
    assert (told.decision, told.despite, told.note) == (WRONG, ("sums",), "rounded")


@pytest.mark.parametrize("despite", [[], ["sum"], ["Sums"], ["*"], ["grounded"]])
async def test_only_the_name_of_the_guard_confirms(rehearsal: Rehearsal, despite: list[str]) -> None:
    item = await asked(rehearsal)
    with pytest.raises(AnswerRefused):
        await rehearsal.decide(item, WRONG, by="ann", despite=despite)


async def test_a_guard_that_passes_is_not_recorded_as_one_that_was_overruled(rehearsal: Rehearsal) -> None:
    item = await asked(rehearsal)
    await rehearsal.decide(item, RIGHT, by="ann", despite=["sums"])
    change = rehearsal.review_log(item)[-1]
    assert (change.decision, change.despite) == (RIGHT, ())


async def test_every_failed_guard_must_be_named() -> None:
    def crash(_: Any) -> bool:
        raise KeyError("x")

    guards = (
        sums("parts.*", "total"),
        grounded(fields="seen_by"),
        max_length(1, fields="seen_by", on_fail="fix"),
        satisfies("crashes", crash, "never"),
        satisfies("only looks", lambda _: False, "never", on_fail="observe"),
    )
    async with Rehearsal(workflows=[code := flow(reading(*guards))]) as rehearsal:
        item = await asked(rehearsal, code)
        answer = {**WRONG, "seen_by": "Bert"}
        with pytest.raises(AnswerRefused) as refused:
            await rehearsal.decide(item, answer, by="ann")
        failed = ("sums", "grounded", "max_length", "crashes")
        assert refused.value.guards == failed
        with pytest.raises(AnswerRefused) as refused:
            await rehearsal.decide(item, answer, by="ann", despite=failed[1:])
        assert refused.value.guards == ("sums",)
        await rehearsal.decide(item, answer, by="ann", despite=failed)
        await rehearsal.settle()
        assert rehearsal.run("B1").output["seen_by"] == "Bert", "nothing was fixed behind her back"


async def test_guards_that_cost_money_are_not_asked_about_answers() -> None:
    async def ask(_value: Any, _context: GuardContext) -> Any:
        pytest.fail("a model was asked about a person's answer")

    code = flow(reading(sums("parts.*", "total"), judged(ask)))
    async with Rehearsal(workflows=[code]) as rehearsal:
        await rehearsal.decide(await asked(rehearsal, code), RIGHT, by="ann")
        await rehearsal.settle()
        assert rehearsal.run("B1").status == "completed"


async def test_the_type_itself_is_checked_where_its_schema_cannot_tell(rehearsal: Rehearsal) -> None:
    item = await asked(rehearsal)
    with pytest.raises(ReviewError, match="a bill has at least one part"):
        await rehearsal.decide(item, {**RIGHT, "parts": []}, by="ann")
    assert rehearsal.review(item).state == "open"


@pytest.mark.parametrize("wrong", ["0x10", "NaN", "1,5", "Infinity", ""])
async def test_the_type_is_checked_where_nobody_asks_for_a_guard(wrong: str) -> None:
    flow_of = flow(reading(sure=0.5))
    async with Rehearsal(workflows=[flow_of]) as rehearsal:
        for name in ("B1", "B2"):
            await rehearsal.start(flow_of, SOURCE, id=name)
            await rehearsal.settle()
            (item,) = (each.id for each in rehearsal.reviews())
            with pytest.raises(ReviewError, match="total"):
                await rehearsal.decide(item, {**RIGHT, "total": wrong}, by="ann", undo_seconds=5)
            assert rehearsal.review(item).state == "open"
            await rehearsal.decide(item, RIGHT, by="ann")
            await rehearsal.settle()
            assert rehearsal.run(name).output == RIGHT


async def test_each_call_is_held_to_its_own_guards() -> None:
    loose, strict = reading(sure=0.1), reading(sums("parts.*", "total"), sure=0.1)

    async def twice(run: Run, text: str) -> list[Bill]:
        return [await run.decide(loose, text), await run.decide(strict, text)]

    @workflow(version=1)
    async def several(run: Run, text: str) -> list[Bill]:
        side_by_side = await run.all(twice(run, text), run.decide(strict, text))
        return [*side_by_side[0], side_by_side[1]]

    async with Rehearsal(workflows=[several]) as rehearsal:
        await rehearsal.start(several, SOURCE, id="B1")
        await rehearsal.settle()
        for _ in range(2):
            for item in rehearsal.reviews():
                try:
                    await rehearsal.decide(item.id, WRONG, by="ann")
                except AnswerRefused:
                    await rehearsal.decide(item.id, RIGHT, by="ann")
            await rehearsal.settle()
        assert rehearsal.run("B1").output == [WRONG, RIGHT, RIGHT]


def disapproving(asked: list[Any]) -> Any:
    async def ask(value: Any, _context: GuardContext) -> Ruling:
        asked.append(value)
        return Ruling(passed=False, reason="it reads like a guess")

    return judged(ask, name="reads well")


async def test_a_suggestion_that_a_paid_guard_refused_is_taken_only_against_that_guard() -> None:
    asked_models: list[Any] = []
    code = flow(reading(disapproving(asked_models)))
    async with Rehearsal(workflows=[code]) as rehearsal:
        item = await asked(rehearsal, code)
        with pytest.raises(AnswerRefused, match="reads well: it reads like a guess"):
            await rehearsal.decide(item, WRONG, by="ann")
        await rehearsal.decide(item, WRONG, by="ann", despite=["reads well"])
        await rehearsal.settle()
        assert [row[0] for row in checks(rehearsal)] == ["reads well"]
        assert len(asked_models) == 1, "people's answers are not put to it"


# -- where the code is not at hand


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'bills.db'}"


async def ask_in(address: str) -> int:
    async with Orchestrator(address, workflows=[ADDS_UP]) as orchestrator:
        return await asked(orchestrator)


async def go_on(address: str) -> None:
    async with Orchestrator(address, workflows=[ADDS_UP]) as orchestrator:
        await orchestrator.idle()


async def test_an_answer_given_where_no_code_is_known_is_checked_by_its_run(address: str) -> None:
    item = await ask_in(address)
    async with Client(address) as client:
        assert await client.objections(item, OTHER) is None
        assert (await client.decide(item, OTHER, by="ann")).state == "decided"
    await go_on(address)
    async with Client(address) as client:
        again = client.review(item)
        assert (again.state, again.decision) == ("open", None)
        assert again.note is not None
        assert "person:ann answered" in again.note
        assert "which fails sums (total): 40 + 50 is 90, not 95" in again.note
        assert client.run("B1").status == "waiting"
        await client.decide(item, OTHER, by="ann", despite=["sums"])
    await go_on(address)
    async with Client(address) as client:
        assert client.run("B1").status == "completed"
        assert [row[0] for row in checks(client)] == ["sums"]
        assert client.review(item).note is None
        actions = [entry.action for entry in client.review_log(item)]
    assert actions == ["ask", "decide", "reopen", "decide"]


async def test_what_a_suggestion_failed_is_known_without_any_code(address: str) -> None:
    item = await ask_in(address)
    async with Client(address) as client:
        (row,) = client.reviews()
        suggested = row.suggestion
        assert [each.guard for each in await client.objections(item, suggested) or ()] == ["sums"]
        with pytest.raises(AnswerRefused):
            await client.decide(item, suggested, by="ann")


async def test_a_client_that_knows_the_code_checks_at_once(address: str) -> None:
    item = await ask_in(address)
    async with Client(address) as client:
        client.use(ADDS_UP)
        with pytest.raises(AnswerRefused):
            await client.decide(item, WRONG, by="ann")
        assert [each.guard for each in await client.objections(item, WRONG) or ()] == ["sums"]
        assert await client.objections(item, RIGHT) == ()
        assert client.review(item).state == "open"


async def test_checking_executes_and_records_nothing(address: str) -> None:
    done: list[str] = []

    @action
    def note(text: str) -> None:
        done.append(text)

    step = reading(sums("parts.*", "total"))

    @workflow(version=1)
    async def careful(run: Run, text: str) -> Bill:
        await run.step(note, text)
        await run.now()
        return await run.decide(step, text)

    async with Orchestrator(address, workflows=[careful]) as orchestrator:
        await orchestrator.start(careful, SOURCE, id="B1")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        before = orchestrator.steps("B1")
    async with Orchestrator(address, workflows=[careful]) as orchestrator:
        with pytest.raises(AnswerRefused):
            await orchestrator.decide(item.id, WRONG, by="ann")
        assert orchestrator.steps("B1") == before
        await orchestrator.decide(item.id, RIGHT, by="ann")
        await orchestrator.idle()
        assert orchestrator.run("B1").status == "completed"
    assert done == [SOURCE]


async def test_a_recorded_answer_is_not_judged_again_by_guards_that_came_later(address: str) -> None:
    step = reading(sure=0.1)

    @workflow(version=1)
    async def slow(run: Run, text: str) -> Bill:
        bill = await run.decide(step, text)
        await run.ask("Pay?", bool)
        return bill

    async with Orchestrator(address, workflows=[slow]) as orchestrator:
        await orchestrator.start(slow, SOURCE, id="B1")
        await orchestrator.idle()
        await orchestrator.decide(orchestrator.reviews()[0].id, WRONG, by="ann")
        await orchestrator.idle()
    step = reading(sums("parts.*", "total"), sure=0.1)
    async with Orchestrator(address, workflows=[slow]) as orchestrator:
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, value=True, by="ann")
        await orchestrator.idle()
        assert orchestrator.run("B1").status == "completed"


async def test_a_history_with_an_unread_answer_replays(address: str) -> None:
    item = await ask_in(address)
    async with Client(address) as client:
        await client.decide(item, RIGHT, by="ann")
        await assert_replays(ADDS_UP, recorded_run(client, "B1"))


async def test_a_check_that_cannot_be_made_counts_as_failed_by_the_name_of_the_step() -> None:
    class Broken:
        name, output_type, person_checks = "read", Bill, ("sums",)

        async def __call__(self, text: str) -> Accepted[Bill] | Doubtful[Bill]:
            judgement = Judgement(confidence=Confidence(0.1, "local"), model="stub", source=text)
            return Doubtful(None, "low_confidence", "unsure", judgement)

        def objections(self, _value: Any, _text: str) -> tuple[Verdict, ...]:
            raise ValueError("no such field")

    code = flow(Broken())
    async with Rehearsal(workflows=[code]) as rehearsal:
        item = await asked(rehearsal, code)
        with pytest.raises(AnswerRefused, match="read: the guards could not be asked: ValueError: no such field"):
            await rehearsal.decide(item, RIGHT, by="ann")
        await rehearsal.decide(item, RIGHT, by="ann", despite=["read"])
        await rehearsal.settle()
        assert rehearsal.run("B1").status == "completed"


async def test_audits_are_held_to_the_guards_too() -> None:
    model = ScriptedModel(lambda _: Says(Bill.model_validate(RIGHT), 0.99))
    guards = [sums("parts.*", "total")]
    step = extract(
        "read", Bill, "Read.", models=model, accept=confidence(at_least=0.8), guards=guards, audit=Auditing(1.0)
    )
    code = flow(step)
    async with Rehearsal(workflows=[code]) as rehearsal:
        item = await asked(rehearsal, code)
        assert rehearsal.review(item).kind == "audit"
        with pytest.raises(AnswerRefused):
            await rehearsal.decide(item, WRONG, by="ann")
        await rehearsal.decide(item, RIGHT, by="ann")


async def test_scripted_reviewers_say_what_they_mean() -> None:
    async with Rehearsal(workflows=[ADDS_UP], reviewers=ScriptedReviewers.accepting()) as rehearsal:
        bill = await rehearsal.play(ADDS_UP, SOURCE, id="B1")
        assert bill.model_dump(mode="json") == WRONG
        assert [row[0] for row in checks(rehearsal)] == ["sums"]


# -- taking an answer back


async def test_an_answer_is_taken_back_while_no_run_has_read_it(address: str) -> None:
    item = await ask_in(address)
    async with Client(address) as client:
        await client.decide(item, RIGHT, by="ann")
        with pytest.raises(ReviewError, match="no answer by ben"):
            await client.undo(item, by="ben")
        again = await client.undo(item, by="ann")
        assert (again.state, again.lease_owner, again.decision) == ("leased", "ann", None)
        assert again.suggestion is not None
        assert client.reviews(ReviewQuery(free_for="ben", now=again.lease_until or 0.0)) == [again]
    await go_on(address)
    async with Client(address) as client:
        assert client.run("B1").status == "waiting"
        await client.decide(item, RIGHT, by="ann")
    await go_on(address)
    async with Client(address) as client:
        assert client.run("B1").status == "completed"
        with pytest.raises(ReviewError, match="its run has gone on with the answer"):
            await client.undo(item, by="ann")


async def test_an_old_answer_stays(rehearsal: Rehearsal) -> None:
    item = await asked(rehearsal)
    await rehearsal.decide(item, RIGHT, by="ann")
    rehearsal.clock.move_to(rehearsal.clock.now() + 3600)
    with pytest.raises(ReviewError, match="too long ago"):
        await rehearsal.undo(item, by="ann")
