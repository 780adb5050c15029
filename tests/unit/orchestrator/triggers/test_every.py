"""A cron line starts a run at each of its times, once, whatever happens to processes and clocks."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import InvalidWorkflow, Misuse, Occurrence, RunQuery, UnknownTrigger, WrongState, every
from handrail.testing import FakeClock
from tests.unit.orchestrator.triggers.trigger_flows import bare, has_runs, history, patient, report, run_ids, until, utc

HOURLY = "0 * * * *"
NAME = "every:report"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def working(store: str, clock: FakeClock, *triggers: Any) -> Orchestrator:
    given = triggers or (every(HOURLY, workflow=report),)
    return Orchestrator(store, workflows=[each.workflow for each in given], clock=clock, triggers=given)


def key(text: str) -> str:
    return f"{text}:00Z"


async def test_each_time_starts_one_run_that_is_told_when_it_was_due(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:00"))
    async with working(store, clock) as orchestrator:
        for hour in (10, 11):
            clock.move_to(utc(f"2026-01-05T{hour}:00").timestamp())
            await has_runs(orchestrator, hour - 9)
        await orchestrator.idle()
        assert [run.output for run in orchestrator.runs()] == ["2026-01-05T10:00:00+00:00", "2026-01-05T11:00:00+00:00"]
        assert run_ids(orchestrator) == [f"{NAME}-{key(f'2026-01-05T{hour}:00')}" for hour in (10, 11)]
        (listed,) = orchestrator.triggers()
        assert (listed.kind, listed.workflow, listed.says) == ("every", "report", "0 * * * * UTC, catches up last")
        assert listed.fired == utc("2026-01-05T11:00").timestamp()


async def test_a_workflow_without_input_is_started_too(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:59"))
    async with working(store, clock, every(HOURLY, workflow=bare)) as orchestrator:
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 1)


@pytest.mark.parametrize(
    ("catch_up", "fired"),
    [("all", ["10:00", "11:00", "12:00", "13:00"]), ("last", ["13:00"]), ("none", [])],
)
async def test_times_that_passed_while_nobody_was_there_are_caught_up_as_stated(
    store: str, catch_up: Any, fired: list[str]
) -> None:
    def given() -> Any:
        return every(HOURLY, workflow=report, catch_up=catch_up)

    async with working(store, FakeClock(utc("2026-01-05T09:30")), given()):
        pass
    async with working(store, FakeClock(utc("2026-01-05T13:30")), given()) as orchestrator:
        await until(lambda: len(history(orchestrator, NAME)) > (4 if catch_up == "all" else 1))
        assert run_ids(orchestrator) == [f"{NAME}-{key(f'2026-01-05T{at}')}" for at in fired]
        skipped = [event for event in orchestrator.trigger_history(NAME) if event.action == "skipped"]
        if catch_up != "all":
            assert [event.reason for event in skipped] == [
                (
                    f"{4 - len(fired)} times from {key('2026-01-05T10:00')} to"
                    f" {key('2026-01-05T13:00' if catch_up == 'none' else '2026-01-05T12:00')}:"
                    f" nobody was there in time, catch_up={catch_up!r}"
                )
            ]
        if fired:
            late = next(event for event in orchestrator.trigger_history(NAME) if event.action == "fired")
            assert late.reason == "caught up, 1,800 s late"


async def test_a_time_is_skipped_while_a_run_of_an_earlier_one_goes_on(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock, every(HOURLY, workflow=patient, overlap="skip")) as orchestrator:
        name = "every:patient"
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 1)
        clock.move_to(utc("2026-01-05T11:00").timestamp())
        await until(lambda: ("skipped", key("2026-01-05T11:00")) in history(orchestrator, name))
        (first,) = run_ids(orchestrator)
        newest = orchestrator.trigger_history(name, limit=1)[0]
        assert newest.reason == f"run {first} of an earlier occurrence has not ended"
        await orchestrator.send(first, "go", "on")
        await until(lambda: orchestrator.run(first).has_ended)
        clock.move_to(utc("2026-01-05T12:00").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 2)


async def test_a_trigger_that_is_paused_fires_nothing_and_says_so_when_it_is_resumed(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock, every(HOURLY, workflow=report, catch_up="all")) as orchestrator:
        assert await orchestrator.pause_trigger(NAME, by="ann", why="the desk is closed")
        assert not await orchestrator.pause_trigger(NAME, by="ann")
        with pytest.raises(WrongState, match="is paused and fires nothing: resume it first"):
            await orchestrator.fire_trigger(NAME, by="ann")
        clock.move_to(utc("2026-01-05T11:30").timestamp())
        assert orchestrator.triggers()[0].paused == utc("2026-01-05T09:30").timestamp()
        assert await orchestrator.resume_trigger(NAME, by="ann")
        clock.move_to(utc("2026-01-05T12:00").timestamp())
    async with working(store, clock, every(HOURLY, workflow=report, catch_up="all")) as orchestrator:
        await until(lambda: len(run_ids(orchestrator)) == 1)
        assert run_ids(orchestrator) == [f"{NAME}-{key('2026-01-05T12:00')}"]
        events = {event.action: event for event in orchestrator.trigger_history(NAME)}
        assert (events["paused"].actor, events["paused"].reason) == ("person:ann", "the desk is closed")
        assert events["skipped"].reason == (
            f"2 times from {key('2026-01-05T10:00')} to {key('2026-01-05T11:00')}: it was paused"
        )


async def test_what_passed_before_a_pause_is_caught_up_after_it(store: str) -> None:
    def given() -> Any:
        return every(HOURLY, workflow=report, catch_up="all")

    async with working(store, FakeClock(utc("2026-01-05T09:30")), given()):
        pass
    async with Client(store, clock=FakeClock(utc("2026-01-05T10:30"))) as client:
        await client.pause_trigger(NAME)
    async with Client(store, clock=FakeClock(utc("2026-01-05T11:30"))) as client:
        await client.resume_trigger(NAME)
    async with working(store, FakeClock(utc("2026-01-05T12:30")), given()) as orchestrator:
        await until(lambda: len(run_ids(orchestrator)) == 2)
        assert run_ids(orchestrator) == [f"{NAME}-{key(f'2026-01-05T{hour}:00')}" for hour in (10, 12)]


@pytest.mark.dear
async def test_a_client_fires_it_by_hand_and_the_run_is_theirs(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock) as orchestrator, Client(store) as client:
        wished = await client.fire_trigger(NAME, by="ann")
        await until(lambda: len(run_ids(orchestrator)) == 1)
        await orchestrator.idle()
        (run,) = orchestrator.runs()
        assert (run.id, run.started_by, run.output) == (f"{NAME}-{wished}", "person:ann", "2026-01-05T09:30:00+00:00")
        assert history(client, NAME)[-2:] == [("asked", wished), ("fired", wished)] or history(client, NAME)[-2:] == [
            ("fired", wished),
            ("asked", wished),
        ]
        await until(lambda: client.triggers()[0].waiting == 0)


@pytest.mark.dear
async def test_several_processes_fire_each_time_once(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock) as one, working(store, clock) as two, working(store, clock) as three:
        for hour in range(10, 20):
            clock.move_to(utc(f"2026-01-05T{hour}:00").timestamp())
            await has_runs(one, hour - 9)
        for each in (one, two, three):
            await each.idle()
        assert len([event for event in one.trigger_history(NAME) if event.action == "fired"]) == 10
        assert len(run_ids(one)) == 10


@pytest.mark.dear
async def test_a_clock_that_is_set_back_doubles_nothing_and_loses_nothing(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock) as orchestrator:
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 1)
        clock.move_to(utc("2026-01-05T09:58").timestamp())  # by a little: 10:00 comes once more
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        clock.move_to(utc("2030-01-01T00:00").timestamp())  # wrong by years
        await until(lambda: len(run_ids(orchestrator)) == 2)
        clock.move_to(utc("2026-01-05T10:30").timestamp())
    async with working(store, clock) as orchestrator:
        await until(lambda: any(action == "clock" for action, _ in history(orchestrator, NAME)))
        clock.move_to(utc("2026-01-05T11:00").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 3)
        assert run_ids(orchestrator)[-1] == f"{NAME}-{key('2026-01-05T11:00')}"


async def test_a_line_that_changes_goes_from_then_on(store: str) -> None:
    async with working(store, FakeClock(utc("2026-01-05T09:30")), every("0 9 * * *", workflow=report, catch_up="all")):
        pass
    changed = every("15 * * * *", workflow=report, catch_up="all")
    clock = FakeClock(utc("2026-01-05T17:30"))
    async with working(store, clock, changed) as orchestrator:
        clock.move_to(utc("2026-01-05T18:15").timestamp())
        await until(lambda: len(run_ids(orchestrator)) == 1)
        assert run_ids(orchestrator) == [f"{NAME}-{key('2026-01-05T18:15')}"]
        assert "changed" in {action for action, _ in history(orchestrator, NAME)}


async def test_an_input_that_cannot_be_made_is_in_the_history_and_the_next_time_comes(store: str) -> None:
    def odd(when: Occurrence) -> Occurrence:
        if when.at.hour == 10:
            raise ValueError("not at ten")
        return when

    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock, every(HOURLY, workflow=report, make_input=odd)) as orchestrator:
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: ("refused", key("2026-01-05T10:00")) in history(orchestrator, NAME))
        assert orchestrator.trigger_history(NAME)[0].reason == "make_input failed with ValueError: not at ten"
        clock.move_to(utc("2026-01-05T11:00").timestamp())
        await until(lambda: run_ids(orchestrator) == [f"{NAME}-{key('2026-01-05T11:00')}"])


@pytest.mark.dear
async def test_very_many_missed_times_are_told_of_in_a_few_lines(store: str) -> None:
    begun = utc("2026-01-05T09:30")
    async with working(store, FakeClock(begun), every("* * * * *", workflow=report)):
        pass
    later = FakeClock(begun + timedelta(days=5))
    async with working(store, later, every("* * * * *", workflow=report)) as orchestrator:
        await until(lambda: len(run_ids(orchestrator)) == 1)
        skipped = [event for event in orchestrator.trigger_history(NAME) if event.action == "skipped"]
        assert sum(int((event.reason or "").split()[0].replace(",", "")) for event in skipped) == 5 * 24 * 60 - 1
        assert len(skipped) <= 4


async def test_a_trigger_that_no_code_has_any_more_is_struck_off(store: str) -> None:
    async with working(store, FakeClock()):
        pass
    async with Client(store) as client:
        assert await client.forget_trigger(NAME)
        assert not client.triggers()
        with pytest.raises(UnknownTrigger, match="no trigger 'every:report' in this store"):
            client.trigger_history(NAME)
        with pytest.raises(UnknownTrigger):
            await client.pause_trigger(NAME)


@workflow(version=1)
async def counted(_run: Run, number: int) -> int:
    return number


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"line": "0 9 * *"}, "a cron line has 5 fields"),
        ({"line": "@daily"}, "a cron line has 5 fields"),
        ({"line": "60 9 * * *"}, "bad minute"),
        ({"line": "0 9 * * MOO"}, "bad day-of-week"),
        ({"line": "0 0 30 2 *"}, "bad day-of-month"),
        ({"line": "*/0 * * * *"}, "bad minute"),
        ({"tz": "Europe/Berln"}, "did you mean Europe/Berlin"),
        ({"tz": "+02:00"}, "there is no time zone of this name"),
        ({"tz": ""}, "there is no time zone of this name"),
        ({"tz": "Europe"}, "there is no time zone of this name"),
        ({"tz": "../etc/passwd"}, "there is no time zone of this name"),
        ({"tz": None}, "there is no time zone of this name"),
        ({"catch_up": "some"}, "say 'all', 'last' or 'none'"),
        ({"overlap": "queue"}, "say 'allow' or 'skip'"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_given(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(Misuse, match=problem):
        every(given.pop("line", "0 9 * * *"), workflow=report, **given)


def test_a_workflow_that_cannot_be_given_an_occurrence_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="cannot be given an occurrence, as its input is int: let it be Occurr"):
        every("0 9 * * *", workflow=counted)


def test_two_lines_of_one_workflow_need_names(store: str) -> None:
    two = [every("0 9 * * *", workflow=report), every("0 17 * * *", workflow=report)]
    with pytest.raises(Misuse, match="two triggers are called 'every:report'"):
        Orchestrator(store, workflows=[report], triggers=two)


async def test_the_runs_of_a_trigger_are_found_by_its_name(store: str) -> None:
    clock = FakeClock(utc("2026-01-05T09:30"))
    async with working(store, clock, every(HOURLY, workflow=report, name="morning")) as orchestrator:
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: len(orchestrator.find_runs(RunQuery(text="morning"))) == 1)
