"""The port to whatever encrypts: our own keyring, or the user's key service."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Cipher(Protocol):
    """Seals bytes by a key, and opens what any of its keys has sealed; called for every value, by several threads.

    Whatever asks a key service for each value would be too slow: have it give a data key, and keep that in memory.
    """

    @property
    def key(self) -> str:
        """Return the name of the key that seals: letters, digits, ``-`` and ``_``, 40 at most."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """Return the names of all keys that it opens by."""
        ...

    def seal(self, value: bytes, about: bytes) -> bytes:
        """Return a value sealed by the key ``key``; it opens only together with what it is about."""
        ...

    def open(self, sealed: bytes, about: bytes, *, key: str) -> bytes:
        """Return what was sealed by the key of this name.

        Raises:
            ValueError: it was not sealed by this key, is about something else, or was changed.
        """
        ...
