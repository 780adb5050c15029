"""A result while it is written: appended line by line, and continued where a killed run stopped."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evals.errors import InvalidResult
from evals.result.case_result import CaseResult
from evals.result.header import Header
from evals.result.result import Result, read_result

Line = dict[str, Any]


class ResultLog:
    """Appends the lines of one result; what another run of the same suite left behind is kept.

    Use it as ``with ResultLog(path, header) as log``. A line that is written is there when this process is killed; it
    is on the disk when the log is closed.

    Raises:
        InvalidResult: the file is the result of something else, or cannot be read; what changed is said.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.earlier: Result | None = None
        """What was there before, without the cases whose target crashed."""
        self._file: int = -1

    def __enter__(self) -> Self:
        """Open the file, or make it; a line that was half written is cut off."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size:
            self.earlier = self._continued()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(self.path, flags, 0o666)
        if self.earlier is None:
            self._write(self.header.to_data())
        else:
            os.ftruncate(self._file, self.earlier.whole_bytes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put everything on the disk and close the file."""
        os.fsync(self._file)
        os.close(self._file)

    def _continued(self) -> Result | None:
        earlier = read_result(self.path, torn="ignore")
        if earlier is None:
            return None
        changed = earlier.header.difference(self.header)
        if changed:
            raise InvalidResult(
                path=self.path,
                problem=f"it is the result of something else ({changed}); name another file with --out, or start anew"
                " with --fresh",
            )
        return earlier

    @property
    def done(self) -> frozenset[tuple[str, int]]:
        """Return which cases need not be asked again, as (name, repeat); one whose target crashed does."""
        if self.earlier is None:
            return frozenset()
        return frozenset((each.case, each.repeat) for each in self.earlier.cases if each.error is None)

    def add(self, case: CaseResult) -> None:
        """Append one case."""
        self._write(case.to_data())

    def _write(self, data: Line) -> None:
        from pydantic_core import to_json  # noqa: PLC0415 -- keeps the import light

        line = to_json(data, inf_nan_mode="strings") + b"\n"
        while line:  # a full disk or a signal writes a part
            line = line[os.write(self._file, line) :]
