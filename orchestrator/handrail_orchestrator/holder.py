"""Whoever has a store open: what those who read it, and those who change it, are made of."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handrail_orchestrator.review.permission import StoreAction
    from handrail_orchestrator.store import Store
    from handrail_orchestrator.store.changes import Change


class StoreHolder(ABC):
    """Has a store open; what reads runs, triggers, promises and the rest of it is built on this."""

    @property
    @abstractmethod
    def _open_store(self) -> "Store":
        """Return the store that is worked with."""


class StoreChanger(StoreHolder):
    """Has a store open to change it, as a program or in the name of a person; ``Client`` is one."""

    @abstractmethod
    async def _change(self, change: "Change") -> Any:
        """Write, then tell whoever executes runs."""

    @abstractmethod
    async def _change_quietly(self, change: "Change") -> Any:
        """Write what makes no run due."""

    @abstractmethod
    def now(self) -> float:
        """Return the time, in seconds since the epoch."""

    @abstractmethod
    def must_be_allowed(self, by: str | None, action: "StoreAction", queue: str | None = None) -> None:
        """Check that a person may do something to runs, or in a queue; code that names nobody may."""
