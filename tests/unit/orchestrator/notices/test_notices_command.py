"""``handrail notices``: deliveries and channels, trials and retries, with nothing secret in what they print."""

import asyncio
from pathlib import Path

import pytest

from handrail_orchestrator.notices.channel import MessageRefused
from handrail_orchestrator.notices.routes import Route
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.outbox import Notice, Tell
from tests.mail_server import MailProcess
from tests.unit.orchestrator.commands import done, handrail, refused
from tests.unit.orchestrator.notices.office import Listening, office, plan

SECRET = "s3cret"
PLAN = """
from handrail.orchestrator import Notices, Route, apprise

def plan():
    address = "mailto://desk:${{MAIL_PASSWORD}}@127.0.0.1:{port}?from=d@example.com&to=t@example.com&mode=insecure"
    return Notices(channels={{"desk": apprise(address)}}, routes=[Route(on="urgent", to="desk")])
"""


async def filled(path: Path) -> None:
    desk = Listening(MessageRefused("the mail server answered 550 to the recipient"))
    async with office(path, plan(desk, Route(on="urgent", to="desk"), group_seconds=0)) as here:
        await here.work("Refund?")
        await here.later(1)


def test_what_was_set_aside_is_listed_and_sent_again(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path))
    store = f"sqlite:///{tmp_path / 'runs.db'}"

    listed = done("notices", "list", "--store", store)
    assert "urgent:refunds" in listed
    assert "550" in listed
    assert '"state":"set_aside"' in done("notices", "list", "--json", "--store", store).replace(" ", "")
    assert done("notices", "retry", "--store", store) == "1 deliveries are sent again\n"
    assert '"state":"waiting"' in done("notices", "list", "--json", "--store", store).replace(" ", "")
    assert "nothing is told" in done("notices", "stop", "--store", store)
    assert open_store(store).apply([Tell(Notice("urgent", "one more", "Urgent?", 0.0))]) == [False]
    assert "no state" in refused(handrail("notices", "list", "--state", "lost", "--store", store))


@pytest.mark.dear
def test_a_trial_goes_through_the_channel_and_says_what_came_of_it(
    mail: MailProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "telling.py").write_text(PLAN.format(port=mail.port))
    target = f"{tmp_path / 'telling.py'}:plan"
    assert "MAIL_PASSWORD is not set" in refused(handrail("notices", "test", "--notices", target))
    monkeypatch.setenv("MAIL_PASSWORD", SECRET)
    assert done("notices", "test", "--notices", target) == "desk: sent\n"
    assert [each["Subject"] for each in mail.mails()] == ["Test of channel desk"]
    mail.do("deny")
    said = handrail("notices", "test", "--notices", target).stderr
    assert "answered 535" in said
    assert SECRET not in said
    assert "no channel 'ops'" in refused(handrail("notices", "test", "--notices", target, "--channel", "ops"))
