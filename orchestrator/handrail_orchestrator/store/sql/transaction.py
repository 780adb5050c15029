"""What the functions share that apply changes: one open transaction of a database, whichever it is."""

from handrail_orchestrator.store.sealing import NotSealing, Sealing
from handrail_orchestrator.store.sql.database import Database
from handrail_orchestrator.store.sql.workflow_ids import WorkflowIds


class Transaction:
    """One open transaction of a store; it is made once for a connection, and used again for each."""

    def __init__(self, connection: Database, path: str) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.path = path
        """Where the store is, as errors say it."""
        self.worker: int | None = None
        """In whose name is written; None: in that of no worker."""
        self.alive = True
        """Whether that worker is signed on, or there is none."""
        self.workflow_ids = WorkflowIds(connection)
        self.sealing: Sealing = NotSealing(path)
        """What seals the values that the store writes itself, and opens those that it looks into."""
