"""What went wrong for others who tell people things, as their users reported it: each is tried here.

* prometheus/alertmanager #4108, #3865: after a failed try, each of several processes sends the same notice.
* apache/airflow #10122, #41490: a mail server that does not answer keeps a task from ending (``test_mail.py``).
* apache/airflow #18077: why a mail was not sent is lost.
* caronc/apprise #1341: a channel that stopped working is noticed by nobody.
* alexjustesen/speedtest-tracker #2680: a slow channel is taken for one that failed, and sends twice.
* caronc/apprise-api #231, #282: a server that answers after four seconds has taken it, and is told again for days.
* getsentry/sentry #2533: a title with a line feed lets every mail fail (``test_mail.py``); #4462: a subject is escaped.
* grafana/grafana #62849, #73912: quiet hours over midnight cannot be said, and leave a minute open.
* slackapi/bolt-python #434, #772: the three seconds are over before a form is opened (``test_slack.py``).
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from handrail.testing import FakeClock
from handrail_orchestrator.notices import sending
from handrail_orchestrator.notices.apprise_channel import AppriseChannel, apprise
from handrail_orchestrator.notices.channel import Delivered, Message, NotNow, SendOutcome
from handrail_orchestrator.notices.quiet import QuietHours
from handrail_orchestrator.notices.routes import Route
from tests.mail_server import MailProcess
from tests.unit.orchestrator.notices.office import Listening, office, plan

URGENT = Route(on="urgent", to="desk")


@pytest.mark.dear
async def test_after_failed_tries_one_of_several_processes_sends_it_once(tmp_path: Path) -> None:
    desk, clock = Listening(*[NotNow("no server")] * 7), FakeClock()
    given = plan(desk, URGENT)
    async with office(tmp_path, given, clock) as here, office(tmp_path, given, clock) as there:
        await here.work("Refund?")
        for _ in range(200):
            await asyncio.gather(here.later(15), there.later(15))
        assert here.states() == ["sent"]

    assert len(desk.messages) == 1
    assert desk.tries == 8


@pytest.mark.dear
async def test_why_a_mail_was_not_sent_stands_with_its_delivery_and_its_channel(
    mail: MailProcess, tmp_path: Path
) -> None:
    mail.do("deny")
    address = f"mailto://desk:pw@127.0.0.1:{mail.port}?from=d@example.com&to=t@example.com&mode=insecure"
    async with office(tmp_path, plan(apprise(address), URGENT, group_seconds=0)) as here:
        await here.work("Refund?")
        for _ in range(100):
            await here.later(60)
        (delivery,), (channel,) = here.client.outbox.deliveries(), here.client.outbox.channels()

    assert delivery.error == channel.error == "the mail server answered 535 (SMTPAuthenticationError)"
    assert channel.dead_since is not None


async def test_a_slow_try_is_not_followed_by_another_that_sends_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Listening):
        async def send(self, message: Message) -> SendOutcome:
            self.tries += 1
            if self.tries == 1:
                await asyncio.sleep(600)  # cut off before it sends
            self.messages.append(message)
            return Delivered()

    desk = Slow()
    monkeypatch.setattr(sending, "TRY_SECONDS", 0.05)
    async with office(tmp_path, plan(desk, URGENT, group_seconds=0)) as here:
        await here.work("Refund?")
        await here.later(1)
        await here.later(60)
        assert here.states() == ["sent"]
    assert len(desk.messages) == 1


async def test_a_subject_says_what_the_title_says(mail: MailProcess, tmp_path: Path) -> None:
    address = f"mailto://desk:pw@127.0.0.1:{mail.port}?from=d@example.com&to=t@example.com&mode=insecure"
    async with office(tmp_path, plan(apprise(address), URGENT, group_seconds=0)) as here:
        await here.work("Müller & Söhne <b> “100%”?")
        await here.later(1)
    assert [each["Subject"] for each in mail.mails()] == ["[refunds] Urgent: Müller & Söhne <b> “100%”?"]


def test_no_minute_between_two_days_is_left_open() -> None:
    zone, quiet = ZoneInfo("Europe/Berlin"), QuietHours("22:00", "07:00")
    start = datetime(2026, 3, 28, 22, 0, tzinfo=zone).astimezone(UTC)
    loud = [
        minute for minute in range(8 * 60) if not quiet.is_quiet((start + timedelta(minutes=minute)).timestamp(), zone)
    ]
    assert loud == []  # the night in which an hour is left out has eight
    assert not quiet.is_quiet((start + timedelta(hours=8)).timestamp(), zone)


@pytest.mark.dear
@pytest.mark.parametrize(("more", "waits"), [("", (10.0, 40.0)), ("?rto=7", (10.0, 7.0)), ("?cto=3&rto=7", (3.0, 7.0))])
def test_a_server_has_as_long_to_answer_as_a_mail_server(more: str, waits: tuple[float, float]) -> None:
    channel = apprise(f"json://127.0.0.1:1/hook{more}")
    assert isinstance(channel, AppriseChannel)
    assert channel.waits == waits
    assert sum(waits) < sending.TRY_SECONDS
