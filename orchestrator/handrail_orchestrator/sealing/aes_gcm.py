"""The keyring of our own: AES-256-GCM, with any number of keys by name of which the first seals."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from handrail_ground.optional import needs
from handrail_orchestrator.errors import KeysUnusable
from handrail_orchestrator.store.sealed_text import KEY_NAME

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class AesGcm:
    """Keys by name, 32 bytes each; the first seals, all open. Nothing of a key is ever shown.

    Raises:
        KeysUnusable: there is no key, or one has a wrong name or length.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise KeysUnusable("there is no key: make one with `handrail keys new NAME`")
        for name, secret in keys.items():
            if not KEY_NAME.fullmatch(name):
                raise KeysUnusable("the name of a key has letters, digits, - and _, 40 at most")
            if len(secret) != KEY_BYTES:
                raise KeysUnusable(f"key {name!r} has {len(secret)} bytes, and AES-256 wants {KEY_BYTES}")
        self._ciphers = {name: _cipher(secret) for name, secret in keys.items()}
        self._key = next(iter(keys))

    def __repr__(self) -> str:
        """Return the names alone."""
        return f"AesGcm({', '.join(self._ciphers)})"

    @property
    def key(self) -> str:
        """Return the name of the key that seals."""
        return self._key

    @property
    def keys(self) -> Sequence[str]:
        """Return the names of all keys."""
        return tuple(self._ciphers)

    def seal(self, value: bytes, about: bytes) -> bytes:
        """Return a value sealed by the first key, behind a nonce drawn for it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[self._key].encrypt(nonce, value, about)

    def open(self, sealed: bytes, about: bytes, *, key: str) -> bytes:
        """Return what was sealed by the key of this name.

        Raises:
            ValueError: it was not sealed by this key, is about something else, or was changed.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- heavy: only who seals loads it

        try:
            return self._ciphers[key].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
        except (InvalidTag, KeyError) as error:
            raise ValueError("it does not open") from error


def _cipher(secret: bytes) -> "AESGCM":
    with needs("encryption"):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- as above

    return AESGCM(secret)
