"""A mail server in a process of its own, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.mail_server import MailProcess


@pytest.fixture(scope="module")
def mail_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailProcess]:
    server = MailProcess(tmp_path_factory.mktemp("mail"))
    yield server
    server.end()


@pytest.fixture
def mail(mail_process: MailProcess) -> MailProcess:
    mail_process.forget()
    return mail_process
