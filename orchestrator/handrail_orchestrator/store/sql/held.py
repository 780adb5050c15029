"""What a store holds at all: whoever finds nothing need not load what reads it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any


class HeldRows(ABC):
    """The part of the store that tells what there is."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def workflow_names(self) -> list[str]:
        """Return the names of the workflows that there are or were runs of, in order."""
        # whoever works can carry batches of each workflow; most of them never have one
        sql = (
            "SELECT DISTINCT name FROM workflows WHERE NOT (name LIKE ? ESCAPE '\\'"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.workflow = workflows.id)) ORDER BY name"
        )
        return [name for (name,) in self._rows(sql, ("%:batch",))]

    def has_promises(self) -> bool:
        """Return whether an AI step has ever promised anything."""
        return bool(self._rows("SELECT EXISTS (SELECT 1 FROM promises)")[0][0])
