"""A store as this process may see it: with the keys of its environment, or without any."""

from handrail_orchestrator.sealing.keys import cipher_of_environment
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.store.port import Store


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
