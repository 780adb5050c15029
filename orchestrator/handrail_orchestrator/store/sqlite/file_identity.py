"""Which file a store was opened from, and whether it is still the one at its path."""

from pathlib import Path

from handrail_orchestrator.errors import StoreNotFound
from handrail_orchestrator.store.address_text import MEMORY


class FileIdentity:
    """Remembers the file at a path; a file that is gone takes what is written along, and nobody would notice."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._place = None if path == MEMORY else Path(path).absolute()  # a step may change the working directory
        self._file: tuple[int, int] | None = None

    def note(self) -> None:
        """Remember which file is there now, unless one is remembered."""
        if self._file is None:
            self._file = self._now()

    def check(self) -> None:
        """Refuse to go on once the file was deleted or another one was put into its place.

        Raises:
            StoreNotFound: it was.
        """
        if self._place is not None and self._now() != self._file:
            problem = "the file was deleted or replaced while it was open: put it back, or start again with another"
            raise StoreNotFound(self._path, problem)

    def _now(self) -> tuple[int, int] | None:
        if self._place is None:
            return None
        try:
            found = self._place.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
