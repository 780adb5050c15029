"""Secrets that let somebody in: made at random, shown once, stored as a hash only."""

import hashlib
import hmac
import re
import secrets
from typing import Final

TOKEN_PREFIX: Final = "hrt_"  # noqa: S105 -- what every token begins with, so that scanners of repositories find a lost one
_TOKEN = re.compile(r"hrt_[A-Za-z0-9_-]{43}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")


def new_session_secret() -> str:
    """Return the secret of a new session: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a new API token: 256 random bits after a prefix by which it is recognised."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def looks_like_token(text: str) -> bool:
    """Return whether a text has the form of an API token."""
    return _TOKEN.fullmatch(text) is not None


def looks_like_session(text: str) -> bool:
    """Return whether a text has the form of a session's secret."""
    return _SESSION.fullmatch(text) is not None


def hash_of(secret: str) -> str:
    """Return what is stored of a secret; with 256 random bits in it, a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode()).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """Return another secret that only the holder of the first can know, such as a session's CSRF token."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def are_equal(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
