"""A mailbox as a trigger: each mail starts one run, with what is attached as files."""

import asyncio
import hashlib
import io
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handrail_ground.optional import needs
from handrail_ground.text import harmless
from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import Misuse, OrchestratorError, StoreError
from handrail_orchestrator.file import File
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.store.fired import Fired
from handrail_orchestrator.store.triggers import TriggerEvent, TriggerRow
from handrail_orchestrator.triggers.imap_box import BoxAddress, BoxTrouble, ImapBox, ListedMail
from handrail_orchestrator.triggers.mail_reading import MailContent, ReceivedMail, read_mail
from handrail_orchestrator.triggers.making import InputMaker
from handrail_orchestrator.triggers.named import NamedTrigger
from handrail_orchestrator.triggers.port import ByHand, TriggerHost
from handrail_orchestrator.triggers.secrets_given import GivenSecrets, Secret
from handrail_orchestrator.workflow import AnyWorkflow

POLL_SECONDS = 30.0
MOST_BYTES = 50_000_000
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
"""How long a server is left alone that cannot be reached; each time twice as long."""
MOVED_WITHIN_SECONDS = 30.0
"""How long whoever has started the run of a mail has for moving it, before another does: servers leave two copies."""
TRIES_OF_ONE = 3
"""After so many looks that ended at one mail it is said in the history, and the next one is looked at."""

_log = logging.getLogger("handrail.triggers")


@dataclass(frozen=True, slots=True)
class BoxRules:
    """Which mails of a mailbox are taken, and where they go."""

    address: BoxAddress
    done: str | None
    failed: str | None
    existing: bool
    most_bytes: int
    poll_seconds: float
    context: ssl.SSLContext | None


def mailbox(  # noqa: PLR0913 -- each is a setting of its own, given by name
    address: str,
    *,
    workflow: AnyWorkflow,
    password: Secret,
    done: str | None = None,
    failed: str | None = None,
    existing: bool = True,
    most_bytes: int = MOST_BYTES,
    poll_seconds: float = POLL_SECONDS,
    starttls: bool = False,
    ssl_context: ssl.SSLContext | None = None,
    make_input: Callable[[ReceivedMail], Any] | None = None,
    name: str | None = None,
) -> "Mailbox":
    """Start a run of a workflow for each mail: ``mailbox("imaps://desk@example.com/INBOX", password=..., ...)``.

    A mail is taken once by its Message-ID, however many processes look, and whatever numbers the server gives it. Its
    run is started and its attachments are kept in one transaction. What cannot be taken stands in the trigger's history
    with the reason, and stays in the mailbox.

    Args:
        address: ``imaps://USER@HOST/FOLDER``; a user with an ``@`` is written with ``%40``, or as it is.
        workflow: what is started. Its input is a ``ReceivedMail``, or what ``make_input`` makes of one.
        password: the password, or a function that gets it: ``from_environment("MAIL_PASSWORD")``.
        done: the folder that mails go to that were taken; by default they stay, unread as they were.
        failed: the folder that mails go to that could not be taken; by default they stay.
        existing: whether mails are taken that came before the trigger was first given to an orchestrator.
        most_bytes: larger mails are not taken.
        poll_seconds: how often is looked.
        starttls: for ``imap://``: encrypt before the password is sent. Without it only this machine is talked to so.
        ssl_context: for servers whose certificate is not one that everybody knows.
        make_input: makes the workflow's input of a mail.
        name: what the memory of mails belongs to; by default the address.

    Raises:
        InvalidWorkflow: the workflow cannot be given a mail.
        Misuse: the address or a setting cannot be.
    """
    with needs("mailbox"):
        import imap_tools  # noqa: F401, PLC0415 -- optional; said when it is given, not when it first looks
    where = BoxAddress.of(address, starttls=starttls)
    if not (is_above_zero(poll_seconds) and poll_seconds < 1e9):
        raise Misuse(f"mailbox({str(where)!r}, poll_seconds={poll_seconds!r}): give seconds above 0")
    if not is_count(most_bytes, least=1):
        raise Misuse(f"mailbox({str(where)!r}, most_bytes={most_bytes!r}): give 1 or more")
    for folder in (done, failed):
        if folder is not None and (not folder.strip() or folder == where.folder):
            raise Misuse(f"mailbox({str(where)!r}): done and failed are folders of their own, not {folder!r}")
    maker = InputMaker(workflow, make_input, call="mailbox", noun="a mail")
    empty = File(id="0" * 64, name="mail.eml", size=0)
    maker.check(ReceivedMail("id", "box", "", "", (), (), "", None, "", "", (), empty))
    rules = BoxRules(where, done, failed, existing, most_bytes, poll_seconds, ssl_context)
    secrets = GivenSecrets(password, whose=f"mailbox({str(where)!r})")
    return Mailbox(name or f"mailbox:{where.user}@{where.host}/{where.folder}", workflow, rules, secrets, maker)


class Mailbox(NamedTrigger):
    """A mailbox whose mails start runs; see ``mailbox``."""

    kind = "mailbox"

    def __init__(
        self, name: str, workflow: AnyWorkflow, rules: BoxRules, secrets: GivenSecrets, maker: InputMaker[ReceivedMail]
    ) -> None:
        super().__init__(name, workflow)
        self._rules = rules
        self._secrets = secrets
        self._maker = maker
        self._closing = False
        self._woken = asyncio.Event()
        self._stuck: tuple[int, int] = (0, 0)
        """The number of the mail at which looks end, and how many did."""

    @property
    def says(self) -> str:
        """Return the address, which holds no password."""
        return str(self._rules.address)

    def check(self) -> None:
        """Check that the password is there.

        Raises:
            Misuse: it is not.
        """
        self._secrets.texts()

    async def watch(self, host: TriggerHost) -> None:
        """Look, and take what is new, until it is closed or cancelled."""
        self._closing = False
        rest = 0.0
        while not self._closing:
            self._woken.clear()
            if host.standing(self).paused is None:
                try:
                    await self._look(host)
                except BoxTrouble as trouble:
                    rest = min(2 * rest, LONGEST_REST_SECONDS) if rest else FIRST_REST_SECONDS
                    _log.warning("%s cannot be looked into, and is in %g s again: %s", self.name, rest, trouble)
                    await host.trouble(self, str(trouble))
                else:
                    rest = 0.0
                    await host.trouble(self, None)
            try:
                async with asyncio.timeout(rest or self._rules.poll_seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Look now."""
        del host
        if wish.payload is not None:
            raise Misuse(f"{self.name} is fired by hand without a payload: it looks for mails")
        self._woken.set()

    async def close(self) -> None:
        """Take no further mail; the one in hand is taken wholly."""
        self._closing = True
        self._woken.set()

    async def _look(self, host: TriggerHost) -> None:
        """Take what is new.

        Raises:
            BoxTrouble: the server cannot be asked.
        """
        password = self._secrets.texts()[0]
        box = await asyncio.to_thread(ImapBox.open, self._rules.address, password, self._rules.context)
        try:
            validity = await asyncio.to_thread(box.validity)
            uid = await self._begin(host, host.standing(self), validity)
            uids = await asyncio.to_thread(box.after, uid)
            for mail in await asyncio.to_thread(lambda: list(box.listed(uids))):
                if self._closing or not await self._next(host, box, mail, validity):
                    return
        finally:
            await asyncio.to_thread(box.close)

    async def _begin(self, host: TriggerHost, standing: TriggerRow, validity: int) -> int:
        """Return the number of the last mail that was looked at."""
        known, uid = _position(standing.looked)
        if known == validity or not known:
            return uid
        reason = "the server numbers its mails anew: all are looked at again, and none is taken twice"
        await host.tell(self, TriggerEvent(host.now(), "changed", f"numbering {validity}", None, None, reason))
        return 0

    async def _next(self, host: TriggerHost, box: ImapBox, mail: ListedMail, validity: int) -> bool:
        """Look at a mail and note that; returns whether to go on with the next one."""
        standing = host.standing(self)
        known, uid = _position(standing.looked)
        if standing.paused is not None:
            return False
        if known == validity and uid >= mail.uid:
            return True  # another process has looked at it meanwhile
        is_ours = self._rules.existing or mail.came >= int(standing.declared)
        if is_ours and not await self._take(host, box, mail, f"mail {mail.uid} of {validity}"):
            return False
        now = host.standing(self)
        known, uid = _position(now.looked)
        if known != validity or uid < mail.uid:
            await host.advance(self, now, f"{validity}:{mail.uid}")
        return True

    async def _take(self, host: TriggerHost, box: ImapBox, mail: ListedMail, numbered: str) -> bool:
        """Take a mail, or say why not; returns whether it is done with."""
        goes_to, key = self._rules.done, numbered
        try:
            raw = await self._fetched(box, mail)
            if raw is None:
                return True
            content = await asyncio.to_thread(_read, raw)
            key = content.message_id or numbered
            fired = await self._fire(host, content, raw, numbered)
            if fired.is_paused or (goes_to is not None and self._is_in_hand(host, fired, numbered)):
                return False
        except StoreError:
            raise
        except OrchestratorError as error:
            goes_to = self._rules.failed
            await self._refuse(host, key, str(error))
        if goes_to is not None:
            await asyncio.to_thread(box.move, mail.uid, goes_to)
        return True

    async def _fetched(self, box: ImapBox, mail: ListedMail) -> bytes | None:
        """Return a mail's bytes; None: it is gone.

        Raises:
            BoxTrouble: the server cannot be asked.
            _Untaken: it is too large, or the server does not give it, however often it is asked.
        """
        if mail.size > self._rules.most_bytes:
            problem = f"it has {mail.size:,} bytes, and at most {self._rules.most_bytes:,} are taken"
            raise _Untaken(problem)
        try:
            return await asyncio.to_thread(box.fetch, mail.uid)
        except BoxTrouble as trouble:
            if self._is_stuck(mail.uid):
                raise _Untaken(f"the server does not give it: {trouble}") from None
            raise

    @staticmethod
    def _is_in_hand(host: TriggerHost, fired: Fired, numbered: str) -> bool:
        """Return whether another process has just started the run of this very mail, and is about to move it."""
        _, _, rest = fired.state.partition(" ")
        at, _, mail = rest.partition(" ")
        return not fired.new and mail == numbered and host.now() < float(at) + MOVED_WITHIN_SECONDS

    def _is_stuck(self, uid: int) -> bool:
        """Return whether looks have ended at a mail too often."""
        times = self._stuck[1] + 1 if self._stuck[0] == uid else 1
        self._stuck = (uid, times)
        return times >= TRIES_OF_ONE

    async def _fire(self, host: TriggerHost, content: MailContent, raw: bytes, numbered: str) -> Fired:
        """Start the run of a mail; one with the id of another, and another content, has a run of its own."""
        key = content.message_id or f"sha256:{content.digest}"
        fired = await self._fire_as(host, key, content, raw, numbered)
        if fired.new or fired.is_paused or fired.state.partition(" ")[0] == content.digest:
            return fired
        own = f"{key}#{content.digest[:16]}"
        again = await self._fire_as(host, own, content, raw, numbered)
        if again.new:
            reason = f"it has the Message-ID of the mail of run {fired.run_id}, and says something else"
            await host.tell(self, TriggerEvent(host.now(), "repeated", own, again.run_id, None, reason))
        return again

    async def _fire_as(self, host: TriggerHost, key: str, content: MailContent, raw: bytes, numbered: str) -> Fired:
        names = [("mail.eml", raw), *content.attached]
        staged = [await host.stage(io.BytesIO(data)) for _, data in names]
        source, *attached = [
            File(id=kept.id, name=name, size=kept.size) for (name, _), kept in zip(names, staged, strict=True)
        ]
        value = self._maker(_mail(key, self.name, content, tuple(attached), source))
        unlike = {kept.id: kept for kept in staged}
        run_id = f"{self.workflow.name}-{hashlib.sha256(f'{self.name} {key}'.encode()).hexdigest()[:16]}"
        state = f"{content.digest} {host.now()} {numbered}"
        fired = await host.fire(self, key, value, run_id=run_id, files=tuple(unlike.values()), state=state)
        if fired.new:
            _log.info("%s starts run %s", self.name, fired.run_id)
        return fired

    async def _refuse(self, host: TriggerHost, key: str, problem: str) -> None:
        """Say in the history why a mail is not taken."""
        goes = "it stays" if self._rules.failed is None else f"it goes to {self._rules.failed}"
        _log.warning("%s: %s is not taken: %s", self.name, harmless(key), harmless(problem))
        await host.tell(self, TriggerEvent(host.now(), "refused", key, None, None, f"{problem}; {goes}"))


class _Untaken(OrchestratorError):
    """A mail that cannot be taken."""


def _read(raw: bytes) -> MailContent:
    try:
        return read_mail(raw)
    except Exception as error:
        raise _Untaken(f"it cannot be read: {type(error).__name__}: {error}") from error


def _position(looked: str | None) -> tuple[int, int]:
    """Return the numbering, and the last number that was looked at in it; 0: none."""
    validity, _, uid = (looked or "0:0").partition(":")
    return int(validity), int(uid)


def _mail(key: str, box: str, content: MailContent, attached: tuple[File, ...], source: File) -> ReceivedMail:
    return ReceivedMail(
        id=key,
        mailbox=box,
        sender=content.sender,
        sender_name=content.sender_name,
        to=content.to,
        cc=content.cc,
        subject=content.subject,
        sent=content.sent,
        text=content.text,
        html=content.html,
        attachments=attached,
        source=source,
        problems=content.problems,
    )
