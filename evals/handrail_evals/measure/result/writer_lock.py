"""One writer a file: whoever comes second is told who is there."""

import os
from pathlib import Path

from handrail_evals.errors import BeingWritten
from handrail_ground.files import beside

try:
    import fcntl
except ImportError:  # pragma: no cover -- Windows: nobody is kept out there
    fcntl = None  # type: ignore[assignment]


class WriterLock:
    """Held while a result is written; the system lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._result = path
        self._path = beside(path, "lock")
        self._file = -1

    def take(self) -> None:
        """Take the lock.

        Raises:
            BeingWritten: another run writes this result; its process is named.
            OSError: the folder cannot be written.
        """
        while fcntl is not None:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                who = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
                os.close(file)
                raise BeingWritten(
                    path=self._result,
                    problem=f"process {who} is writing it; wait for that run, or name another file with --out",
                ) from error
            except BaseException:
                os.close(file)
                raise
            if self._is_there(file):
                os.ftruncate(file, 0)
                os.pwrite(file, str(os.getpid()).encode(), 0)
                self._file = file
                return
            os.close(file)  # the run before took its lock away just now

    def _is_there(self, file: int) -> bool:
        try:
            return self._path.stat().st_ino == os.fstat(file).st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let others write."""
        if self._file >= 0:
            self._path.unlink(missing_ok=True)  # while it is held: nobody else can have made a new one
            os.close(self._file)
            self._file = -1
