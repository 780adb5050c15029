"""What runs and items are called by their numbers, kept in memory: neither ever gets another name."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

from handrail_orchestrator.sealing.places import stem
from handrail_orchestrator.store.port import Store

K = TypeVar("K")
V = TypeVar("V")

MOST = 20_000
"""Names that are kept of each kind."""
UNKNOWN = "?"
"""What is called so is not there: the store refuses what is said of it."""


class _Kept(Generic[K, V]):
    def __init__(self) -> None:
        self._found: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        return self._found.get(key)

    def put(self, key: K, value: V) -> V:
        with self._lock:
            self._found[key] = value
            if len(self._found) > MOST:
                self._found.popitem(last=False)
        return value


class Ids:
    """Asks the store for a name once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs: _Kept[int, str] = _Kept()
        self._items: _Kept[int, tuple[str, str]] = _Kept()

    def learn(self, key: int, run_id: str) -> None:
        """Keep what a run is called, as it was just said."""
        self._runs.put(key, run_id)

    def run(self, key: int) -> str:
        """Return the id of a run."""
        known = self._runs.get(key)
        if known is not None:
            return known
        found = self._store.run_ids([key]).get(key)
        return UNKNOWN if found is None else self._runs.put(key, found)

    def step_of(self, number: int) -> tuple[str, str]:
        """Return the id of an item's run, and the step that it is about."""
        known = self._items.get(number)
        if known is not None:
            return known
        found = self._store.review(number)
        return (UNKNOWN, UNKNOWN) if found is None else self._items.put(number, (found.run_id, stem(found.step)))
