"""``handrail report weekly --mail``: through the channel of the notices, or into a file."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.mail_server import MailProcess
from tests.unit.orchestrator.commands import done, handrail

PLAN = """
from handrail.orchestrator import Notices, Route, apprise

address = "mailto://127.0.0.1:{port}?from=d@example.com&to=t@example.com&mode=insecure"
plan = Notices(channels={{"desk": apprise(address)}}, routes=[Route(on="{kind}", to="desk")])
"""


def complaint(*arguments: str) -> str:
    """Run a command that must refuse what it was given, and return what it said."""
    result = handrail(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    SqliteStore(str(tmp_path / "runs.db")).close()
    return f"sqlite:///{tmp_path / 'runs.db'}"


def test_it_goes_out_as_text_and_page(mail: MailProcess, store: str, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(PLAN.format(port=mail.port, kind="report"), encoding="utf-8")
    said = done("report", "weekly", "--store", store, "--mail", "--notices", f"{tmp_path / 'told.py'}:plan")
    assert said == "desk: sent\n"
    (message,) = mail.mails()
    assert str(message["Subject"]).startswith("week of ")
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    mail.do("refuse")
    failed = handrail("report", "weekly", "--store", store, "--mail", "--notices", f"{tmp_path / 'told.py'}:plan")
    assert failed.exit_code == 1


@pytest.mark.dear
def test_a_plan_without_a_route_for_reports_is_refused(mail: MailProcess, store: str, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(PLAN.format(port=mail.port, kind="urgent"), encoding="utf-8")
    told = complaint("report", "weekly", "--store", store, "--mail", "--notices", f"{tmp_path / 'told.py'}:plan")
    assert "add Route(on='report'" in told


@pytest.mark.dear
def test_without_notices_it_is_a_file(store: str, tmp_path: Path) -> None:
    said = done("report", "weekly", "--store", store, "--window", "2026-03-23..2026-03-30", "--mail")
    assert "weekly-2026-03-23.eml" in said
    message = message_from_bytes((tmp_path / "weekly-2026-03-23.eml").read_bytes(), policy=policy.default)
    assert message.get_content_type() == "multipart/alternative"
    assert done("report", "weekly", "--store", store, "--html", "week.html") == "written to week.html\n"
    assert (tmp_path / "week.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "--mail" in complaint("report", "weekly", "--store", store, "--notices", "told:plan")
