"""Channels by an address of the library apprise: mail, Teams, webhooks, and a hundred others."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any

from handrail_ground.optional import OptionalLibrary
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.channel import Channel, Delivered, Message, NotNow, SendOutcome
from handrail_orchestrator.notices.environment import filled_in
from handrail_orchestrator.notices.mail import Encryption, Letterhead, MailChannel, MailServer
from handrail_orchestrator.notices.plain import without_mentions
from handrail_orchestrator.notices.threads import in_thread

if TYPE_CHECKING:
    import apprise as library
else:
    library = OptionalLibrary("apprise", extra="notices")

PORTS: dict[Encryption, int] = {"insecure": 25, "starttls": 587, "ssl": 465}
ANSWERED_WITHIN_SECONDS = 40.0
REACHED_WITHIN_SECONDS = 10.0
"""How long apprise may wait, unless the address says so with ``rto=`` and ``cto=``; its own 4 seconds are too few."""
_LOGGER = "apprise"


def apprise(address: str) -> Channel:
    """Return the channel at an address of the library apprise, such as ``mailtos://...``; see its documentation.

    Secrets stand in it as ``${NAME}`` and come from the environment:
    ``apprise("mailtos://desk:${MAIL_PASSWORD}@smtp.example.com?from=desk@example.com&to=team@example.com")``. Mail is
    handed in by us, with a Message-ID that stays the same over every try; the rest by apprise, which says only whether
    it went well.

    Raises:
        Misuse: the address is none, or the environment lacks what it names.
        LibraryMissing: apprise is not installed.
    """
    if "://" not in address:
        raise Misuse("apprise(...) takes one address, such as 'mailtos://user:${MAIL_PASSWORD}@smtp.example.com'")
    scheme = address.partition("://")[0].lower()
    filled = filled_in(address, f"apprise('{scheme}://...')", quoted=True)
    with _hushed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it loads every plug-in it has, with all that those import
        asset = library.AppriseAsset(app_id="Handrail", app_desc="Handrail", app_url="", secure_logging=True)
        found: Any = library.Apprise.instantiate(filled, asset=asset, suppress_exceptions=True)
    if found is None:
        raise Misuse(
            f"apprise('{scheme}://...'): the library apprise cannot read the address, which is not shown as it may hold"
            " secrets: check its scheme, and that signs such as @ or / in a password stand as %40 or %2F"
        )
    if scheme in {"mailto", "mailtos"}:
        return _mail(found)
    _be_patient(found, address)
    return AppriseChannel(found, scheme)


def _be_patient(plugin: Any, address: str) -> None:
    """Wait for an answer as long as for one of a mail server: who is slow has taken it, and would be sent it again."""
    if "rto=" not in address:
        plugin.socket_read_timeout = ANSWERED_WITHIN_SECONDS
    if "cto=" not in address:
        plugin.socket_connect_timeout = REACHED_WITHIN_SECONDS


class AppriseChannel:
    """Whatever else apprise knows."""

    reaches_people = False

    def __init__(self, plugin: Any, scheme: str) -> None:
        self._plugin = plugin
        self.kind = scheme

    @property
    def waits(self) -> tuple[float, float]:
        """Return how many seconds it waits for a connection, and for an answer."""
        return self._plugin.socket_connect_timeout, self._plugin.socket_read_timeout

    def __repr__(self) -> str:
        """Return nothing that is secret."""
        return f"apprise({self.kind}://...)"

    async def send(self, message: Message) -> SendOutcome:
        """Let apprise send it; why it could not, apprise does not say."""

        def notify() -> bool:
            title, body = without_mentions(message.title), without_mentions(message.text())
            with _hushed():
                return bool(self._plugin.notify(title=title, body=body, body_format=library.NotifyFormat.TEXT))

        try:
            is_sent = await in_thread(notify, name="apprise")
        except Exception as error:  # noqa: BLE001 -- any of a hundred plug-ins; its text may repeat the address
            return NotNow(f"apprise failed ({type(error).__name__})")
        return Delivered() if is_sent else NotNow("apprise could not hand it in")


def _mail(plugin: Any) -> MailChannel:
    name, sender = plugin.from_addr
    encryption: Encryption = next((each for each in PORTS if each == plugin.secure_mode), "insecure")
    server = MailServer(
        host=plugin.smtp_host or plugin.host,
        port=plugin.port or PORTS[encryption],
        encryption=encryption,
        user=plugin.user or None,
        password=plugin.password or None,
        verifies=bool(plugin.verify_certificate),
        own_name=str(sender).rpartition("@")[2] or "localhost",
    )
    if not sender:
        raise Misuse("apprise('mailto://...'): nobody is named as its sender: add ?from=desk@example.com")
    head = Letterhead(
        sender=_address(name if name != sender else "", sender),
        to=tuple(_address(each, at) for each, at in plugin.targets),
        cc=tuple(_address(plugin.names.get(at), at) for at in sorted(plugin.cc)),
        bcc=tuple(_address("", at) for at in sorted(plugin.bcc)),
        reply_to=tuple(_address(plugin.names.get(at), at) for at in sorted(plugin.reply_to)),
    )
    return MailChannel(server, head)


def _address(name: object, at: str) -> Address:
    try:
        return Address(display_name=name if isinstance(name, str) else "", addr_spec=at)
    except ValueError:
        problem = "an address of its sender or recipients is none: check from= and to="
        raise Misuse(f"apprise('mailto://...'): {problem}") from None


class _Hush(threading.local):
    """Whether this thread makes apprise do something."""

    is_on = False


_hush = _Hush()


class _Quiet(logging.Filter):
    """Keeps what apprise logs, for us, of addresses and of what is sent to them out of every log."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 -- what matters is recorded with the delivery
        """Drop everything that we made it do."""
        return not _hush.is_on


@contextmanager
def _hushed() -> Iterator[None]:
    logger = logging.getLogger(_LOGGER)
    if not any(isinstance(each, _Quiet) for each in logger.filters):
        logger.addFilter(_Quiet())
    _hush.is_on = True
    try:
        yield
    finally:
        _hush.is_on = False
