"""An SMTP server in a process of its own: it keeps what it takes, and does otherwise while a file says so.

``python -m tests.mail_server FOLDER``: the port is written to ``FOLDER/port``, each mail to ``FOLDER/mails``.
``FOLDER/mode`` says what it does: ``take`` (or nothing), ``refuse`` (550), ``later`` (451), ``deny`` (535 to everybody
who signs in), ``hang`` (no answer to a mail), ``drop`` (keeps the mail, and hangs up before it says so).
"""

import asyncio
import itertools
import subprocess
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

START_SECONDS = 60.0


class Keeping:
    """Keeps mails as files; the folder's mode is looked at for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        (folder / "mails").mkdir(exist_ok=True)

    @property
    def mode(self) -> str:
        try:
            return (self._folder / "mode").read_text().strip()
        except FileNotFoundError:
            return "take"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        if self.mode == "refuse":
            return "550 5.1.1 no such mailbox, says s3cret"
        if self.mode == "later":
            return "451 4.7.1 greylisted, says s3cret"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- as above
        mode = self.mode
        if mode == "hang":
            await asyncio.sleep(600)
        number = next(self._numbers)
        partial = self._folder / f"{number}.partial"
        partial.write_bytes(b"X-To: %s\r\n" % ", ".join(envelope.rcpt_tos).encode() + envelope.content)
        partial.rename(self._folder / "mails" / f"{number:06}.eml")
        if mode == "drop":
            server.transport.abort()
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, _data: Any) -> AuthResult:
        return AuthResult(success=self.mode != "deny", handled=False)


async def serve(folder: Path) -> None:
    keeping = Keeping(folder)
    loop = asyncio.get_running_loop()

    def answering() -> SMTP:
        return SMTP(
            keeping, hostname="127.0.0.1", authenticator=keeping.authenticate, auth_require_tls=False, loop=loop
        )

    server = await loop.create_server(answering, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (folder / "port.partial").write_text(str(port))
    (folder / "port.partial").rename(folder / "port")
    await server.serve_forever()


class MailProcess:
    """Such a process, as a test sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "port").unlink(missing_ok=True)
        self._process = subprocess.Popen([sys.executable, "-m", "tests.mail_server", str(folder)])
        end = time.monotonic() + START_SECONDS
        while not (folder / "port").exists():
            assert self._process.poll() is None, "the mail server ended"
            assert time.monotonic() < end, "the mail server did not start"
            time.sleep(0.02)

    @property
    def port(self) -> int:
        return int((self._folder / "port").read_text())

    def do(self, mode: str) -> None:
        """Make it do something else from the next mail on."""
        (self._folder / "mode.partial").write_text(mode)
        (self._folder / "mode.partial").rename(self._folder / "mode")

    def mails(self) -> list[EmailMessage]:
        """Return what it took, in order."""
        files = sorted((self._folder / "mails").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def forget(self) -> None:
        """Begin anew."""
        self.do("take")
        for file in (self._folder / "mails").glob("*.eml"):
            file.unlink()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
