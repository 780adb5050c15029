"""What was reported of other schedulers and receivers of webhooks, put to ours."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from handrail import Orchestrator
from handrail.orchestrator import every, stripe, times, webhook
from handrail.testing import FakeClock
from tests.stores import store_in
from tests.unit.orchestrator.triggers.test_webhook import EVENT, NOW, PATH, SECRET, stripe_headers, take
from tests.unit.orchestrator.triggers.trigger_flows import history, report, run_ids, until, utc


def shown(line: str, tz: str, after: datetime, count: int) -> list[str]:
    return [at.astimezone(ZoneInfo(tz)).isoformat() for at in times(line, tz=tz, after=after, count=count)]


def test_no_midnight_is_left_out_on_the_day_after_clocks_go_forward() -> None:
    """agronholm/apscheduler#606: the day after the change was skipped."""
    found = shown("0 0 * * *", "US/Pacific", utc("2022-03-12T12:00"), 3)
    assert found == ["2022-03-13T00:00:00-08:00", "2022-03-14T00:00:00-07:00", "2022-03-15T00:00:00-07:00"]


def test_the_hour_that_comes_twice_is_left_again() -> None:
    """agronholm/apscheduler#1021 and #980: the next time was the same one for ever."""
    begin = datetime(2017, 10, 29, 3, 45, tzinfo=ZoneInfo("Europe/Helsinki"), fold=1)
    found = times("30 * * * *", tz="Europe/Helsinki", after=begin, count=5)
    assert found[0] == datetime(2017, 10, 29, 2, 30, tzinfo=UTC)
    assert all((later - earlier).total_seconds() == 3_600 for earlier, later in pairwise(found))
    every_other = times("0 */2 * * *", tz="Europe/London", after=utc("2024-10-26T23:30"), count=12)
    assert every_other == sorted(set(every_other))


def test_what_is_due_every_half_hour_is_due_in_both_of_two_hours() -> None:
    """kelektiv/node-cron#881: where the clocks of Melbourne went back, two times were left out."""
    found = times("*/30 * * * *", tz="Australia/Melbourne", after=utc("2024-04-06T13:45"), count=8)
    assert all((later - earlier).total_seconds() == 1_800 for earlier, later in pairwise(found))


def test_times_are_right_when_one_looks_on_the_day_itself_before_clocks_go_forward() -> None:
    """PrefectHQ/prefect#10472: from a moment on that day before the change, times were an hour off."""
    found = shown("10 0 * * *", "America/Montreal", utc("2023-03-12T05:10:02"), 3)
    assert found == ["2023-03-13T00:10:00-04:00", "2023-03-14T00:10:00-04:00", "2023-03-15T00:10:00-04:00"]


@pytest.mark.parametrize(
    ("line", "zone", "after", "due"),
    [
        # pallets-eco/croniter#70: a month began twice, an hour apart
        ("0 0 1 * *", "Europe/Berlin", "2024-03-01T00:00", ["04-01 00:00", "05-01 00:00"]),
        # pallets-eco/croniter#191 and taichino/croniter#48: the week after clocks went back was an hour off, or doubled
        ("10 3 * * 0", "Europe/Prague", "2025-10-19T12:00", ["10-26 03:10", "11-02 03:10"]),
        ("0 8 * * 1", "Europe/Amsterdam", "2017-10-23T08:00", ["10-30 08:00", "11-06 08:00"]),
        # Crontap/crontap#2: hours of the first day ran into the second one
        ("30 * 1 * *", "Europe/Berlin", "2023-03-31T12:00", ["04-01 00:30", "04-01 01:30"]),
        # cronie-crond/cronie#218: the Sunday on which clocks go forward was left out
        ("0 12 * * 0", "Europe/Berlin", "2022-03-24T12:00", ["03-27 12:00", "04-03 12:00"]),
        # Steve-Mcl/node-red-contrib-cron-plus#108: an hour without any run
        ("0 * * * *", "Europe/London", "2025-10-26T00:30", ["10-26 01:00", "10-26 01:00", "10-26 02:00"]),
        # node-cron/node-cron#510: the day after, and the last of the month, were a month away
        ("55 * * * *", "Europe/Belgrade", "2026-03-31T23:55", ["04-01 00:55", "04-01 01:55"]),
        # inngest/inngest#2631: of a day of the month and one of the week either is enough, as cron has it
        ("0 9 2 * 1", "America/Denver", "2026-03-01T00:00", ["03-02 09:00", "03-09 09:00"]),
    ],
)
def test_times_around_changes_of_clocks_are_those_that_the_line_says(
    line: str, zone: str, after: str, due: list[str]
) -> None:
    here = ZoneInfo(zone)
    moment = datetime.fromisoformat(after).replace(tzinfo=here)
    found = times(line, tz=zone, after=moment, count=len(due))
    assert [f"{each.astimezone(here):%m-%d %H:%M}" for each in found] == due


@pytest.mark.dear
async def test_what_is_due_once_a_day_runs_once_on_the_day_on_which_clocks_go_back(either_store: Path) -> None:
    """PrefectHQ/prefect#7381, #7461, temporalio/temporal#8205: runs came twice, or not at all."""
    clock = FakeClock(utc("2022-10-29T12:00"))
    given = every("30 1 * * *", tz="Europe/London", workflow=report, catch_up="all")
    store = store_in(either_store)
    async with Orchestrator(store, workflows=[report], clock=clock, triggers=[given]) as orchestrator:
        for hour in range(1, 37):
            clock.move_to(utc("2022-10-29T12:00").timestamp() + hour * 3_600)
            await asyncio.sleep(0.01)
        await until(lambda: len(run_ids(orchestrator)) == 1)
        assert run_ids(orchestrator) == ["every:report-2022-10-30T00:30:00Z"]


async def test_what_was_paused_does_not_run_at_once_when_it_is_resumed(either_store: Path) -> None:
    """apache/airflow#57488, #19126 and #39867: resumed on Monday, Friday's run came at once."""
    store = store_in(either_store)
    clock = FakeClock(utc("2025-02-21T14:00"))
    given = every("45 20 * * 5", tz="Europe/Moscow", workflow=report)
    async with Orchestrator(store, workflows=[report], clock=clock, triggers=[given]) as orchestrator:
        await orchestrator.pause_trigger("every:report")
        clock.move_to(utc("2025-02-24T09:00").timestamp())
        await orchestrator.resume_trigger("every:report")
    async with Orchestrator(store, workflows=[report], clock=clock, triggers=[given]) as orchestrator:
        await until(lambda: any(action == "skipped" for action, _ in history(orchestrator, "every:report")))
        assert run_ids(orchestrator) == []
        clock.move_to(utc("2025-02-28T17:45").timestamp())
        await until(lambda: run_ids(orchestrator) == ["every:report-2025-02-28T17:45:00Z"])


async def test_a_line_that_is_changed_does_not_run_for_times_that_it_never_had(either_store: Path) -> None:
    """apache/airflow#45274: after another schedule, runs came for times of the past."""
    store = store_in(either_store)
    for line, hour in (("0 6,18 * * *", "2024-12-29T18:30"), ("0 * * * *", "2024-12-30T12:30")):
        given = every(line, workflow=report, catch_up="all")
        clock = FakeClock(utc(hour))
        async with Orchestrator(store, workflows=[report], clock=clock, triggers=[given]) as orchestrator:
            await asyncio.sleep(0.05)
            assert run_ids(orchestrator) == []


async def test_a_trigger_that_is_edited_after_clocks_were_changed_does_not_run_at_once(tmp_path: Path) -> None:
    """OctopusDeploy/Issues#9723: disabled and enabled after the change, it ran for a time that it had run for."""
    clock = FakeClock(utc("2025-10-25T12:00"))
    ran = ["every:report-2025-10-26T08:00:00Z"]
    for overlap, hour in (("allow", "2025-10-26T08:00"), ("skip", "2025-10-26T08:20")):
        given = every("0 9 * * *", tz="Europe/Berlin", workflow=report, catch_up="all", overlap=overlap)  # type: ignore[arg-type]  # one of those there are
        async with Orchestrator(store_in(tmp_path), workflows=[report], clock=clock, triggers=[given]) as orchestrator:
            clock.move_to(utc(hour).timestamp())
            await until(lambda: run_ids(orchestrator) == ran)
            await orchestrator.pause_trigger("every:report")
            await orchestrator.resume_trigger("every:report")
            await asyncio.sleep(0.05)
            assert run_ids(orchestrator) == ran


@pytest.mark.parametrize(
    "signature",
    [None, "", "t=,v1=", "t=NaN,v1=ab", "t=1e400,v1=ab", f"t={'9' * 5_000},v1=ab", "t=١٢٣,v1=ab", "é" * 64, "=,=,,"],
)
async def test_a_header_that_lacks_or_says_nothing_is_refused_and_no_fault_of_ours(
    signature: str | None, tmp_path: Path
) -> None:
    """automagik-dev/omni#936: a delivery without a header that was expected was answered with a 500."""
    hook = webhook(PATH, workflow=take, scheme=stripe(SECRET))
    store = store_in(tmp_path)
    async with Orchestrator(store, workflows=[take], clock=FakeClock(NOW), triggers=[hook]) as orchestrator:
        opened = orchestrator.hook(PATH)
        assert opened is not None
        said = {} if signature is None else {"stripe-signature": signature}
        assert (await opened.deliver({"content-type": "application/json", **said}, EVENT)).status == 401
        assert run_ids(orchestrator) == []


async def test_deliveries_that_come_at_the_same_moment_to_two_processes_start_one_run(either_store: Path) -> None:
    """stellarBank/StellarBank#39 and webrenew/unicon#56: both passed the check before either had written its id."""
    store = store_in(either_store)

    def opened() -> Orchestrator:
        hook = webhook(PATH, workflow=take, scheme=stripe(SECRET))
        return Orchestrator(store, workflows=[take], clock=FakeClock(NOW), triggers=[hook])

    async with opened() as one, opened() as two:
        hooks = [each.hook(PATH) for each in (one, two)]
        headers = {"content-type": "application/json", **stripe_headers(EVENT)}
        answers = await asyncio.gather(*[hook.deliver(headers, EVENT) for _ in range(20) for hook in hooks if hook])
        assert [answer.status for answer in answers] == [202] * 40
        assert sum(bool(answer.body["new"]) for answer in answers) == 1
        assert run_ids(one) == ["evt_1"]


@pytest.mark.parametrize("late", [299, 301])
async def test_a_body_that_was_kept_and_is_sent_again_starts_nothing(either_store: Path, late: int) -> None:
    """get-engram/engram#454: within five minutes a kept delivery was processed again."""
    clock = FakeClock(NOW)
    hook = webhook(PATH, workflow=take, scheme=stripe(SECRET))
    store = store_in(either_store)
    async with Orchestrator(store, workflows=[take], clock=clock, triggers=[hook]) as orchestrator:
        opened = orchestrator.hook(PATH)
        assert opened is not None
        headers = {"content-type": "application/json", **stripe_headers(EVENT)}
        assert (await opened.deliver(headers, EVENT)).body["new"] is True
        clock.move_to(NOW.timestamp() + late)
        again = await opened.deliver(headers, EVENT)
        assert again.status == (202 if late < 300 else 401)
        assert run_ids(orchestrator) == [json.loads(EVENT)["id"]]


async def test_a_delivery_whose_run_was_forked_or_deleted_is_known_and_the_next_one_is_taken(
    either_store: Path,
) -> None:
    """dagster#3594: a second run of one key stopped the sensor; PostHog/posthog#46932: a key lost its run for ever."""
    body = b'{"id": "evt_2"}'
    store = store_in(either_store)
    hook = webhook(PATH, workflow=take, scheme=stripe(SECRET))
    clock = FakeClock(NOW)
    async with Orchestrator(store, workflows=[take], clock=clock, triggers=[hook]) as orchestrator:
        opened = orchestrator.hook(PATH)
        assert opened is not None

        async def sent(event: bytes) -> tuple[int, object]:
            at = int(clock.now())
            headers = {"content-type": "application/json", **stripe_headers(event, at=at)}
            answer = await opened.deliver(headers, event)
            await orchestrator.idle()
            return answer.status, answer.body["new"]

        assert await sent(EVENT) == (202, True)
        await orchestrator.fork("evt_1", id="fork")
        await orchestrator.idle()
        assert await sent(EVENT) == (202, False)
        clock.move_to(NOW.timestamp() + 40 * 86_400)
        assert await orchestrator.prune(older_than=timedelta(days=1)) == 1  # the newest run of a store stays
        assert await sent(EVENT) == (202, False)
        assert await sent(body) == (202, True)
        assert sorted(run_ids(orchestrator)) == ["evt_2", "fork"]
        assert ("fired", "evt_1") in history(orchestrator, f"webhook:{PATH}")


@pytest.mark.parametrize("catch_up", ["all", "last", "none"])
async def test_a_process_that_begins_before_the_time_fires_nothing_wherever_its_machine_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catch_up: Literal["all", "last", "none"]
) -> None:
    """openclaw#60985 and #61028: a restart fired what was due later; claude-code#88638: so did another machine zone."""
    store = f"sqlite:///{tmp_path / 'runs.db'}"

    async def fired(at: str) -> list[str]:
        daily = every("0 9 * * *", tz="Asia/Shanghai", workflow=report, catch_up=catch_up)
        async with Orchestrator(store, workflows=[report], clock=FakeClock(utc(at)), triggers=[daily]) as orchestrator:
            await until(lambda: bool(orchestrator.triggers()))
            await orchestrator.idle()
            return sorted(str(run.output) for run in orchestrator.runs())

    try:
        assert await fired("2026-04-04T00:59:59") == []
        for zone, at in (("America/Sao_Paulo", "2026-04-04T00:59:59"), ("Pacific/Kiritimati", "2026-04-04T00:59:59.5")):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert await fired(at) == []
    finally:
        monkeypatch.undo()
        time.tzset()
