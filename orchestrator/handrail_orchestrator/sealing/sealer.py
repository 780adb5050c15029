"""Sealing one value, and opening it: what it is is sealed with it, and looked at when it is read."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeAlias, cast

from handrail_orchestrator.errors import SealBroken, SealingKeyUnfit, StoreSealed
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.store.files import named_in
from handrail_orchestrator.store.sealed_text import (
    About,
    SealedBytes,
    Token,
    TokenKind,
    in_json,
    is_sealed,
    sealed_bytes,
    told,
    with_tokens,
)

Place: TypeAlias = tuple[str | None, ...]
"""What a value may be where it stands; None: anything."""

_DIGEST_BYTES = 16


class Sealer:
    """Seals and opens the values of one store by the keys of one process."""

    def __init__(self, path: str, cipher: Cipher, store: str, digests: bytes) -> None:
        """Make it for a store of this name, whose digests are made with this key."""
        self._path = path
        self._cipher = cipher
        self._store = store.encode() + b"\n"
        self._digests = digests

    def __repr__(self) -> str:
        """Return nothing of its keys."""
        return f"Sealer({self._path!r})"

    def value(self, text: str, about: About) -> str:
        """Return JSON text sealed, as JSON text; which files it names can be seen."""
        # plain data that looks marked has a space before it, and is told by that
        space, said = (" ", text[1:]) if text.startswith(" ") else ("", text)
        token = self._token("v", said, about)
        files = named_in(said)
        if not files:
            return f'{space}"{token}"'
        return f'{space}{{"sealed": "{token}", "files": {json.dumps([{"id": each} for each in files])}}}'

    def words(self, text: str, about: About) -> str:
        """Return words sealed, as words."""
        return str(self._token("t", text, about)) if text else text

    def part(self, data: bytes, about: About) -> bytes:
        """Return a part of a file sealed."""
        what = told(about)
        return bytes(SealedBytes(self._cipher.key, len(data), what, self._cipher.seal(data, self._store + what)))

    def again(self, text: str) -> str:
        """Return a text with everything that another key has sealed in it sealed by the key that seals now."""

        def anew(token: Token) -> str:
            if token.key == self._cipher.key:
                return str(token)
            sealed = self._cipher.seal(self._raw(token), self._store + token.about)
            return str(token._replace(key=self._cipher.key, data=sealed))

        return with_tokens(text, anew)

    def part_again(self, data: bytes) -> bytes:
        """Return a part of a file, as the store has it, sealed by the key that seals now."""
        found = sealed_bytes(data)
        if found is None or found.key == self._cipher.key:
            return data
        return self.part(self.open_part(data, ()), tuple(json.loads(found.about)))

    def json(self, text: str, places: Sequence[Place]) -> str:
        """Return JSON text with all that is sealed in it opened; ``places``: what that may be, empty: anything."""
        return in_json(text, lambda token: self._open(token, places)) if is_sealed(text) else text

    def text(self, text: str, places: Sequence[Place]) -> str:
        """Return words with all that is sealed in them opened."""
        return with_tokens(text, lambda token: self._open(token, places)) if is_sealed(text) else text

    def open_part(self, data: bytes, places: Sequence[Place]) -> bytes:
        """Return a part of a file opened."""
        found = sealed_bytes(data)
        if found is None:
            return data
        self._must_be(found.about, places)
        return self._opened(found.key, found.data, found.about)

    def _token(self, kind: TokenKind, text: str, about: About) -> Token:
        raw, what = text.encode("utf-8", "surrogatepass"), told(about)
        sealed = self._cipher.seal(raw, self._store + what)
        return Token(kind, self._cipher.key, self._digest(raw, what), sealed, what)

    def _digest(self, raw: bytes, what: bytes) -> str:
        found = hmac.digest(self._digests, what + b"\0" + raw, "sha256")
        return urlsafe_b64encode(found[:_DIGEST_BYTES]).decode().rstrip("=")

    def _open(self, token: Token, places: Sequence[Place]) -> str:
        self._must_be(token.about, places)
        return self._raw(token).decode("utf-8", "surrogatepass")

    def _raw(self, token: Token) -> bytes:
        raw = self._opened(token.key, token.data, token.about)
        if not hmac.compare_digest(self._digest(raw, token.about), token.digest):
            raise SealBroken(self._path, f"the digest of a sealed value was changed ({_named(token.about)})")
        return raw

    def _opened(self, key: str, data: bytes, what: bytes) -> bytes:
        if key not in self._cipher.keys:
            raise SealingKeyUnfit(self._path, key, MISSING)
        try:
            return self._cipher.open(data, self._store + what, key=key)
        except ValueError as error:
            raise SealBroken(
                self._path, f"a value that is sealed by key {key!r} does not open: it was changed ({_named(what)})"
            ) from error

    def _must_be(self, what: bytes, places: Sequence[Place]) -> None:
        if not places or any(None not in place and what == told(cast("About", place)) for place in places):
            return  # known without reading what it says
        if not any(_is_at(json.loads(what), place) for place in places):
            raise SealBroken(self._path, f"a sealed value stands where it does not belong: it is {_named(what)}")


MISSING = (
    "is needed to open what it has sealed, and is not among the keys of this process: give it behind the others in"
    " HANDRAIL_KEYS or HANDRAIL_KEYS_FILE"
)


class NoSealer:
    """Opens nothing: for a process without keys, to which what is sealed never looks like a value."""

    def __init__(self, path: str) -> None:
        self._path = path

    def json(self, text: str, _places: Sequence[Place]) -> str:
        """Return text as it is, unless something in it is sealed.

        Raises:
            StoreSealed: it is.
        """
        if is_sealed(text):
            with_tokens(text, self._refuse)
        return text

    text = json

    def open_part(self, data: bytes, _places: Sequence[Place]) -> bytes:
        """Return bytes as they are, unless they are sealed.

        Raises:
            StoreSealed: they are.
        """
        found = sealed_bytes(data)
        if found is not None:
            raise StoreSealed(self._path, [found.key])
        return data

    def _refuse(self, token: Token) -> str:
        raise StoreSealed(self._path, [token.key])


def _is_at(about: list[str], place: Place) -> bool:
    return len(about) == len(place) and all(
        wanted is None or wanted == found for wanted, found in zip(place, about, strict=True)
    )


def _named(what: bytes) -> str:
    return " ".join(json.loads(what))
