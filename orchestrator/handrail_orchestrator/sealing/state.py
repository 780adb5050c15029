"""The mark of a sealed store, made and read with the keys of this process: a wrong or missing key is found here."""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

from handrail_orchestrator.errors import SealingKeyUnfit
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.sealing.sealer import MISSING, Sealer
from handrail_orchestrator.store.sealing import SealState

_DIGEST_KEY_BYTES = 32
_WRONG = (
    "is another one than the store's values are sealed by, though it has its name: give the right one in HANDRAIL_KEYS"
    " or HANDRAIL_KEYS_FILE"
)


def new_state(cipher: Cipher) -> SealState:
    """Return the mark of a store that is sealed from now on."""
    store = secrets.token_hex(8)
    return with_key(SealState(store, {}), cipher, secrets.token_bytes(_DIGEST_KEY_BYTES))


def with_key(state: SealState, cipher: Cipher, digests: bytes) -> SealState:
    """Return the mark with the key that seals now among those that values may be sealed by."""
    wrapped = b64encode(cipher.seal(digests, _about(state))).decode()
    stays = tuple(name for name in state.leaving if name != cipher.key)
    return state._replace(keys={**state.keys, cipher.key: wrapped}, leaving=stays)


def leaving(state: SealState, names: Sequence[str]) -> SealState:
    """Return the mark with keys that nobody is to seal by any more."""
    return state._replace(leaving=tuple(sorted(names)))


def without(state: SealState) -> SealState:
    """Return the mark without the keys that leave: all that was to be done is done."""
    kept = {name: wrapped for name, wrapped in state.keys.items() if name not in state.leaving}
    return state._replace(keys=kept, leaving=(), was_plain=False)


def digests_of(state: SealState, cipher: Cipher, path: str) -> bytes:
    """Return the store's key of digests; every key that is still needed is tried.

    Raises:
        SealingKeyUnfit: one is missing, or is another one than it was.
    """
    found: set[bytes] = set()
    for name, wrapped in state.keys.items():
        if name not in cipher.keys:
            raise SealingKeyUnfit(path, name, MISSING)
        try:
            found.add(cipher.open(b64decode(wrapped), _about(state), key=name))
        except ValueError as error:
            raise SealingKeyUnfit(path, name, _WRONG) from error
    if len(found) != 1:
        raise SealingKeyUnfit(path, cipher.key, "seals another key of digests than the store's others")
    return found.pop()


def sealer_of(state: SealState, cipher: Cipher, path: str) -> tuple[Sealer, bytes]:
    """Return what seals and opens the values of a store, and its key of digests.

    Raises:
        SealingKeyUnfit: a key is missing, or is another one than it was.
    """
    digests = digests_of(state, cipher, path)
    return Sealer(path, cipher, state.store, digests), digests


def _about(state: SealState) -> bytes:
    return b"handrail store " + state.store.encode()
