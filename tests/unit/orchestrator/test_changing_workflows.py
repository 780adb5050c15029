"""What happens to runs that wait while their workflow's code changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, model_validator

from handrail import Client, Orchestrator, Run, StepFailed, Workflow, action, rule, workflow
from handrail.orchestrator import HistoryMismatch
from handrail_orchestrator.testing import assert_replays, recorded_run

executed: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_executed() -> None:
    executed.clear()


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


@rule
async def look(n: int) -> int:
    executed.append("look")
    return n


@action
async def send(n: int) -> int:
    executed.append("send")
    return n


@action
async def close(n: int) -> int:
    executed.append("close")
    return n


@action
async def mail(n: int) -> int:
    executed.append("mail")
    return n


@action(formerly=("send",))
async def post(n: int) -> int:
    executed.append("post")
    return n


def first() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        n = await run.step(send, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def inserted() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        n = await run.step(send, n)
        n = await run.step(mail, n + 1)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def removed() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def renamed() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        n = await run.step(post, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def renamed_in_silence() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        n = await run.step(mail, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def another_kind() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.ask("Look?", int, name="look")
        return await run.step(close, n)

    return order


def second(continues: tuple[int, ...] = ()) -> Workflow[int, int]:
    @workflow(version=2, name="order", continues=continues)
    async def order(run: Run, n: int) -> int:
        n = await run.step(send, n)
        n += await run.ask("How many more?", int)
        return -n

    return order


async def wait_with(store: str, code: Workflow[int, int]) -> None:
    async with Orchestrator(store, workflows=[code]) as orchestrator:
        await orchestrator.start(code, 1, id="a")
        await orchestrator.idle()
        assert orchestrator.run("a").status == "waiting"


async def answer_with(store: str, code: Workflow[int, int], answer: Any = 5) -> tuple[str, Any, str | None]:
    executed.clear()
    async with Orchestrator(store, workflows=[code]) as orchestrator:
        await orchestrator.decide(orchestrator.reviews()[0].id, answer, by="ann")
        await orchestrator.idle()
        row = orchestrator.run("a")
        return row.status, row.output, None if row.error is None else str(row.error)


async def test_an_inserted_step_runs_when_it_is_reached(store: str) -> None:
    await wait_with(store, first())
    assert await answer_with(store, inserted()) == ("completed", 7, None)
    assert executed == ["mail", "close"]


async def test_a_removed_steps_record_is_kept_and_not_used(store: str) -> None:
    await wait_with(store, first())
    assert await answer_with(store, removed()) == ("completed", 6, None)
    assert executed == ["close"]
    async with Client(store) as client:
        assert "send" in [step.name for step in client.steps("a")]


def both_renamed() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look.named("glance"), n)
        n = await run.step(mail, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


def renamed_behind_one_taken_out() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(mail, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


@pytest.mark.parametrize("code", [both_renamed, renamed_behind_one_taken_out])
async def test_a_renamed_action_stops_the_run_where_the_rule_before_it_went_with_its_name(
    store: str, code: Callable[[], Workflow[int, int]]
) -> None:
    await wait_with(store, first())
    status, _, error = await answer_with(store, code())
    assert (status, "mail" in executed) == ("failed", False)
    assert "formerly=('send',)" in (error or "")


def in_branches(note: str) -> Workflow[int, int]:
    """Two branches act on the same input after a question each; the note makes another code of it."""

    async def branch(run: Run, name: str, number: int) -> int:
        await run.ask(f"Question {name}?", int)
        return await run.step(send, number)

    if note:

        @workflow(version=1, name="order")
        async def noted(run: Run, n: int) -> int:
            assert note
            return sum(await run.all(branch(run, "one", n), branch(run, "two", n)))

        return noted

    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        return sum(await run.all(branch(run, "one", n), branch(run, "two", n)))

    return order


async def test_an_action_of_another_branch_is_not_taken_for_an_older_name(store: str) -> None:
    async with Orchestrator(store, workflows=[code := in_branches("")]) as orchestrator:
        await orchestrator.start(code, 1, id="a")
        await orchestrator.idle()
        (second_item,) = [item.id for item in orchestrator.reviews() if item.title == "Question two?"]
        await orchestrator.decide(second_item, 1, by="ann")
        await orchestrator.idle()
    assert await answer_with(store, in_branches("said since")) == ("completed", 2, None)
    assert executed == ["send"]


class Parcel(BaseModel):
    box: str = "small"


class Package(BaseModel):
    container: str = "large"


class LabelledParcel(BaseModel):
    box: str = "small"
    label: str | None = None


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


class MovedParcel(BaseModel):
    container: str = "large"

    @model_validator(mode="before")
    @classmethod
    def moved(cls, data: Any) -> Any:
        return {"container": data["box"]} if isinstance(data, dict) and "box" in data else data


def packing(given: BaseModel) -> Workflow[int, int]:
    """Return a workflow whose step is given a value of this type."""

    async def pack(what: Any) -> int:
        executed.append(f"pack {what}")
        return 1

    pack.__annotations__["what"] = type(given)

    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        return n * await run.step(action(pack), given) + await run.ask("How many more?", int)

    return order


async def test_a_field_that_was_renamed_is_another_input_though_the_type_leaves_unknown_ones_out(store: str) -> None:
    await wait_with(store, packing(Parcel()))
    status, _, error = await answer_with(store, packing(Package()))
    assert (status, executed) == ("failed", [])
    assert 'step \'pack\' with input {"what":{"box":"small"}}' in (error or "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Parcel(), LabelledParcel()),
        (Parcel(), MovedParcel(container="small")),
        (Anything.model_validate({"a": 1, "b": 2}), Anything.model_validate({"b": 2, "a": 1})),
    ],
    ids=["a field more with a default", "a field that the type itself moves", "fields in another order"],
)
async def test_a_type_that_says_how_old_inputs_are_read_is_believed(
    store: str, before: BaseModel, after: BaseModel
) -> None:
    await wait_with(store, packing(before))
    assert (await answer_with(store, packing(after)))[:2] == ("completed", 6)
    assert executed == []


async def test_another_field_of_a_type_that_keeps_any_is_another_input(store: str) -> None:
    await wait_with(store, packing(Anything.model_validate({"a": 1})))
    assert (await answer_with(store, packing(Anything.model_validate({"a": 1, "b": 2}))))[0] == "failed"


async def test_a_renamed_step_keeps_its_result_under_its_former_name(store: str) -> None:
    await wait_with(store, first())
    assert await answer_with(store, renamed()) == ("completed", 6, None)
    assert executed == ["close"]


async def test_an_action_renamed_in_silence_stops_the_run_before_it_acts_twice(store: str) -> None:
    await wait_with(store, first())
    status, _, error = await answer_with(store, renamed_in_silence())
    assert status == "failed"
    assert executed == []
    assert "expected step 'send'" in (error or "")
    assert "asked for step 'mail'" in (error or "")
    assert "formerly=('send',)" in (error or "")


async def test_a_name_with_another_kind_stops_the_run(store: str) -> None:
    await wait_with(store, first())
    status, _, error = await answer_with(store, another_kind())
    assert status == "failed"
    assert "expected rule 'look', the code asked for human 'look'" in (error or "")


async def test_a_mismatch_can_be_retried_once_the_code_fits(store: str) -> None:
    await wait_with(store, first())
    await answer_with(store, renamed_in_silence())
    code = first()
    async with Orchestrator(store, workflows=[code]) as orchestrator:
        await orchestrator.retry("a")
        await orchestrator.idle()
        assert orchestrator.run("a").output == 6
    assert executed == ["close"]


async def test_runs_of_a_version_whose_code_has_gone_wait_and_are_visible(store: str) -> None:
    await wait_with(store, first())
    status, output, _ = await answer_with(store, second())
    assert (status, output) == ("waiting", None)
    async with Orchestrator(store, workflows=[first()]) as orchestrator:
        await orchestrator.idle()
        assert orchestrator.run("a").output == 6


async def test_stranded_runs_are_reported_when_a_worker_signs_on(store: str, caplog: pytest.LogCaptureFixture) -> None:
    await wait_with(store, first())
    await answer_with(store, second())
    async with Orchestrator(store, workflows=[second()]):
        pass
    assert "1 due run of 'order' version 1 waits for code that this worker does not have" in caplog.text


async def test_a_new_version_may_continue_runs_of_an_old_one(store: str) -> None:
    await wait_with(store, first())
    assert await answer_with(store, second(continues=(1,))) == ("completed", -6, None)


async def test_code_that_is_not_deterministic_is_caught(store: str) -> None:
    inputs = [1, 2]

    @workflow(version=1, name="fickle")
    async def fickle(run: Run, n: int) -> int:
        n = await run.step(look, inputs.pop())
        return n + await run.ask("How many more?", int)

    async with Orchestrator(store, workflows=[fickle]) as orchestrator:
        handle = await orchestrator.start(fickle, 1, id="a")
        await orchestrator.idle()
        await orchestrator.decide(orchestrator.reviews()[0].id, 1, by="ann")
        with pytest.raises(StepFailed, match="not deterministic"):
            await handle.result()


async def test_a_set_may_come_back_in_another_order(store: str) -> None:
    words = ["b", "a", "c"]

    @rule
    async def count(names: set[str]) -> int:
        return len(names)

    @workflow(version=1, name="sets")
    async def sets(run: Run, n: int) -> int:
        words.reverse()
        return n + await run.step(count, set(words)) + await run.ask("How many more?", int)

    async with Orchestrator(store, workflows=[sets]) as orchestrator:
        handle = await orchestrator.start(sets, 1, id="a")
        await orchestrator.idle()
        await orchestrator.decide(orchestrator.reviews()[0].id, 1, by="ann")
        assert await handle.result() == 5


async def test_assert_replays_proves_that_code_fits_a_history(store: str) -> None:
    await wait_with(store, first())
    async with Client(store) as client:
        waiting = recorded_run(client, "a")
    await answer_with(store, first())
    async with Client(store) as client:
        completed = recorded_run(client, "a")
    for history in (waiting, completed):
        await assert_replays(first(), history)
        await assert_replays(renamed(), history)
    assert executed == ["close"]


@pytest.mark.parametrize(
    ("code", "expected", "found"),
    [
        (inserted, "human 'ask'", "a step, which is not recorded"),
        (removed, "action 'send'", "nothing more"),
        (renamed_in_silence, "step 'send'", "step 'mail' with the same input"),
    ],
)
async def test_assert_replays_names_the_step_expected_and_found(
    store: str, code: Any, expected: str, found: str
) -> None:
    await wait_with(store, first())
    async with Client(store) as client:
        history = recorded_run(client, "a")
    with pytest.raises(HistoryMismatch) as mismatch:
        await assert_replays(code(), history)
    assert expected in mismatch.value.expected
    assert found in mismatch.value.found


def called_twice() -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        n = await run.step(look, n)
        await run.step(send, 77)
        n = await run.step(send, n)
        n += await run.ask("How many more?", int)
        return await run.step(close, n)

    return order


async def test_a_second_call_in_front_never_takes_the_result_of_the_first(store: str) -> None:
    await wait_with(store, first())
    status, _, error = await answer_with(store, called_twice())
    assert (status, executed) == ("failed", [])
    assert "The recorded result belongs to the recorded input" in (error or "")


async def test_a_continuing_version_may_change_inputs_but_not_mix_up_calls(store: str) -> None:
    def twice(version: int, first_input: int, second_input: int) -> Workflow[int, int]:
        @workflow(version=version, name="order", continues=(1,) if version > 1 else ())
        async def order(run: Run, n: int) -> int:
            await run.step(send, first_input)
            await run.step(send, second_input)
            return n + await run.ask("How many more?", int)

        return order

    await wait_with(store, twice(1, 10, 20))
    status, _, error = await answer_with(store, twice(2, 20, 10))
    assert status == "failed"
    assert "another call of the same step" in (error or "")
    async with Orchestrator(store, workflows=[twice(2, 11, 22)]) as orchestrator:
        await orchestrator.retry("a")
        await orchestrator.idle()
        assert orchestrator.run("a").output == 6


async def test_an_answer_whose_type_changed_is_asked_again_with_the_new_type(store: str) -> None:
    def asking(answer: Any) -> Workflow[int, str]:
        @workflow(version=1, name="order")
        async def order(run: Run, n: int) -> str:
            return f"{n} {await run.ask('How many?', answer)}"

        return order

    code = asking(int)
    async with Orchestrator(store, workflows=[code]) as orchestrator:
        await orchestrator.start(code, 1, id="a")
        await orchestrator.idle()
    async with Client(store) as client:
        await client.decide(client.reviews()[0].id, 5, by="ann")
    async with Orchestrator(store, workflows=[asking(list[str])]) as orchestrator:
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert item.state == "open"
        assert "does not fit any more" in (item.note or "")
        await orchestrator.decide(item.id, ["five"], by="ben")
        await orchestrator.idle()
        assert orchestrator.run("a").output == "1 ['five']"


@workflow(version=1)
async def refund(_: Run, n: int) -> str:
    return f"{n} refunded"


@workflow(version=1)
async def charge(_: Run, n: int) -> str:
    return f"{n} charged"


CHILDREN: dict[str, tuple[Workflow[int, str], Literal["wait", "leave", "cancel"]]] = {
    "refund": (refund, "wait"), "charge": (charge, "wait"), "left": (refund, "leave"), "tied": (refund, "cancel"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "refund",
            "charge",
            "expected child 'booking' of workflow 'refund', the code asked for one of workflow 'charge'",
        ),
        ("refund", "left", "as one that is waited for, the code asked for one that is not"),
        ("refund", "tied", "as one that is waited for, the code asked for one that is not"),
        ("left", "refund", "as one that is not (policy=), the code asked for one that is waited for"),
    ],
)
@pytest.mark.parametrize("continues", [False, True])
async def test_a_child_run_is_of_the_workflow_and_waited_for_as_it_was_recorded(
    store: str, before: str, after: str, said: str, *, continues: bool
) -> None:
    def booking(which: str, version: int = 1) -> Workflow[int, str]:
        @workflow(version=version, name="order", continues=tuple(range(1, version)))
        async def order(run: Run, n: int) -> str:
            kind, policy = CHILDREN[which]
            came = await run.child(kind, n, name="booking", policy=policy)
            return f"{came}, {await run.ask('Go on?', bool)}"

        return order

    code, later = booking(before), booking(after, 1 + continues)
    async with Orchestrator(store, workflows=[code, refund, charge]) as orchestrator:
        await orchestrator.start(code, 1, id="a")
        await orchestrator.idle()
        history = recorded_run(orchestrator, "a")
    async with Orchestrator(store, workflows=[later, refund, charge]) as orchestrator:
        await orchestrator.decide(orchestrator.reviews()[0].id, True, by="ann")
        await orchestrator.idle()
        run = orchestrator.run("a")
    if continues and after == "charge":  # that recorded results stand is what it says
        assert run.output == "1 refunded, True"
        return
    assert run.status == "failed"
    assert said in str(run.error)
    with pytest.raises(HistoryMismatch, match="child 'booking'"):
        await assert_replays(later, history)


async def test_a_retried_run_gets_its_whole_time_again(store: str) -> None:
    @workflow(version=1, name="order", deadline_seconds=0.05)
    async def order(run: Run, n: int) -> int:
        return n + await run.ask("How many more?", int)

    async with Orchestrator(store, workflows=[order]) as orchestrator:
        handle = await orchestrator.start(order, 1, id="a")
        with pytest.raises(StepFailed, match="deadline"):
            await handle.result()
        await orchestrator.retry("a")
        assert (orchestrator.run("a").deadline or 0) > orchestrator.run("a").created + 0.05
        await orchestrator.idle()
        assert orchestrator.run("a").status in {"waiting", "failed"}


def paid_by(of: Any) -> Workflow[int, int]:
    @workflow(version=1, name="order")
    async def order(run: Run, n: int) -> int:
        return n + int(await run.event("paid", of)) + await run.ask("How many more?", int)

    return order


async def test_a_number_that_an_event_brought_is_no_truth_value_of_todays_type(store: str) -> None:
    async with Orchestrator(store, workflows=[code := paid_by(int)]) as orchestrator:
        await orchestrator.start(code, 1, id="a")
        await orchestrator.send("a", "paid", 1)
        await orchestrator.idle()
    status, _, error = await answer_with(store, paid_by(bool))
    assert status == "failed"
    assert 'payload "integer"' in (error or "")
