"""What a store holds, how it is written and read; the stores themselves are loaded with the first address of theirs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handrail_orchestrator.store.address import open_store
    from handrail_orchestrator.store.address_text import Durability
    from handrail_orchestrator.store.port import Claimed, HistoryRows, Store
    from handrail_orchestrator.store.queries import JudgedQuery, ReviewQuery, RunQuery
else:
    _PLACES = {
        "Claimed": "port",
        "Durability": "address_text",
        "HistoryRows": "port",
        "JudgedQuery": "queries",
        "ReviewQuery": "queries",
        "RunQuery": "queries",
        "Store": "port",
        "open_store": "address",
    }

    def __getattr__(name: str) -> Any:
        """Load a name when it is first used: whoever reads one part of a store loads no other."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
        globals()[name] = found
        return found


__all__ = [
    "Claimed",
    "Durability",
    "HistoryRows",
    "JudgedQuery",
    "ReviewQuery",
    "RunQuery",
    "Store",
    "open_store",
]
