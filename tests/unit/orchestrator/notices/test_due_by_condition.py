"""When a question is due may depend on what it asks: a function of the item, asked once, when the question is put."""

from typing import Any

import pytest

from handrail import Escalation, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.orchestrator import InvalidWorkflow, NewItem
from handrail.testing import FakeClock, Rehearsal

WEEKDAYS = Escalation(queue="payments", due_hours=24, when_late="remind")
seen: list[NewItem] = []


def by_amount(item: NewItem) -> float | None:
    seen.append(item)
    return 2.0 if item.context["amount"] >= 10_000 else None


@workflow(version=1, due_hours=by_amount)
async def pays(run: Run, amount: int) -> str:
    return "paid" if await run.ask("Pay?", bool, context={"amount": amount}, escalate=WEEKDAYS) else "kept"


async def test_a_question_is_due_by_what_it_asks() -> None:
    async with Rehearsal(workflows=[pays], clock=FakeClock()) as rehearsal:
        await rehearsal.start(pays, 10_000, id="large")
        await rehearsal.start(pays, 10, id="small")
        await rehearsal.settled()
        due = {each.run_id: (each.due or 0) - each.created for each in rehearsal.reviews()}
        asked = len(seen)
        await rehearsal.advance(hours=3)
        late = {each.run_id: each.late_step for each in rehearsal.reviews()}
        for each in rehearsal.reviews():
            await rehearsal.decide(each.id, value=True, by="ann")
        await rehearsal.settled()

    assert due == {"large": 2 * 3_600, "small": 24 * 3_600}
    assert late == {"large": 1, "small": 0}
    assert len(seen) == asked == 2


topic = classify(
    "topic",
    bool,
    "Urgent?",
    models=ScriptedModel(lambda _: Says(True, 0.5)),
    accept=confidence(at_least=0.9),
    escalate=WEEKDAYS,
)


async def test_what_the_model_made_of_a_case_counts_too() -> None:
    def by_suggestion(item: NewItem) -> float:
        return 1.0 if item.suggestion is True and item.confidence is not None else 48.0

    @workflow(version=1, due_hours=by_suggestion)
    async def triage(run: Run, text: str) -> bool:
        found: bool = await run.decide(topic, text)
        return found

    async with Rehearsal(workflows=[triage], clock=FakeClock()) as rehearsal:
        await rehearsal.start(triage, "the house burns", id="one")
        await rehearsal.settled()
        (item,) = rehearsal.reviews()
        assert (item.due or 0) - item.created == 3_600


@pytest.mark.parametrize("hours", [0, -1, float("nan"), "soon", True])
async def test_hours_that_are_none_fail_the_run_and_say_which_function_gave_them(hours: Any) -> None:
    def wrong(_: NewItem) -> Any:
        return hours

    @workflow(version=1, due_hours=wrong)
    async def asks(run: Run, text: str) -> bool:
        return await run.ask(text, bool, escalate=WEEKDAYS)

    async with Rehearsal(workflows=[asks], clock=FakeClock()) as rehearsal:
        await rehearsal.start(asks, "Pay?", id="one")
        await rehearsal.settled()
        error = rehearsal.run("one").error

    assert error is not None
    assert "wrong(item)" in error.message


def test_a_due_time_that_is_no_function_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="due_hours"):

        @workflow(version=1, due_hours=24)  # type: ignore[arg-type]  # what is wrong on purpose
        async def asks(_run: Run, _text: str) -> None: ...
