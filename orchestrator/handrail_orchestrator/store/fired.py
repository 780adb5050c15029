"""What triggers have started runs for, so that each key starts one once."""

from typing import NamedTuple, Protocol

PAUSED = "\x00paused"
"""The state of what was not fired, as its trigger is paused; no trigger can note this of a key."""
OVERLAP = "\x00overlap"
"""The state of what was not fired, as a run of an earlier key goes on."""


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

    @property
    def is_paused(self) -> bool:
        """Whether nothing was started as the trigger is paused: the key can be fired once it is resumed."""
        return self.state == PAUSED


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
