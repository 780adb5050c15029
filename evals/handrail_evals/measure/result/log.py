"""A result while it is written: appended line by line, by one writer, and continued where a killed run stopped."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pydantic_core import PydanticSerializationError, to_json

from handrail_evals.errors import BeingWritten, InvalidResult, InvalidSuite
from handrail_evals.measure.result.case_result import CaseResult, stored
from handrail_evals.measure.result.result import FORMAT, Header, Result, read_result
from handrail_ground.files import beside, write_whole

try:
    import fcntl
except ImportError:  # pragma: no cover -- Windows: nobody is kept out there
    fcntl = None  # type: ignore[assignment]

BEGINNING: Final = f'{{"format":"{FORMAT.partition("/")[0]}/'.encode()
"""What every result begins with: a file that is torn before its first line ends is ours when it begins so."""


class WriterLock:
    """Held while a result is written; the system lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._result = path
        self._path = beside(path.resolve(), "lock")  # of one file by whatever name, wherever the process goes
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


class ResultLog:
    """Appends the lines of one result; what another run of the same suite left behind is kept.

    Use it as ``with ResultLog(path, header) as log``. A line that is written is there when this process is killed; it
    is on the disk when the log is closed. Nobody else can write the same file meanwhile. With ``fresh`` what the file
    held is gone.

    Raises:
        InvalidResult: the file is the result of something else, cannot be read, or another run is writing it.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, header: Header, *, fresh: bool = False) -> None:
        self.path = path
        self._place = path.resolve()  # code that is measured may change the working directory
        self.header = header
        self.earlier: Result | None = None
        """What was there before."""
        self._fresh = fresh
        self._lock = WriterLock(path)
        self._file: int = -1
        self._length = 0
        """Of the whole lines."""

    def __enter__(self) -> Self:
        """Open the file, or make it; a line that was half written is cut off."""
        if self.path.exists() and not self.path.is_file():  # opening a pipe waits for whoever reads it
            problem = "it is a folder, a device or a pipe, and no run could go on with it; name a file with --out"
            raise InvalidResult(path=self.path, problem=problem)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        try:
            if self._fresh:
                self._place.unlink(missing_ok=True)
            self.earlier = self._continued()
            self._open()
            self._truncate(0 if self.earlier is None else self.earlier.whole_bytes)
            if self.earlier is None:
                self._write(self._header_line(self.header))
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything on the disk and close the file."""
        try:
            os.fsync(self._file)
        except OSError as problem:
            if error is None:
                raise self._told(problem) from problem
        finally:
            self._close()

    def _continued(self) -> Result | None:
        if not self.path.exists() or not self.path.stat().st_size:
            return None
        with self.path.open("rb") as file:
            first = file.readline(len(BEGINNING))
        if not (first.startswith(BEGINNING) or BEGINNING.startswith(first)):
            raise InvalidResult(
                path=self.path, problem="it holds something else, and no result; name another file with --out"
            )
        earlier = read_result(self.path, torn="ignore")
        if earlier is None:
            return None  # killed while the first line was written
        changed = earlier.header.difference(self.header)
        if changed:
            raise InvalidResult(
                path=self.path,
                problem=f"it is the result of something else ({changed}); name another file with --out, start anew with"
                f" --fresh, or score its answers again with --answers-from {self.path} --out NEW",
            )
        return earlier

    def add(self, case: CaseResult) -> CaseResult:
        """Append one case; return it as it will be read."""
        kept, line = stored(case)
        self._write(line)
        return kept

    def replace(self, cases: Iterable[CaseResult]) -> None:
        """Put these cases in the place of all that are there; at any moment the file holds the ones or the others."""
        header = self.header if self.earlier is None else self.earlier.header
        try:
            write_whole(self._place, (self._header_line(header), *(stored(each)[1] for each in cases)))
        except OSError as error:
            raise self._told(error) from error
        os.close(self._file)
        self._file = -1
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        self._length = os.fstat(self._file).st_size

    def _truncate(self, length: int) -> None:
        if length != self._length:
            os.ftruncate(self._file, length)
            self._length = length

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._lock.release()

    def _header_line(self, header: Header) -> bytes:

        data: dict[str, Any] = header.to_data()
        try:
            return to_json(data) + b"\n"
        except PydanticSerializationError as error:
            raise InvalidSuite(f"suite {header.suite!r} has a name or version that is no text ({error})") from error

    def _write(self, line: bytes) -> None:
        left = line
        try:
            while left:  # a full disk or a signal writes a part
                left = left[os.write(self._file, left) :]
        except OSError as error:
            if len(left) < len(line):
                os.ftruncate(self._file, self._length)  # half a line would spoil the next one
            raise self._told(error) from error
        self._length += len(line)

    def _told(self, error: OSError) -> OSError:
        return OSError(error.errno, error.strerror, str(self.path))
