"""The port to whatever seals what a store holds, as the store's own changes need it, and the mark of a sealed store."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, Self, TypeVar

from handrail_orchestrator.errors import StoreSealed

R = TypeVar("R")

SETTING = "sealing"
"""The name of the setting that says whether a store is sealed."""
KEY_VARIABLES = ("HANDRAIL_KEYS", "HANDRAIL_KEYS_FILE", "HANDRAIL_CIPHER")
"""The environment variables that give a process keys; ``handrail_orchestrator.sealing.keys`` says what each holds."""


class SealState(NamedTuple):
    """What a sealed store says of itself; it holds no key, only what shows whether one is the right one."""

    store: str
    """What the store is called, so that no value of another one is taken for one of its own."""
    keys: Mapping[str, str]
    """By the name of every key that values may be sealed by: the store's key of digests, sealed by it, in Base64."""
    leaving: Sequence[str] = ()
    """Keys that nobody is to seal by any more: whoever does all the same takes the key off this list."""
    was_plain: bool = False
    """Whether plain values may be left in it: it was sealed when it held some, and not all has been done since."""

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Return what a setting says; None: the store is not sealed."""
        if text is None:
            return None
        data = json.loads(text)
        return cls(data["store"], data["keys"], tuple(data.get("leaving", ())), bool(data.get("was_plain")))

    def text(self) -> str:
        """Return it as the setting has it."""
        told = {
            "store": self.store,
            "keys": dict(self.keys),
            "leaving": sorted(self.leaving),
            "was_plain": self.was_plain,
        }
        return json.dumps(told, sort_keys=True)


class PutSealing(NamedTuple):
    """Mark a store as sealed, or say by which keys, unless somebody else did since. Reply: what it says then."""

    before: str | None
    after: str
    if_empty: bool = False
    """Only if it holds no run yet."""


class KnownIds(Protocol):
    """Whoever knows what runs and review items are called by their numbers."""

    def run(self, key: int) -> str:
        """Return the id of a run."""
        ...

    def step_of(self, number: int) -> tuple[str, str]:
        """Return the id of an item's run, and the step that it is about."""
        ...


class Sealing(Protocol):
    """Seals what is written, and opens what is read."""

    @property
    def has_keys(self) -> bool:
        """Return whether anything is sealed here."""
        ...

    def may_write(self, state: str | None) -> str | None:
        """Look at what the store says of itself; return what it shall say instead, None: it may stay.

        Raises:
            StoreError: this process may not write to it.
        """
        ...

    def sealed(self, change: R, ids: KnownIds) -> R:
        """Return a change, or a part of one, with its values sealed."""
        ...

    def opened(self, row: R, ids: KnownIds) -> R:
        """Return a row with its values opened.

        Raises:
            StoreError: a value cannot be opened, or stands where it does not belong.
        """
        ...

    def opened_text(self, text: str) -> str:
        """Return JSON text with all that is sealed in it opened."""
        ...


class NotSealing:
    """Leaves everything as it is, and refuses to write to a store that is sealed."""

    has_keys = False

    def __init__(self, path: str) -> None:
        self._path = path

    def may_write(self, state: str | None) -> str | None:
        """Refuse a sealed store.

        Raises:
            StoreSealed: it is one.
        """
        found = SealState.read(state)
        if found is not None:
            raise StoreSealed(self._path, sorted(found.keys))
        return None

    def sealed(self, change: R, _ids: KnownIds) -> R:
        """Return the change as it is."""
        return change

    def opened(self, row: R, _ids: KnownIds) -> R:
        """Return the row as it is."""
        return row

    def opened_text(self, text: str) -> str:
        """Return the text as it is."""
        return text
