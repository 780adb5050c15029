"""The people of a store: who somebody is, what they may change of themselves and of others, what lets them in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.errors import Misuse, NotAllowed, ReviewError
from handrail_orchestrator.records.person import EVERY_QUEUE, Pass, Person, Role, checked_name, checked_roles
from handrail_orchestrator.review import permission
from handrail_orchestrator.store.people import (
    DropPasses,
    PersonAction,
    PersonChange,
    PersonSets,
    PutPass,
    PutPerson,
    Rehash,
    UsePass,
)
from handrail_orchestrator.store.rows import PassKind, PassRow, PersonRow
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.store import Store

CODE = "code"
"""Who changes people in the log, when a program did that was not told for whom."""

ONE_TIME = "once:"
"""What the hash of a password begins with that somebody else chose: its person has to choose another one first."""

USED_SECONDS = 60.0
"""How often a use of a pass is noted, at most."""


def acting(store: "Store", by: str) -> Person | None:
    """Return who acts under a name; None in a store without people, where everybody may do everything.

    Raises:
        NotAllowed: the store has people, and nobody of this name who may act.
    """
    row = store.person(by)
    if row is None:
        if not store.has_people():
            return None
        raise NotAllowed(f"nobody in this store is called {by!r}: see `handrail people list`; an admin can add you")
    person = Person.of(row)
    if person.is_disabled:
        raise NotAllowed(f"{by} is disabled in this store: an admin can enable them again")
    return person


class People:
    """Reads and changes the people of an open store; every change is an entry of the audit log.

    ``by`` names who makes a change: an admin, or the person themself where it is about their own affairs. None is a
    program, which is trusted as any code with the store in its hands is.
    """

    def __init__(self, store: "Store", ask: Callable[[PersonChange], Awaitable[Any]], now: Callable[[], float]) -> None:
        self._store = store
        self._ask = ask
        self._now = now

    # -- reading

    def exist(self) -> bool:
        """Return whether the store knows anybody: if not, everybody who reaches it may do everything."""
        return self._store.has_people()

    def all(self) -> list[Person]:
        """Return everybody, by name."""
        return [Person.of(row) for row in self._store.people()]

    def get(self, name: str) -> Person | None:
        """Return one person."""
        checked_texts(name=name)
        row = self._store.person(name)
        return None if row is None else Person.of(row)

    def of_subject(self, subject: str) -> Person | None:
        """Return who signs in with an identity provider as this subject."""
        checked_texts(subject=subject)
        row = self._store.person_of(subject=subject)
        return None if row is None else Person.of(row)

    def of_email(self, email: str) -> Person | None:
        """Return who may sign in with an identity provider for the first time with this e-mail address."""
        checked_texts(email=email)
        row = self._store.person_of(email=email.casefold())
        return None if row is None else Person.of(row)

    def pass_of(self, secret_hash: str) -> Pass | None:
        """Return the pass with this hash, whether it has expired or not."""
        row = self._store.pass_of(secret_hash)
        return None if row is None else Pass.of(row)

    def passes(self, name: str) -> list[Pass]:
        """Return a person's sessions and tokens, newest first; those that have expired are left out."""
        now = self._now()
        found = [Pass.of(row) for row in self._store.passes_of(name)]
        return [each for each in found if each.expires is None or each.expires > now]

    # -- people

    async def add(
        self,
        name: str,
        *,
        roles: Mapping[str, Role],
        groups: Sequence[str] = (),
        zone: str | None = None,
        email: str | None = None,
        by: str | None = None,
    ) -> Person:
        """Add a person; the first one must be an admin, and ends the mode in which everybody may do everything.

        Raises:
            Misuse: a name, role, zone or address that cannot be.
            NotAllowed: ``by`` is no admin.
            ReviewError: the name is taken, or nobody would be admin.
        """
        checked_name(name)
        taken = [each.name for each in self.all() if each.name.casefold() == name.casefold() and each.name != name]
        if taken:
            raise ReviewError(f"{name!r} reads like {taken[0]!r}, who is somebody else: choose another name")
        sets = PersonSets(
            roles=dict(checked_roles(roles)), groups=_checked_groups(groups), zone=_checked_zone(zone),
            email=_checked_email(email),
        )  # fmt: skip
        return await self._put(name, sets, "person_add", by, is_new=True)

    async def set_roles(self, name: str, roles: Mapping[str, Role | None], *, by: str | None = None) -> Person:
        """Give roles by queue (``*``: every queue that is not named); None takes that of a queue away.

        Raises:
            Misuse: there is no such role.
            NotAllowed: ``by`` is no admin.
            ReviewError: nobody would be admin any more.
        """
        checked_roles({queue: role for queue, role in roles.items() if role is not None})
        return await self._put(name, PersonSets(roles=dict(roles)), "person_role", by)

    async def set_groups(self, name: str, groups: Sequence[str], *, by: str | None = None) -> Person:
        """Say which groups somebody belongs to, all of them.

        Raises:
            NotAllowed: ``by`` is no admin.
        """
        return await self._put(name, PersonSets(groups=_checked_groups(groups)), "person_group", by)

    async def disable(self, name: str, *, by: str | None = None) -> Person:
        """Keep somebody out from now on: their sessions and tokens end at once, what they did stays theirs.

        Raises:
            NotAllowed: ``by`` is no admin.
            ReviewError: they are the last admin.
        """
        return await self._put(name, PersonSets(disabled=True), "person_disable", by)

    async def enable(self, name: str, *, by: str | None = None) -> Person:
        """Let somebody in again, who has to sign in anew.

        Raises:
            NotAllowed: ``by`` is no admin.
        """
        return await self._put(name, PersonSets(disabled=False), "person_enable", by)

    async def set_zone(self, name: str, zone: str | None, *, by: str | None = None) -> Person:
        """Say in which IANA time zone somebody reads times; their own affair.

        Raises:
            Misuse: there is no such zone.
            NotAllowed: ``by`` is somebody else, and no admin.
        """
        return await self._put(name, PersonSets(zone=_checked_zone(zone)), "person_zone", by, is_own=True)

    async def set_settings(self, name: str, settings: Mapping[str, Any], *, by: str | None = None) -> Person:
        """Change somebody's settings by a JSON merge patch; their own affair, and no entry of the log.

        Raises:
            NotAllowed: ``by`` is somebody else, and no admin.
            ReviewError: it is more than anybody sets.
        """
        return await self._put(name, PersonSets(settings=settings), "person_settings", by, is_own=True)

    # -- how they sign in

    async def set_password(
        self, name: str, hashed: str | None, *, by: str | None = None, but: str | None = None
    ) -> Person:
        """Keep the argon2 hash of a person's password (None: none any more); it ends their sessions, all ``but`` one.

        One that an admin sets for somebody else is good for choosing another one, and for nothing else.

        Raises:
            NotAllowed: ``by`` is somebody else, and no admin.
        """
        kept = f"{ONE_TIME}{hashed}" if hashed is not None and by is not None and by != name else hashed
        return await self._put(name, PersonSets(password=kept), "password", by, is_own=True, but=but)

    async def rehash(self, name: str, before: str, after: str) -> str | None:
        """Keep a better hash of the same password; returns what is kept, None when it was another one by now."""
        better = f"{ONE_TIME}{after}" if before.startswith(ONE_TIME) else after
        return better if await self._ask(Rehash(name, before, better)) else None

    async def set_email(self, name: str, email: str | None, *, by: str | None = None) -> Person:
        """Let somebody sign in with an identity provider that vouches for this e-mail address (None: no more).

        It tells who they are at their first sign-in there only, after which they are known by their subject: so a
        new address also forgets the subject of before.

        Raises:
            Misuse: it is no e-mail address.
            NotAllowed: ``by`` is no admin.
            ReviewError: it is somebody else's.
        """
        return await self._put(name, PersonSets(email=_checked_email(email), subject=None), "subject", by)

    async def link(self, name: str, subject: str, *, email: str) -> Person:
        """Keep who somebody is for an identity provider, at their first sign-in there.

        Raises:
            ReviewError: an admin has not allowed it for this address, or it was linked before.
        """
        change = PutPerson(
            name, PersonSets(subject=subject), "subject", f"person:{name}", self._now(), first_sign_in_of=email
        )
        return await self._reply(change)

    async def admit(self, name: str, subject: str, role: Role) -> Person:
        """Add somebody who signed in with an identity provider for the first time.

        Raises:
            ReviewError: the name or the subject is somebody else's.
        """
        sets = PersonSets(roles={EVERY_QUEUE: role}, subject=subject)
        change = PutPerson(checked_name(name), sets, "person_add", "provider", self._now(), is_new=True)
        return await self._reply(change)

    # -- passes

    async def let_in(
        self,
        name: str,
        secret_hash: str,
        kind: PassKind,
        *,
        label: str,
        seconds: float | None,
        if_password: str | None = None,
        by: str | None = None,
    ) -> Pass:
        """Let a person in by a new pass for some seconds (None: until it is revoked); only its hash is kept.

        With ``if_password`` only while that is what is kept of their password.

        Raises:
            UnknownPerson: there is no such person.
            NotAllowed: ``by`` is somebody else, and no admin.
            ReviewError: they are disabled, or have another password by now.
        """
        self._check(by, name, is_own=True)
        checked_texts(label=label)
        now = self._now()
        row = PassRow(secret_hash, name, kind, label[:100], now, None if seconds is None else now + seconds, now)
        await self._ask(PutPass(row, _actor(by or (name if kind == "session" else None)), if_password))
        return Pass.of(row)

    async def end(
        self,
        name: str,
        *,
        passes: Sequence[Pass] | None = None,
        kind: PassKind | None = None,
        but: str | None = None,
        by: str | None = None,
    ) -> int:
        """End passes of a person: these, or all of a kind, or all; ``but`` the one with this hash. Returns how many.

        Raises:
            NotAllowed: ``by`` is somebody else, and no admin.
        """
        self._check(by, name, is_own=True)
        hashes = None if passes is None else tuple(each.hash for each in passes)
        return int(await self._ask(DropPasses(name, _actor(by), self._now(), hashes, kind, but)))

    async def sign_out(self, one: Pass) -> None:
        """End one session, as its person wishes."""
        await self._ask(DropPasses(one.person, _actor(one.person), self._now(), (one.hash,), is_quiet=True))

    async def used(self, one: Pass) -> None:
        """Note that a pass let somebody in, if that was not noted within the last minute."""
        now = self._now()
        if one.used is None or one.used <= now - USED_SECONDS:
            await self._ask(UsePass(one.hash, now))

    # --

    async def _put(
        self,
        name: str,
        sets: PersonSets,
        action: PersonAction,
        by: str | None,
        *,
        is_new: bool = False,
        is_own: bool = False,
        but: str | None = None,
    ) -> Person:
        checked_texts(name=name)
        self._check(by, name, is_own=is_own)
        return await self._reply(PutPerson(name, sets, action, _actor(by), self._now(), is_new=is_new, but=but))

    async def _reply(self, change: PutPerson) -> Person:
        row: PersonRow = await self._ask(change)
        return Person.of(row)

    def _check(self, by: str | None, name: str, *, is_own: bool) -> None:
        if by is None:
            return
        who = acting(self._store, by)
        if who is not None and not (is_own and by == name):
            permission.check(who, "people")


def _actor(by: str | None) -> str:
    return CODE if by is None else f"person:{by}"


def _checked_email(email: str | None) -> str | None:
    if email is None:
        return None
    checked_texts(email=email)
    if "@" not in email.strip().strip("@") or len(email.split()) != 1:
        raise Misuse(f"{email[:100]!r} is no e-mail address: write it like ann@example.com")
    return email.strip().casefold()


def _checked_zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    from zoneinfo import available_timezones  # noqa: PLC0415 -- few ask for one

    if zone not in available_timezones():
        raise Misuse(f"there is no time zone {zone[:100]!r}: give an IANA name such as Europe/Berlin")
    return zone


def _checked_groups(groups: Sequence[str]) -> tuple[str, ...]:
    for group in groups:
        checked_texts(group=group)
        if not group.strip():
            raise Misuse("a group needs a name")
    return tuple(dict.fromkeys(groups))
