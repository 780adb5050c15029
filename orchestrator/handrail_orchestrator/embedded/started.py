"""Runs that this process started and does not know to have ended or to wait: others may be executing them."""

from collections.abc import Iterable

from handrail_orchestrator.store.port import Store

AT_ONCE = 10_000
"""Runs asked for in one query."""
LOOK_FROM = 100_000
"""From so many on, those that others have brought to rest are looked up and forgotten."""


class StartedRuns:
    """Their keys; those that come to rest here are forgotten at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: set[int] = set()
        self._look_at = LOOK_FROM

    def add(self, keys: Iterable[int]) -> None:
        """Remember runs that were started here."""
        self._keys.update(keys)
        if len(self._keys) > self._look_at:
            self.in_flight()
            self._look_at = max(LOOK_FROM, 2 * len(self._keys))

    def at_rest(self, key: int) -> None:
        """Forget a run that has ended here, or waits."""
        self._keys.discard(key)

    def in_flight(self) -> int:
        """Return how many are due or being executed anywhere, and forget the others."""
        keys = sorted(self._keys)
        self._keys = {
            key
            for first in range(0, len(keys), AT_ONCE)
            for key in self._store.in_flight(keys[first : first + AT_ONCE])
        }
        return len(self._keys)
