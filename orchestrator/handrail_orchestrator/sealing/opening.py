"""A store as this process may see it: with the keys of its environment, or without any."""

from handrail_orchestrator.errors import StoreSealed
from handrail_orchestrator.sealing.keys import cipher_of_environment
from handrail_orchestrator.sealing.state import sealer_of
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.sealing import SealState


def with_keys(store: Store) -> Store:
    """Return a store that seals and opens by the keys of this process; one that cannot be used is closed.

    Raises:
        KeysUnusable: the keys of this process cannot be used.
        StoreError: the store is sealed and the keys are missing or wrong; see its subclasses.
    """
    try:
        cipher = cipher_of_environment()
    except BaseException:
        store.close()
        raise
    return sealing(store, cipher)


def must_open(state: str | None, path: str) -> None:
    """Check that the keys of this process open what a store holds, by what it says of its keys.

    Raises:
        KeysUnusable: the keys of this process cannot be used.
        StoreSealed: it is sealed, and there are no keys.
        SealingKeyUnfit: a key is missing, or is another one than it was.
    """
    found = SealState.read(state)
    if found is None:
        return
    cipher = cipher_of_environment()
    if cipher is None:
        raise StoreSealed(path, sorted(found.keys))
    sealer_of(found, cipher, path)
