"""Signed links: who may answer which version of one review item, until when, as a text that nobody else can make.

Nothing is kept of a link until it is used: the signature says that this store made it. It covers the item, its version,
the digest of what is shown, the person and the end of its time. A link holds no answer.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from handrail_orchestrator.errors import Misuse, NotAllowed
from handrail_orchestrator.people import People
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review import permission
from handrail_orchestrator.secret import SigningSecret

PATH = "/link/"
"""Where links lead, below the console's own path."""

LONGEST_TOKEN = 2_000
"""Characters of a token; more than any of ours has."""


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a link says: this person may answer this version of an item, until then."""

    item: int
    version: int
    digest: str
    """Of what was shown when the link was made."""
    audience: str
    """The person who may answer, by name or address."""
    expires: int
    """In seconds since the epoch."""

    @property
    def fingerprint(self) -> str:
        """Return what a store keeps of a link that was used: nothing that it could be made of again."""
        return hashlib.sha256(b"handrail link used" + self.payload).hexdigest()

    def is_over(self, now: float) -> bool:
        """Return whether its time is over."""
        return now >= self.expires

    def token(self, secret: SigningSecret) -> str:
        """Return it as it stands in an address, with its signature."""
        return f"{_coded(self.payload)}.{_coded(bytes.fromhex(self._signature(secret)))}"

    def _signature(self, secret: SigningSecret) -> str:
        return secret.sign("link", self.payload.decode())

    @property
    def payload(self) -> bytes:
        """Return what is signed."""
        return json.dumps(
            [self.item, self.version, self.digest, self.audience, self.expires], separators=(",", ":")
        ).encode()

    @classmethod
    def read(cls, token: str, secret: SigningSecret) -> "SignedLink | None":
        """Return what a token says; None for one that this store has not signed, whatever is wrong with it."""
        coded, _, signature = token.partition(".")
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        try:
            told, signed = _decoded(coded), _decoded(signature).hex()
        except (binascii.Error, ValueError):
            return None
        if not secret.signed(signed, "link", told.decode("utf-8", "surrogateescape")):
            return None
        link = cls._of(json.loads(told))
        # the same bytes can be coded in several ways, and a link has one address
        is_own_form = (coded, signature, told) == (_coded(told), _coded(bytes.fromhex(signed)), link.payload)
        return link if is_own_form else None

    @classmethod
    def _of(cls, told: list[Any]) -> "SignedLink":
        item, version, digest, audience, expires = told
        return cls(item, version, digest, audience, expires)


def link_for(item: ReviewItem, *, audience: str, expires: float, secret: SigningSecret) -> str:
    """Return the token of a link by which one person may answer an item as it is now.

    Raises:
        Misuse: the person has no name, or a name too long for an address.
    """
    if not audience.strip():
        raise Misuse("a link is for somebody: give a name or an address")
    token = SignedLink(item.id, item.version, item.digest, audience, int(expires)).token(secret)
    if len(token) > LONGEST_TOKEN:
        raise Misuse(f"the name {audience[:40]!r}... is too long for a link")
    return token


def refusal_of(people: People, audience: str, item: ReviewItem) -> str:
    """Return why a person may not answer an item, in words; empty when they may, or nobody is configured."""
    person = people.get(audience)
    if person is None:
        return f"nobody in this store is called {audience!r}" if people.exist() else ""
    if person.is_disabled:
        return f"{audience} is disabled in this store"
    try:
        permission.check(person, "decide", item)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
