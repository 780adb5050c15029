"""A call found by name takes only the record of the same call: whatever else is recorded there stops the run."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from handrail import Client, Escalation, Orchestrator, Run, action, workflow
from handrail.orchestrator import HistoryMismatch, InvalidWorkflow, Misuse
from handrail_orchestrator.testing import FakeClock, assert_replays, recorded_run
from handrail_orchestrator.workflow import Workflow
from tests.contract.stores import before_people

Body = Callable[[Run], Awaitable[Any]]

acted: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_acted() -> None:
    acted.clear()


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


@action
async def act(what: str) -> str:
    acted.append(what)
    return what


@workflow(version=1)
async def kid(run: Run, n: int) -> int:
    return await run.ask(f"kid {n}?", int)


def code(body: Body, *, version: int = 1) -> Workflow[None, str]:
    @workflow(version=version, name="order", continues=tuple(range(1, version)))
    async def order(run: Run) -> str:
        return str(await body(run))

    return order


class Deployed:
    """One run whose code is replaced between executions."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.clock = FakeClock()

    async def run(self, body: Body, *answers: Any, days: float = 0, version: int = 1) -> str:
        """Execute with this code until the run waits or has ended, then answer what is open; return its status."""
        flow = code(body, version=version)
        async with Orchestrator(self.store, workflows=[flow, kid], clock=self.clock) as orchestrator:
            if not orchestrator.runs():
                await orchestrator.start(flow, None, id="r")
            await orchestrator.idle()
            self.clock.move_to(self.clock.now() + days * 86400)
            await orchestrator.idle()
            for answer in answers:
                await orchestrator.decide(orchestrator.reviews()[0].id, answer, by="ann")
                await orchestrator.idle()
            return orchestrator.run("r").status

    async def send(self, name: str, payload: Any) -> None:
        async with Client(self.store, clock=self.clock) as client:
            await client.send("r", name, payload)

    @property
    async def error(self) -> str:
        async with Client(self.store) as client:
            return str(client.run("r").error)

    async def check_replay(self, body: Body) -> None:
        async with Client(self.store) as client:
            history = recorded_run(client, "r")
        await assert_replays(code(body), history)


async def pay_then_archive(run: Run) -> list[bool]:
    return [await run.ask("Pay 5 EUR?", bool), await run.ask("Archive it?", bool)]


async def delete_first(run: Run) -> list[bool]:
    return [await run.ask("Delete the customer?", bool), *await pay_then_archive(run)]


async def test_a_question_in_front_never_takes_the_answer_of_another(store: str) -> None:
    deployed = Deployed(store)
    assert await deployed.run(pay_then_archive, True) == "waiting"
    with pytest.raises(HistoryMismatch) as mismatch:
        await deployed.check_replay(delete_first)
    assert "Pay 5 EUR?" in mismatch.value.expected
    assert "Delete the customer?" in mismatch.value.found
    assert await deployed.run(delete_first, False) == "failed"
    assert "HistoryMismatch" in await deployed.error
    assert "run.ask(..., name=...)" in await deployed.error


async def test_a_question_with_a_name_of_its_own_may_stand_in_front(store: str) -> None:
    async def named(run: Run) -> list[bool]:
        return [await run.ask("Delete the customer?", bool, name="delete"), *await pay_then_archive(run)]

    deployed = Deployed(store)
    assert await deployed.run(pay_then_archive, True) == "waiting"
    assert await deployed.run(named, True, False) == "completed"
    async with Client(store) as client:
        assert client.run("r").output == "[False, True, True]"


def asking(title: str = "Which?", answer: Any = Literal["a", "b"], context: Any = None) -> Body:
    async def body(run: Run) -> list[Any]:
        both = run.ask(title, answer, context=context), run.ask("Done?", bool, name="done")
        return list(await run.all(*both))

    return body


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (asking("Pay 5 EUR?"), asking("Pay 5,000 EUR?")),
        (asking(context={"sum": 5}), asking(context={"sum": 5000})),
        (asking(context={"sum": 5}), asking()),
        (asking(context="x" * 1000 + "a"), asking(context="x" * 1000 + "b")),
        (asking(context=[1]), asking(context=[True])),
    ],
)
async def test_a_question_whose_text_or_context_changed_stops_the_run(
    store: str, before: Body, after: Body, *, answered: bool
) -> None:
    deployed = Deployed(store)
    async with Orchestrator(store, workflows=[flow := code(before)]) as orchestrator:
        await orchestrator.start(flow, None, id="r")
        await orchestrator.idle()
        which, done = sorted(orchestrator.reviews(), key=lambda item: item.step)
        answer = (which.id, "a") if answered else (done.id, True)
        await orchestrator.decide(*answer, by="ann")
        await orchestrator.idle()
    with pytest.raises(HistoryMismatch):
        await deployed.check_replay(after)
    await deployed.check_replay(before)
    async with Orchestrator(store, workflows=[code(after)]) as orchestrator:
        (left,) = orchestrator.reviews()
        await orchestrator.decide(left.id, True if answered else "b", by="ann")
        await orchestrator.idle()
        assert orchestrator.run("r").status == "failed"
        assert "HistoryMismatch" in str(orchestrator.run("r").error)


async def test_choices_that_changed_after_the_answer_stop_the_run(store: str) -> None:
    async def two(run: Run) -> list[Any]:
        return [await run.ask("Which?", Literal["a", "b"]), await run.ask("Done?", bool)]

    async def three(run: Run) -> list[Any]:
        return [await run.ask("Which?", Literal["a", "b", "c"]), await run.ask("Done?", bool)]

    deployed = Deployed(store)
    await deployed.run(two, "a")
    with pytest.raises(HistoryMismatch, match='"one of"'):
        await deployed.check_replay(three)
    assert await deployed.run(three, True) == "failed"
    assert "HistoryMismatch" in await deployed.error


async def test_choices_that_changed_before_the_answer_are_shown_to_whoever_answers(store: str) -> None:
    deployed = Deployed(store)
    async with Orchestrator(store, workflows=[flow := code(asking())]) as orchestrator:
        await orchestrator.start(flow, None, id="r")
        await orchestrator.idle()
        done = next(item for item in orchestrator.reviews() if item.step == "done")
    async with Client(store, clock=deployed.clock) as client:
        await client.decide(done.id, True, by="ann")
    wider = asking(answer=Literal["a", "b", "c"])
    async with Orchestrator(store, workflows=[code(wider)]) as orchestrator:
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert "c" in item.schema["enum"]
        assert "has changed" in (item.note or "")
        await orchestrator.decide(item.id, "c", by="ann")
        await orchestrator.idle()
        assert orchestrator.run("r").output == "['c', True]"
    await deployed.check_replay(wider)


async def test_words_about_a_type_are_no_part_of_the_question(store: str) -> None:
    def described(words: str) -> Any:
        class Found(BaseModel):
            __doc__ = words
            amount: int = Field(description=words)

        return Found

    deployed = Deployed(store)

    def body(words: str) -> Body:
        async def ask(run: Run) -> int:
            found = await run.ask("Which?", described(words))
            await run.ask("Done?", bool)
            return int(found.amount)

        return ask

    await deployed.run(body("in cents"), {"amount": 5})
    assert await deployed.run(body("in euros"), True) == "completed"


async def test_a_later_version_may_let_answers_stand_but_not_mix_them_up(store: str) -> None:
    async def reworded(run: Run) -> list[bool]:
        return [await run.ask("Pay 5 euros?", bool), await run.ask("Archive it?", bool)]

    async def swapped(run: Run) -> list[bool]:
        return [await run.ask("Archive it?", bool), await run.ask("Pay 5 EUR?", bool)]

    deployed = Deployed(store)
    await deployed.run(pay_then_archive, True)
    assert await deployed.run(swapped, False, version=2) == "failed"
    async with Client(store, clock=deployed.clock) as client:
        await client.retry("r")
    assert await deployed.run(reworded, version=3) == "completed"


def waiting(wait: Callable[[Run], Awaitable[Any]]) -> Body:
    async def body(run: Run) -> str:
        await wait(run)
        await run.step(act, "after")
        return await run.ask("And now?", str)

    return body


MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("over", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda run: run.sleep(3600), lambda run: run.sleep(60)),
        (lambda run: run.sleep(timedelta(days=1)), lambda run: run.sleep(timedelta(days=2))),
        (lambda run: run.sleep_until(MOMENT), lambda run: run.sleep_until(MOMENT + timedelta(hours=1))),
        (lambda run: run.sleep(3600), lambda run: run.sleep_until(MOMENT)),
    ],
)
async def test_a_sleep_never_takes_the_record_of_another_one(
    store: str, before: Any, after: Any, *, over: bool
) -> None:
    deployed = Deployed(store)
    await deployed.run(waiting(before), days=10_000 if over else 0)
    with pytest.raises(HistoryMismatch):
        await deployed.check_replay(waiting(after))
    acted.clear()
    assert await deployed.run(waiting(after), *(["x"] if over else []), days=10_000) == "failed"
    assert acted == []


async def test_a_sleep_until_a_moment_told_by_the_run_is_the_same_on_every_replay(store: str) -> None:
    async def tomorrow(run: Run) -> str:
        when = await run.now() + timedelta(days=1)
        await run.sleep_until(when.astimezone())
        await run.sleep(timedelta(hours=1))
        return await run.ask("Awake?", str)

    deployed = Deployed(store)
    assert await deployed.run(tomorrow, days=2) == "waiting"
    assert await deployed.run(tomorrow, days=2) == "waiting"
    await deployed.check_replay(tomorrow)
    assert await deployed.run(tomorrow, "yes") == "completed"


def awaiting(within: timedelta | None, kind: Any = int) -> Body:
    return waiting(lambda run: run.event("paid", kind, within=within))


async def test_a_wait_for_an_event_never_takes_the_time_of_another_one(store: str) -> None:
    deployed = Deployed(store)
    await deployed.run(awaiting(timedelta(days=30)))
    with pytest.raises(HistoryMismatch, match="within_seconds"):
        await deployed.check_replay(awaiting(timedelta(days=1)))
    await deployed.send("paid", 5)
    assert await deployed.run(awaiting(timedelta(days=1))) == "failed"
    assert acted == []


async def test_an_event_that_no_longer_fits_its_type_stops_the_run(store: str) -> None:
    deployed = Deployed(store)
    await deployed.run(awaiting(None))
    await deployed.send("paid", 5)
    assert await deployed.run(awaiting(None)) == "waiting"
    for other in (str, float):  # a replay in a test is stricter than a worker: 5 would do for a float
        with pytest.raises(HistoryMismatch, match="payload"):
            await deployed.check_replay(awaiting(None, other))
    assert await deployed.run(awaiting(None, str), "x") == "failed"
    assert "HistoryMismatch" in await deployed.error


@pytest.mark.parametrize(
    "after",
    [
        lambda run: run.child(kid, 2),
        lambda run: run.child(kid, 1, id="another"),
        lambda run: run.all(run.child(kid, 3), run.child(kid, 1)),
    ],
)
async def test_a_child_never_takes_the_result_of_another_one(store: str, after: Any) -> None:
    deployed = Deployed(store)
    await deployed.run(waiting(lambda run: run.child(kid, 1)), 5)
    with pytest.raises(HistoryMismatch):
        await deployed.check_replay(waiting(after))
    acted.clear()
    assert await deployed.run(waiting(after), "x") == "failed"
    assert acted == []


async def test_a_fork_of_a_run_with_a_child_of_a_given_id_goes_on(store: str) -> None:
    async def body(run: Run) -> str:
        n = await run.child(kid, 1, id=f"{run.id}-kid")
        return f"{n} {await run.ask('And now?', str)}"

    deployed = Deployed(store)
    await deployed.run(body, 5)
    async with Orchestrator(store, workflows=[code(body), kid], clock=deployed.clock) as orchestrator:
        await orchestrator.fork("r", step="ask", id="f")
        await orchestrator.idle()
        item = next(each for each in orchestrator.reviews() if each.run_id == "f")
        await orchestrator.decide(item.id, "yes", by="ann")
        await orchestrator.idle()
        assert orchestrator.run("f").output == "5 yes"


def drawing(*calls: str) -> Body:
    async def body(run: Run) -> list[str]:
        told: list[str] = []
        for call in calls:
            match call:
                case "now":
                    told.append(str(await run.now()))
                case "random":
                    told.append(str(await run.random()))
                case "own":
                    told.append(str(await run.random(name="own")))
                case "ask":
                    told.append(await run.ask("And now?", str))
                case _:
                    told.append(await run.step(act, call))
        return told

    return body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("random a ask", "random random a ask"),
        ("random a ask", "random a random ask"),
        ("a random ask", "random a random ask"),
        ("a random ask", "random a ask"),
        ("now a now ask", "a now ask"),
        ("random a random b ask", "random random a b ask"),
    ],
)
async def test_time_and_chance_never_take_the_record_of_another_call(store: str, before: str, after: str) -> None:
    deployed = Deployed(store)
    await deployed.run(drawing(*before.split()))
    acted.clear()
    with pytest.raises(HistoryMismatch):
        await deployed.check_replay(drawing(*after.split()))
    assert await deployed.run(drawing(*after.split()), "x") == "failed"
    assert "name=" in await deployed.error
    assert acted == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a random ask", "a b random ask"),
        ("random a ask", "random ask"),
        ("random ask", "a random ask"),
        ("random a ask", "random a ask random"),
        ("random a ask", "own random a ask"),
        ("random a ask", "random a now ask"),
    ],
)
async def test_other_calls_may_come_and_go_around_time_and_chance(store: str, before: str, after: str) -> None:
    deployed = Deployed(store)
    await deployed.run(drawing(*before.split()))
    async with Client(store) as client:
        drawn = [step.output for step in client.steps("r") if step.name == "random"]
    assert await deployed.run(drawing(*after.split()), "x") == "completed"
    async with Client(store) as client:
        assert [step.output for step in client.steps("r") if step.name == "random"] == drawn


async def test_a_branch_in_front_never_takes_the_chance_of_another_one(store: str) -> None:
    def branches(*names: str) -> Body:
        async def branch(run: Run, name: str) -> str:
            drawn = await run.random()
            return f"{drawn} {await run.ask(f'{name}?', str, name=name)}"

        async def body(run: Run) -> tuple[str, ...]:
            return await run.all(*[branch(run, name) for name in names])

        return body

    deployed = Deployed(store)
    await deployed.run(branches("x", "y"), "1")
    with pytest.raises(HistoryMismatch, match="branch"):
        await deployed.check_replay(branches("w", "x", "y"))
    assert await deployed.run(branches("w", "x", "y"), "2") == "failed"


async def test_a_mismatch_cannot_be_caught_and_passed_over(store: str) -> None:
    async def careless(run: Run) -> str:
        try:
            await run.ask("Delete the customer?", bool)
        except Exception:  # noqa: BLE001 -- as careless code does
            await run.step(act, "anyway")
        return "done"

    deployed = Deployed(store)
    await deployed.run(pay_then_archive, True)
    assert await deployed.run(careless, False) == "failed"
    assert "HistoryMismatch" in await deployed.error
    assert acted == []


async def test_a_mismatch_in_one_branch_is_not_hidden_by_the_wait_of_another(store: str) -> None:
    def both(title: str) -> Body:
        async def body(run: Run) -> tuple[Any, ...]:
            return await run.all(run.ask(title, bool), run.ask("B?", bool, name="b"), run.ask("C?", bool, name="c"))

        return body

    deployed = Deployed(store)
    await deployed.run(both("A?"))
    async with Client(store, clock=deployed.clock) as client:
        await client.decide(next(item.id for item in client.reviews() if item.step == "b"), True, by="ann")
    assert await deployed.run(both("Another?")) == "failed"


@pytest.mark.parametrize("name", ["", "a b", "act#2", "x/review", "a\nb"])
async def test_a_question_cannot_have_the_name_of_another_call(store: str, name: str) -> None:
    deployed = Deployed(store)
    assert await deployed.run(lambda run: run.ask("Which?", str, name=name)) == "failed"
    assert InvalidWorkflow.__name__ in await deployed.error
    async with Client(store) as client:
        assert client.reviews() == []


@pytest.mark.parametrize(
    "call",
    [lambda run: run.now(name="a#2"), lambda run: run.sleep(1, name=""), lambda run: run.child(kid, 1, name="/")],
)
async def test_no_other_call_can_have_it_either(store: str, call: Any) -> None:
    deployed = Deployed(store)
    assert await deployed.run(waiting(call)) == "failed"
    assert InvalidWorkflow.__name__ in await deployed.error


async def test_an_event_cannot_be_taken_for_a_second_wait(store: str) -> None:
    deployed = Deployed(store)
    assert await deployed.run(waiting(lambda run: run.event("paid#2", int))) == "failed"
    assert Misuse.__name__ in await deployed.error


async def test_late_waits_replay_without_a_store(store: str) -> None:
    late = Escalation(due_hours=1, when_late="raise_priority")
    deployed = Deployed(store)
    body = waiting(lambda run: run.ask("Now?", bool, escalate=late))
    await deployed.run(body)
    await deployed.check_replay(body)


# -- stores of format 2, which recorded none of this


def as_format_2(path: Path) -> None:
    with sqlite3.connect(path) as old:
        old.execute("UPDATE steps SET input = json_array('paid', 1) WHERE kind = 'event' AND status = 'done'")
        old.execute("UPDATE steps SET input = NULL WHERE kind IN ('human', 'timer', 'clock', 'chance')")
        before_people(old)
        old.executescript(
            "DROP INDEX runs_suspect; ALTER TABLE runs DROP COLUMN died_among; ALTER TABLE runs DROP COLUMN died_alone;"
        )
        old.execute("PRAGMA user_version = 2")
    old.close()


async def everything(run: Run) -> str:
    await run.now()
    drawn = await run.random()
    await run.sleep(60)
    paid = await run.event("paid", int)
    first = await run.ask("First?", str, context={"sum": 5})
    return f"{drawn} {paid} {first} {await run.ask('Second?', str)}"


@pytest.mark.dear
async def test_a_run_of_an_older_store_goes_on(store: str, tmp_path: Path) -> None:
    deployed = Deployed(store)
    await deployed.run(everything, days=1)
    await deployed.send("paid", 7)
    await deployed.run(everything, "one")
    as_format_2(tmp_path / "runs.db")
    await deployed.check_replay(everything)
    assert await deployed.run(everything, "two") == "completed"


@pytest.mark.dear
async def test_questions_of_an_older_store_are_compared_too(store: str, tmp_path: Path) -> None:
    deployed = Deployed(store)
    await deployed.run(pay_then_archive, True)
    as_format_2(tmp_path / "runs.db")
    with pytest.raises(HistoryMismatch):
        await deployed.check_replay(delete_first)
    assert await deployed.run(delete_first, False) == "failed"


@pytest.mark.dear
async def test_a_bad_event_that_an_older_version_took_is_given_back_by_one_retry(store: str, tmp_path: Path) -> None:
    deployed = Deployed(store)
    await deployed.run(awaiting(None))
    await deployed.send("paid", 5)
    await deployed.run(awaiting(None))
    with sqlite3.connect(tmp_path / "runs.db") as old:
        old.execute("""UPDATE events SET payload = '"abc"'""")
        old.execute("""UPDATE steps SET output = '"abc"' WHERE kind = 'event'""")
        old.execute("DELETE FROM steps WHERE kind NOT IN ('event')")
        old.execute("DELETE FROM reviews")
        old.execute("UPDATE runs SET status = 'failed', ended = 1, wake = NULL, error = '{}'")
    old.close()
    as_format_2(tmp_path / "runs.db")
    acted.clear()
    async with Client(store, clock=deployed.clock) as client:
        await client.retry("r")
    assert await deployed.run(awaiting(None)) == "waiting"
    assert acted == []
    await deployed.send("paid", 6)
    assert await deployed.run(awaiting(None), "x") == "completed"
    with sqlite3.connect(tmp_path / "runs.db") as kept:
        assert kept.execute("SELECT output FROM archived_steps WHERE kind = 'event'").fetchall() == [('"abc"',)]
    kept.close()
