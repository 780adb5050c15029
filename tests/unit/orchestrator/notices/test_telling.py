"""Who is told what, when: routes, groups, quiet hours, what is late or at risk; and what is not said."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from handrail.testing import FakeClock
from handrail_orchestrator.notices.channel import MessageRefused, NotNow
from handrail_orchestrator.notices.quiet import QuietHours
from handrail_orchestrator.notices.routes import Route
from tests.unit.orchestrator.notices.office import CONSOLE, Listening, breaking, office, plan


@pytest.mark.dear
async def test_a_thousand_urgent_items_are_one_message(tmp_path: Path) -> None:
    desk = Listening()
    async with office(tmp_path, plan(desk)) as here:
        await here.work(*(f"Refund {n}?" for n in range(1, 1_001)))
        await here.later()
        assert desk.messages == []
        await here.later(31)

    (message,) = desk.messages
    assert message.title == "[refunds] 1,000 urgent items"
    assert len(message.lines) == 20
    assert message.more == 980
    assert message.link == f"{CONSOLE}/queue?queue=refunds"


@pytest.mark.dear
async def test_a_storm_is_a_message_every_few_minutes(tmp_path: Path) -> None:
    desk = Listening()
    async with office(tmp_path, plan(desk)) as here:
        for minute in range(20):
            await here.work(f"Refund {minute}?")
            await here.later()
            await here.later(60)

    assert len(desk.messages) <= 5
    assert sum(len(each.lines) for each in desk.messages) >= 14


async def test_an_item_is_at_risk_after_a_share_of_its_time_unless_it_is_answered(tmp_path: Path) -> None:
    desk = Listening()
    routes = [Route(on="at_risk", to="desk")]
    async with office(tmp_path, plan(desk, *routes, at_risk_share=0.5)) as here:
        await here.work("Answered?", "Waiting?")
        item = next(each for each in here.client.reviews() if each.title == "Answered?")
        await here.client.decide(item.id, value=True, by="ann")
        await here.later(3_600 * 5 - 60)
        assert here.states() == []
        await here.later(120)
        await here.later(60)
        assert here.client.outbox.counts() == {"routed": 1, "withdrawn": 1}

    (message,) = desk.messages
    assert message.title == "[refunds] At risk: Waiting?"
    assert message.lines[0].text == "Waiting? (due 2026-01-05 19:00 UTC)"


async def test_who_is_late_and_who_failed_is_told_by_its_own_route(tmp_path: Path) -> None:
    desk = Listening()
    routes = [Route(on="reminder", queue="refunds", to="desk"), Route(on="failure", to="desk")]
    async with office(tmp_path, plan(desk, *routes)) as here:
        await here.work("Refund?")
        await here.work("the bank of Ann Smith", flow=breaking)
        await here.later(3_600 * 10 + 1)
        await here.later(60)

    assert sorted(each.title for each in desk.messages) == [
        "Failed: breaking: run run-the bank of Ann Smith failed (RuntimeError)",
        "[refunds] Late: Refund?",
    ]


async def test_a_notice_holds_title_and_link_and_no_value_of_the_case(tmp_path: Path) -> None:
    desk = Listening()
    async with office(tmp_path, plan(desk)) as here:
        await here.work("Refund?")
        await here.later()
        await here.later(31)

    (message,) = desk.messages
    assert message.text() == f"Refund? (due 2026-01-05 19:00 UTC)\n{CONSOLE}/items/1"
    assert "DE02" not in repr(message)


async def test_quiet_hours_hold_back_what_is_not_loud(tmp_path: Path) -> None:
    quiet, loud = Listening(), Listening()
    berlin = ZoneInfo("Europe/Berlin")
    clock = FakeClock(datetime(2026, 1, 5, 23, 0, tzinfo=berlin).astimezone(UTC))
    given = plan(quiet, Route(on="urgent", to="desk"), quiet_hours=QuietHours("22:00", "07:00"), tz="Europe/Berlin")
    given = type(given)(
        channels={"desk": quiet, "siren": loud},
        routes=[*given.routes, Route(on="urgent", to="siren", is_loud=True)],
        quiet_hours=given.quiet_hours,
        tz=given.tz,
    )
    async with office(tmp_path, given, clock) as here:
        for hour in range(8):
            await here.work(f"Refund {hour}?")
            await here.later()
            await here.later(3_600)
        assert clock.now() == datetime(2026, 1, 6, 7, 0, tzinfo=berlin).timestamp()

    assert len(loud.messages) == 8
    (message,) = quiet.messages
    assert message.title == "[refunds] 8 urgent items"


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        ("2026-01-05 21:59", False),
        ("2026-01-05 22:00", True),
        ("2026-01-06 03:00", True),
        ("2026-01-06 06:59", True),
        ("2026-01-06 07:00", False),
        ("2026-01-10 12:00", True),  # a Saturday
        ("2026-03-29 01:59", True),  # the night that leaves out an hour
        ("2026-03-28 21:30", True),
        ("2026-03-30 06:59", True),
        ("2026-03-30 07:00", False),
        ("2026-10-26 06:59", True),
        ("2026-10-26 07:00", False),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock(at: str, *, is_quiet: bool) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moment = datetime.fromisoformat(at).replace(tzinfo=berlin).timestamp()
    assert QuietHours("22:00", "07:00", weekends=True).is_quiet(moment, berlin) is is_quiet


def test_both_hours_of_an_autumn_night_are_quiet_by_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours("02:15", "02:45")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    assert quiet.is_quiet(first.timestamp(), berlin)
    assert quiet.is_quiet(first.replace(fold=1).timestamp(), berlin)
    assert not quiet.is_quiet(first.replace(minute=50).timestamp(), berlin)


async def test_the_digest_is_told_once_a_day_whoever_is_first(tmp_path: Path) -> None:
    desk = Listening()
    given = plan(desk, Route(on="digest", to="desk"), digest_at="08:00", tz="Europe/Berlin")
    clock = FakeClock(datetime(2026, 3, 28, 5, 0, tzinfo=UTC))
    async with office(tmp_path, given, clock) as here, office(tmp_path, given, clock) as there:
        await here.work("Refund?", "Another?")
        for _ in range(24 * 3):
            await here.later(1_800)
            await there.later(1_800)

    assert [each.title for each in desk.messages] == [
        "Digest: what waits on Saturday, 28 March 2026",
        "Digest: what waits on Sunday, 29 March 2026",
        "Digest: what waits on Monday, 30 March 2026",
    ]
    assert desk.messages[0].lines[0].detail.splitlines() == [
        "refunds: 2 wait, 0 late, the oldest for 2 h",
        "runs that failed or were set aside, not retried or deleted since: 0",
    ]


async def test_a_channel_that_is_down_is_probed_and_catches_up_at_once(tmp_path: Path) -> None:
    desk = Listening(*[NotNow("no server")] * 6)
    async with office(tmp_path, plan(desk, group_seconds=0)) as here:
        await here.work("Refund?")
        for _ in range(60):
            await here.later(10)
            if here.client.outbox.channels() and here.client.outbox.channels()[0].dead_since is not None:
                break
        tries = desk.tries
        assert tries == 5
        await here.work(*(f"Refund {n}?" for n in range(50)))
        await here.later(10)
        assert desk.tries == tries
        for _ in range(60):
            await here.later(30)
        assert here.states() == ["sent", "sent"]
        assert [each.failures for each in here.client.outbox.channels()] == [0]

    assert sorted(len(each.lines) + each.more for each in desk.messages) == [1, 50]


async def test_what_is_refused_is_set_aside_and_sent_when_somebody_says_so(tmp_path: Path) -> None:
    desk = Listening(MessageRefused("the mail server answered 550 to the recipient"))
    async with office(tmp_path, plan(desk, Route(on="urgent", to="desk"), group_seconds=0)) as here:
        await here.work("Refund?")
        await here.later(1)
        await here.later(86_400)
        (delivery,) = here.client.outbox.deliveries()
        assert (delivery.state, delivery.error) == ("set_aside", "the mail server answered 550 to the recipient")
        first = delivery.message_id
        assert await here.client.outbox.retry() == 1
        await here.later(1)
        (delivery,) = here.client.outbox.deliveries()
        assert (delivery.state, delivery.tries, delivery.message_id) == ("sent", 2, first)


async def test_a_delivery_is_given_up_after_its_time_and_kept(tmp_path: Path) -> None:
    desk = Listening(*[NotNow("no server")] * 1_000)
    async with office(tmp_path, plan(desk, Route(on="urgent", to="desk"), group_seconds=0, give_up_hours=1)) as here:
        await here.work("Refund?")
        for _ in range(30):
            await here.later(300)
        assert here.states() == ["set_aside"]
        await here.later(86_400 * 60)
        assert here.states() == ["set_aside"]


async def test_what_was_told_long_ago_is_deleted(tmp_path: Path) -> None:
    desk = Listening()
    async with office(tmp_path, plan(desk, Route(on="urgent", to="desk"), group_seconds=0, keep_days=2)) as here:
        await here.work("Refund?")
        await here.later(1)
        assert here.states() == ["sent"]
        await here.later(86_400 * 3)
        assert here.states() == []
        assert here.client.outbox.counts() == {}
