"""Changes to the people of a store, and to the passes that let them in."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict

from handrail_orchestrator.store.rows import PassRow

PersonAction = Literal[
    "person_add", "person_role", "person_group", "person_disable", "person_enable", "person_zone", "person_settings",
    "password", "subject",
]  # fmt: skip
"""What happened to a person, as the log says it."""


class PersonSets(TypedDict, total=False):
    """The columns of a person that a change sets; those that it does not name stay."""

    roles: Mapping[str, str | None]
    """By queue; None takes the role of a queue away."""
    groups: Sequence[str]
    password: str | None
    email: str | None
    subject: str | None
    zone: str | None
    settings: Mapping[str, Any]
    """A JSON merge patch (RFC 7396): None takes a setting away."""
    disabled: bool


class PutPerson(NamedTuple):
    """Add a person, or change what is named of one. Reply: the new ``PersonRow``.

    Refused when it would leave the store with people and without an admin. Whoever is disabled loses every pass, and a
    new password ends the sessions that were opened with the old one.
    """

    name: str
    sets: PersonSets
    action: PersonAction
    actor: str
    now: float
    is_new: bool = False
    first_sign_in_of: str | None = None
    """Only if an admin has allowed a first sign-in with this e-mail address, and there was none yet."""
    but: str | None = None
    """The hash of the session that stays when the password changes."""


class Rehash(NamedTuple):
    """Keep a better hash of the same password. Reply: whether it still was the one."""

    name: str
    before: str
    after: str


class PutPass(NamedTuple):
    """Let a person in by a new pass; refused when they are unknown or disabled. Reply: None."""

    row: PassRow
    actor: str
    if_password: str | None = None
    """Only while this is what is kept of their password."""


class DropPasses(NamedTuple):
    """End passes of a person. Reply: how many."""

    person: str
    actor: str
    now: float
    hashes: Sequence[str] | None = None
    """Which; None: all of the kind."""
    kind: Literal["session", "token"] | None = None
    """None: of both kinds."""
    but: str | None = None
    """The hash of the one that stays."""
    is_quiet: bool = False
    """Whether the log says nothing: signing out of one's own browser is no news."""


class UsePass(NamedTuple):
    """Note that a pass let somebody in. Volatile: after a power cut it was used a little earlier."""

    hash: str
    now: float


PersonChange = PutPerson | Rehash | PutPass | DropPasses | UsePass
