"""Who somebody is for an identity provider, or why what it said cannot be trusted."""

from typing import NamedTuple


class IdentityRefused(Exception):
    """What an identity provider said cannot be trusted or used; the message holds no secret."""


class AnotherSignIn(IdentityRefused):
    """An answer of the provider's to another sign-in, such as one that was begun in another tab; this one goes on."""


class Identity(NamedTuple):
    """Who somebody is for the provider."""

    subject: str
    """``issuer|sub``: what stays the same when name and e-mail change."""
    email: str | None = None
    """Their e-mail address, if the provider has verified it."""
    name: str | None = None
    """What the provider calls them; anybody may be called like that."""
