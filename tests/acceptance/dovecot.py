"""A real IMAP server for tests: dovecot as a process of its own, on loopback, with its own files."""

import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
PASSWORD = "not-a-secret"
STARTS_SECONDS = 30

_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = {helper}
default_internal_user = {helper}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
"""


class Dovecot:
    """An IMAP server in which every user has the same password, and a mailbox as soon as they sign in."""

    def __init__(self) -> None:
        # the paths of its sockets must be short
        self.folder = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))
        with socket.socket() as made:
            made.bind(("127.0.0.1", 0))
            self.port = int(made.getsockname()[1])
        # as root its processes give up their rights, and mail is nobody's; otherwise all of it is ours
        own = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
        mail = self.folder / "mail"
        mail.mkdir()
        mail.chmod(0o777)
        self.folder.chmod(0o755)
        settings = _SETTINGS.format(
            folder=self.folder,
            port=self.port,
            helper=own.pw_name,
            group=_group(own.pw_gid),
            uid=own.pw_uid,
            gid=own.pw_gid,
            password=PASSWORD,
        )
        (self.folder / "dovecot.conf").write_text(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert PROGRAM is not None
        self._process = subprocess.Popen([PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")])
        deadline = time.monotonic() + STARTS_SECONDS
        while True:
            try:
                with imaplib.IMAP4("127.0.0.1", self.port):
                    return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    log = self.folder / "log"
                    raise RuntimeError(f"dovecot does not begin: {log.read_text() if log.exists() else ''}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; its mails stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop it and delete all that it has."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, user: str) -> str:
        """Return where a user's mails are."""
        return f"imap://{user}@127.0.0.1:{self.port}/INBOX"

    def opened(self, user: str, folder: str = "INBOX") -> imaplib.IMAP4:
        """Sign in as a user."""
        box = imaplib.IMAP4("127.0.0.1", self.port)
        box.login(user, PASSWORD)
        box.select(folder)
        return box

    def put(self, user: str, *mails: bytes) -> None:
        """Put mails into a user's inbox."""
        with self.opened(user) as box:
            for each in mails:
                box.append("INBOX", "", "", each)

    def count(self, user: str, folder: str = "INBOX") -> int:
        """Return how many mails lie in a folder."""
        with self.opened(user) as box:
            status, found = box.select(folder)
            return int(found[0] or 0) if status == "OK" and found[0] is not None else 0

    def number_anew(self, user: str) -> None:
        """Let the server lose its numbering of a user's mails, as after a restored backup."""
        self.stop()
        for file in (self.folder / "mail" / user).glob("dovecot*"):
            file.unlink()
        time.sleep(1.1)  # a numbering is called by the second at which it begins
        self.start()


def _group(number: int) -> str:
    import grp  # noqa: PLC0415 -- as pwd, where there is dovecot

    return grp.getgrgid(number).gr_name
