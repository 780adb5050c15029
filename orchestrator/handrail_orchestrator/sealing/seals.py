"""What seals and opens in one process for one store: with its keys, or without any."""

from collections.abc import Sequence
from threading import RLock
from typing import TypeVar

from handrail_orchestrator.errors import StoreError, StoreNotSealed, StoreSealed
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.sealing.ids import Ids
from handrail_orchestrator.sealing.sealer import NoSealer, Place, Sealer
from handrail_orchestrator.sealing.state import new_state, sealer_of, with_key
from handrail_orchestrator.sealing.walk import opened, sealed
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.sealing import KnownIds, PutSealing, SealState

R = TypeVar("R")


class Seals:
    """Seals what is written to a store, and opens what is read; safe to use from several threads.

    A store that holds nothing yet is sealed with the first change of a process that has keys.
    """

    def __init__(self, store: Store, cipher: Cipher | None) -> None:
        """Look at the store.

        Raises:
            StoreSealed: it is sealed, and there are no keys.
            SealingKeyUnfit: a key is missing, or is another one than it was.
        """
        self.cipher = cipher
        self.ids = Ids(store)
        self._store = store
        self._none = NoSealer(store.path)
        self._lock = RLock()
        self._text: str | None = None
        self._sealer: Sealer | None = None
        self._is_listed = False
        """Whether the store knows that values may be sealed by the key that seals here."""
        state = store.sealing()
        if state is not None:
            self._take(state)

    @property
    def has_keys(self) -> bool:
        """Return whether this process seals."""
        return self.cipher is not None

    @property
    def sealer(self) -> Sealer:
        """Return what seals; a store that is empty is marked as sealed first.

        Raises:
            StoreNotSealed: it holds plain values.
        """
        found = self._sealer
        if found is not None:
            return found
        if self.cipher is None:
            raise StoreError(self._store.path, "there are no keys to seal by")
        with self._lock:
            state = self._store.sealing()
            if state is None:
                put = PutSealing(None, new_state(self.cipher).text(), if_empty=True)
                (state,) = self._store.apply([put])
                if isinstance(state, Exception):
                    raise state
            return self._take(str(state))

    def seal(self, change: R) -> R:
        """Return a change with its values sealed."""
        if isinstance(change, PutSealing):
            return change  # it says what is sealed by
        return sealed(change, self.sealer, self.ids)

    def may_write(self, state: str | None) -> str | None:
        """Look at what the store says of itself as it is written; return what it shall say instead.

        Raises:
            StoreSealed: it is sealed, and there are no keys.
            StoreNotSealed: it is not, and there are.
            SealingKeyUnfit: a key is missing, or is another one than it was.
        """
        if state == self._text and (self._is_listed or self.cipher is None):
            return None
        if state is None:
            raise StoreNotSealed(self._store.path, NOT_SEALED)
        self._take(state)
        found = SealState.read(state)
        if found is None or self.cipher is None or self._is_listed:
            return None
        _, digests = sealer_of(found, self.cipher, self._store.path)
        return with_key(found, self.cipher, digests).text()

    def sealed(self, change: R, ids: KnownIds) -> R:
        """Return a part of a change that the store itself made, with its values sealed."""
        return change if self.cipher is None else sealed(change, self.sealer, ids)

    def opened(self, row: R, ids: KnownIds | None = None) -> R:
        """Return a row with its values opened."""
        return opened(row, self, ids or self.ids)

    def opened_text(self, text: str) -> str:
        """Return JSON text with all that is sealed in it opened."""
        return self.json(text, ())

    def json(self, text: str, places: Sequence[Place]) -> str:
        """Return JSON text with all that is sealed in it opened."""
        return self._opening().json(text, places)

    def text(self, text: str, places: Sequence[Place]) -> str:
        """Return words with all that is sealed in them opened."""
        return self._opening().text(text, places)

    def open_part(self, data: bytes, places: Sequence[Place]) -> bytes:
        """Return bytes of a file opened."""
        return self._opening().open_part(data, places)

    def _opening(self) -> Sealer | NoSealer:
        if self._sealer is None and self.cipher is not None:
            state = self._store.sealing()  # somebody may have sealed it since
            if state is not None:
                return self._take(state)
        return self._sealer or self._none

    def _take(self, state: str) -> Sealer:
        found = SealState.read(state)
        if found is None:
            raise StoreNotSealed(self._store.path, NOT_SEALED)
        if self.cipher is None:
            raise StoreSealed(self._store.path, sorted(found.keys))
        with self._lock:
            before = self._text
            sealer, _ = sealer_of(found, self.cipher, self._store.path)
            if before is not None and SealState.read(before).store != found.store:  # type: ignore[union-attr]
                raise StoreError(self._store.path, "it is another store than when it was opened")
            self._sealer, self._text = sealer, state
            self._is_listed = self.cipher.key in found.keys and self.cipher.key not in found.leaving
            return sealer


NOT_SEALED = (
    "this process has keys, and the store's values are not sealed: end its workers, seal it with"
    " `handrail keys rotate`, and give all of them the keys; or start this process without keys"
)
