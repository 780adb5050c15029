"""A person who works with a store: roles by queue, groups, zone; and the passes that let them in."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, get_args

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.store.rows import PassKind, PassRow, PersonRow
from handrail_orchestrator.texts import checked_text

Role: TypeAlias = Literal["viewer", "reviewer", "senior", "admin"]
"""What a person may do in a queue; each role may do all that the ones before it may."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

EVERY_QUEUE: Final = "*"
"""In a person's roles: every queue that they do not name, and what belongs to no queue, such as runs."""

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom the store knows; times are seconds since the epoch (UTC)."""

    name: str
    roles: Mapping[str, Role]
    """The role by queue; ``*`` stands for every queue that is not named."""
    groups: tuple[str, ...] = ()
    """Such as ``finance``: a question may ask for answers of one group."""
    zone: str | None = None
    """Their IANA time zone; None: that of whoever shows them a time."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What they set for themselves, such as keys, as JSON data."""
    is_disabled: bool = False
    """Whether they are kept out; people are never deleted, as records name them."""
    created: float = 0.0
    password: str | None = field(default=None, repr=False)
    """The argon2 hash of their password; None: they cannot sign in with one."""
    email: str | None = None
    """The address by which an identity provider may vouch for them at their first sign-in there."""
    subject: str | None = None
    """Who they are for an identity provider, as ``issuer|sub``; None: they have not signed in there yet."""

    def role_in(self, queue: str | None) -> Role | None:
        """Return the role in a queue, or (None) in what belongs to none; None: they have nothing to do there."""
        if queue is not None and queue in self.roles:
            return self.roles[queue]
        return self.roles.get(EVERY_QUEUE)

    @property
    def highest_role(self) -> Role | None:
        """Return the highest role that they have anywhere."""
        return max(self.roles.values(), key=ROLES.index, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail people list --json`` prints it; how they sign in is left out."""
        return {
            "name": self.name,
            "roles": dict(self.roles),
            "groups": list(self.groups),
            "zone": self.zone,
            "is_disabled": self.is_disabled,
            "has_password": self.password is not None,
            "email": self.email,
            "subject": self.subject,
            "created": self.created,
        }

    @staticmethod
    def of(row: PersonRow) -> "Person":
        """Return a person as the store holds one."""
        return Person(
            name=row.name,
            roles=MappingProxyType(json.loads(row.roles)),
            groups=tuple(json.loads(row.groups)),
            zone=row.zone,
            settings=MappingProxyType(json.loads(row.settings)),
            is_disabled=bool(row.disabled),
            created=row.created,
            password=row.password,
            email=row.email,
            subject=row.subject,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What lets a person in without a password: a session of a browser, or a token of a program."""

    person: str
    kind: PassKind
    label: str
    """What it is for; for a session, what it was opened with."""
    created: float
    expires: float | None = None
    """When it ends; None: when it is revoked."""
    used: float | None = None
    """When it last let somebody in, to within a minute."""
    hash: str = field(repr=False)
    """SHA-256 of the secret, which is stored nowhere."""

    @property
    def id(self) -> str:
        """Return the short name by which it is listed and revoked."""
        return self.hash[:12]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; neither the secret nor its hash is in it."""
        names = ("person", "kind", "label", "created", "expires", "used")
        return {"id": self.id, **{name: getattr(self, name) for name in names}}

    @staticmethod
    def of(row: PassRow) -> "Pass":
        """Return a pass as the store holds one."""
        return Pass(**row._asdict())


def checked_name(name: str) -> str:
    """Return a name that a person can have.

    Raises:
        Misuse: it is empty, too long, or reads like another one.
    """
    checked_text(name, where=f"name={name!r}")
    if not name or len(name) > LONGEST_NAME:
        raise Misuse(f"a person's name has 1 to {LONGEST_NAME} characters: {name[:LONGEST_NAME]!r}")
    if name != " ".join(name.split()) or not name.isprintable() or unicodedata.normalize("NFKC", name) != name:
        raise Misuse(f"name {name!r}: use plain letters, digits and signs, with single spaces between words only")
    return name


def checked_roles(roles: Mapping[str, Role]) -> Mapping[str, Role]:
    """Return roles by queue.

    Raises:
        Misuse: one is no role, or a queue has no name.
    """
    for queue, role in roles.items():
        checked_text(queue, where=f"queue={queue!r}")
        if not queue.strip():
            raise Misuse("a role needs the name of its queue, or * for every queue")
        checked_role(role)
    return roles


def checked_role(role: str) -> Role:
    """Return a role.

    Raises:
        Misuse: there is no such role.
    """
    for known in ROLES:
        if role == known:
            return known
    raise Misuse(f"there is no role {role!r}; there are: {', '.join(ROLES)}")
