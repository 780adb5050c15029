"""What triggers have started runs for, so that each key starts one once."""

from typing import NamedTuple, Protocol


class FiredRow(NamedTuple):
    """A key that a trigger has started a run for."""

    trigger: str
    key: str
    run_id: str
    at: float
    state: str
    """How far the trigger is with it, in words of its own."""


class Fired(NamedTuple):
    """Where firing led."""

    run_id: str
    new: bool
    """Whether the key was fired for the first time."""
    state: str
    """What the trigger noted of the key before."""


class NoteFired(NamedTuple):
    """Note how far a trigger is with a key. Reply: whether it had noted something else before."""

    trigger: str
    key: str
    state: str


class FiredStore(Protocol):
    """The part of a store that remembers what triggers did.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def fired(self, trigger: str, key: str) -> FiredRow | None:
        """Return what a trigger did with a key; None: nothing yet."""
        ...
