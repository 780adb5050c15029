"""The demo's ticket system: a file of updates in which nothing is ever written twice."""

import json
import threading
from pathlib import Path
from typing import Literal, TypeAlias

Delivery: TypeAlias = Literal["sent", "already sent"]
"""What came of handing an update over: an engine may execute an action more than once, its effect happens once."""


class Outbox:
    """Stands in for a ticket system that honours idempotency keys: one JSON line for each key.

    Safe for the threads of a process and for processes that take turns, which is what the engine's leases see to.
    It is not synced to the disk: it shows what was sent, the store is what remembers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._read_to = 0
        """Position in the file, in bytes, up to which ``_seen`` knows its keys."""

    def deliver(self, key: str, **fields: str) -> Delivery:
        """Append one line with the key and the fields, unless the key is there already.

        Raises:
            OSError: the file cannot be read or written.
        """
        with self._lock, self.path.open("a+b") as file:
            file.seek(self._read_to)
            unread = file.read()
            lines, _, torn = unread.rpartition(b"\n")
            self._seen.update(json.loads(line)["key"] for line in lines.splitlines())
            self._read_to += len(unread) - len(torn)
            if key in self._seen:
                return "already sent"
            if torn:
                # The process that wrote this half of a line is dead, and its action is executed again.
                file.truncate(self._read_to)
            file.write(json.dumps({"key": key, **fields}).encode() + b"\n")
            return "sent"
