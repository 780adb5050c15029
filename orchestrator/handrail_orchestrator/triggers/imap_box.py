"""A folder of an IMAP server, through imap-tools: which mails are new, their bytes, and moving them on."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from handrail_ground.optional import needs
from handrail_ground.text import harmless
from handrail_orchestrator.errors import Misuse

if TYPE_CHECKING:
    from imap_tools.mailbox import BaseMailBox

WAIT_SECONDS = 30.0
"""How long a server may be silent."""
LISTED_AT_ONCE = 200
PORTS = {"imaps": 993, "imap": 143}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_ITEM = re.compile(rb"UID (?P<uid>\d+).*?RFC822\.SIZE (?P<size>\d+)|RFC822\.SIZE (?P<size2>\d+).*?UID (?P<uid2>\d+)")


class BoxTrouble(Exception):
    """The server cannot be reached, or says no; the message holds no password."""


@dataclass(frozen=True, slots=True)
class BoxAddress:
    """Where a folder of mails is."""

    scheme: str
    host: str
    port: int
    user: str
    folder: str
    starttls: bool

    def __str__(self) -> str:
        """Return it without any secret."""
        return f"{self.scheme}://{self.user}@{self.host}/{self.folder}"

    @staticmethod
    def of(address: str, *, starttls: bool) -> "BoxAddress":
        """Read an address such as ``imaps://user@host/INBOX``.

        Raises:
            Misuse: it cannot be one.
        """
        example = "write it as imaps://USER@HOST/INBOX"
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise Misuse(f"mailbox(...): the address cannot be read ({error}): {example}") from None
        if parts.password is not None:
            raise Misuse(
                "mailbox(...): the address holds a password, which all who see the code can read: leave it out, and say"
                ' password=from_environment("MAIL_PASSWORD")'
            )
        told = harmless(address)
        if parts.scheme not in PORTS:
            raise Misuse(f"mailbox({told!r}): the address begins with imaps:// or imap://; {example}")
        if not parts.hostname or not parts.username or parts.query or parts.fragment:
            raise Misuse(f"mailbox({told!r}): a user and a host are needed, and nothing after the folder; {example}")
        if port == 0:
            raise Misuse(f"mailbox({told!r}): there is no port 0; {example}")
        if parts.scheme == "imaps" and starttls:
            raise Misuse(f"mailbox({told!r}): imaps is encrypted from its beginning: leave starttls out")
        if parts.scheme == "imap" and not starttls and parts.hostname not in LOOPBACK:
            raise Misuse(
                f"mailbox({told!r}): imap sends the password for all to read on its way: write imaps, or starttls=True"
            )
        folder = unquote(parts.path.removeprefix("/")) or "INBOX"
        if any(ord(each) < ord(" ") for each in folder + unquote(parts.username)):
            raise Misuse(f"mailbox({told!r}): the user or the folder holds a character that none can have; {example}")
        return BoxAddress(
            parts.scheme, parts.hostname, port or PORTS[parts.scheme], unquote(parts.username), folder, starttls
        )


class ListedMail(NamedTuple):
    """A mail in a folder."""

    uid: int
    size: int
    came: float
    """When the server got it, in seconds since the epoch."""


class ImapBox:
    """An open folder; every method waits for the server."""

    def __init__(self, box: "BaseMailBox", address: BoxAddress, password: str) -> None:
        self._box = box
        self._address = address
        self._password = password

    @staticmethod
    def open(address: BoxAddress, password: str, context: ssl.SSLContext | None) -> "ImapBox":
        """Sign in.

        Raises:
            BoxTrouble: it is not possible now.
        """
        with needs("mailbox"):
            from imap_tools.mailbox import MailBox, MailBoxStartTls, MailBoxUnencrypted  # noqa: PLC0415 -- optional
        with _telling(password):
            box: BaseMailBox
            if address.scheme == "imaps":
                secure = context or ssl.create_default_context()
                box = MailBox(address.host, address.port, timeout=WAIT_SECONDS, ssl_context=secure)
            elif address.starttls:
                secure = context or ssl.create_default_context()
                box = MailBoxStartTls(address.host, address.port, timeout=WAIT_SECONDS, ssl_context=secure)
            else:
                box = MailBoxUnencrypted(address.host, address.port, timeout=WAIT_SECONDS)
            opened = ImapBox(box, address, password)
            try:
                login = box.login if (address.user + password).isascii() else box.login_utf8
                login(address.user, password, initial_folder=address.folder)
            except BaseException:
                opened.close()
                raise
            return opened

    def validity(self) -> int:
        """Return the number of the folder's numbering: with another one, every mail has another number."""
        with _telling(self._password):
            return int(self._box.folder.status(self._address.folder, ["UIDVALIDITY"])["UIDVALIDITY"])

    def after(self, uid: int) -> list[int]:
        """Return the numbers of the mails after one, in order."""
        with _telling(self._password):
            found = [int(each) for each in self._box.uids(f"UID {uid + 1}:*")]
        return sorted(each for each in found if each > uid)  # of a range beyond the last one, the last one is told

    def listed(self, uids: Sequence[int]) -> Iterator[ListedMail]:
        """Yield how large some mails are and when they came, in order."""
        for begin in range(0, len(uids), LISTED_AT_ONCE):
            some = ",".join(str(uid) for uid in uids[begin : begin + LISTED_AT_ONCE])
            found = [mail for line in self._fetched(some, "(UID RFC822.SIZE INTERNALDATE)") if (mail := _listed(line))]
            yield from sorted(found)

    def fetch(self, uid: int) -> bytes | None:
        """Return a mail's bytes; None: it is gone."""
        for item in self._fetched(str(uid), "(BODY.PEEK[])"):
            if isinstance(item, tuple):
                return bytes(item[1])
        return None

    def _fetched(self, uids: str, what: str) -> list[Any]:
        with _telling(self._password):
            status, found = self._box.client.uid("FETCH", uids, what)
            if status != "OK":
                raise BoxTrouble(f"the server does not give mail {uids}: {status} {found!r}")
            return [each for each in found if each is not None]

    def move(self, uid: int, folder: str) -> None:
        """Move a mail to another folder, which is made if there is none; one that is gone is left alone."""
        try:
            self._move(uid, folder)
        except BoxTrouble:
            if self._is_there(uid):
                raise

    def _move(self, uid: int, folder: str) -> None:
        with needs("mailbox"):
            from imap_tools.utils import encode_folder  # noqa: PLC0415 -- optional

        with _telling(self._password):
            if not self._box.folder.exists(folder):
                self._box.folder.create(folder)
            client = self._box.client
            # what a server can do it says after the sign-in; by MOVE no two processes leave two copies
            _, told = client.capability()
            if b"MOVE" not in b" ".join(each for each in told if isinstance(each, bytes)).upper().split():
                self._box.move(str(uid), folder)
                return
            status, found = client.uid("MOVE", str(uid), encode_folder(folder))  # type: ignore[arg-type]  # bytes are fine
        if status != "OK":
            raise BoxTrouble(f"the server does not move mail {uid} to {folder}: {status} {found!r}")

    def _is_there(self, uid: int) -> bool:
        with _telling(self._password):
            return bool(self._box.uids(f"UID {uid}"))

    def close(self) -> None:
        """Sign off."""
        with suppress(Exception):
            self._box.logout()
        with suppress(Exception):
            self._box.client.shutdown()


def _listed(line: object) -> ListedMail | None:
    text = line[0] if isinstance(line, tuple) else line
    found = _ITEM.search(text) if isinstance(text, bytes) else None
    if found is None or not isinstance(text, bytes):
        return None
    came = imaplib.Internaldate2tuple(text)
    at = 0.0 if came is None else datetime(*came[:6]).astimezone(UTC).timestamp()
    return ListedMail(int(found["uid"] or found["uid2"]), int(found["size"] or found["size2"]), at)


@contextmanager
def _telling(password: str) -> Iterator[None]:
    """Turn whatever the library raises into trouble that tells no password.

    Raises:
        BoxTrouble: something went wrong.
    """
    with needs("mailbox"):
        from imap_tools.errors import ImapToolsError  # noqa: PLC0415 -- optional

    try:
        yield
    except (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError, KeyError, IndexError, EOFError) as error:
        told = f"{type(error).__name__}: {error}".replace(password, "***")
        raise BoxTrouble(harmless(" ".join(told.split()))[:500]) from None
