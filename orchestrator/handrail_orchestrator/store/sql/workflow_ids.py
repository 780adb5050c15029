"""Short numbers for workflow versions, so that the index of due runs stays small."""

from handrail_orchestrator.store.sql.database import Database


class WorkflowIds:
    """Looks numbers up once and remembers them; made inside the write transaction."""

    def __init__(self, connection: Database) -> None:
        self._execute = connection.execute
        self._ids: dict[tuple[str, int], int] = {}

    def get(self, name: str, version: int) -> int:
        """Return the number of a workflow version, a new one if it is new."""
        found = self._ids.get((name, version))
        if found is None:
            self._execute("INSERT INTO workflows (name, version) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, version))
            row = self._execute("SELECT id FROM workflows WHERE name = ? AND version = ?", (name, version)).fetchone()
            found = self._ids[name, version] = int(row[0])
        return found

    def forget(self) -> None:
        """Forget what was looked up, after a transaction that did not happen."""
        self._ids.clear()
