"""The command's standard streams: closed ones, full disks and readers that have gone must not end it with a trace."""

import io
import os
import sys
from typing import Any, TextIO


def make_usable() -> None:
    """Give the process three streams that can be used, whatever it was started with.

    A closed one becomes the null device, or the next file that is opened, such as a store, would take its number and be
    written into. Whoever reads the output may stop reading, as ``head`` does: the rest goes nowhere, and the command
    goes on to its own end. Characters that the terminal cannot show are written out.
    """
    for number in (0, 1, 2):
        _be_open(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- open for good, by number
    sys.stdout = _writer(_Output(1, "standard output"), sys.stdout)
    sys.stderr = _writer(_Output(2, ""), sys.stderr)


class _Output(io.FileIO):
    """Writes as long as somebody reads; a failure is raised once, and not at all without a name."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(number, "w", closefd=False)
        self._title = name
        self._is_gone = False

    def write(self, data: Any, /) -> int:
        """Write, or forget what nobody can read any more."""
        if not self._is_gone:
            try:
                return super().write(data)
            except BrokenPipeError:
                self._is_gone = True
            except OSError as error:
                self._is_gone = True
                if self._title:
                    error.filename = self._title
                    raise
        return len(memoryview(data).cast("B"))


def _writer(raw: _Output, before: TextIO | None) -> TextIO:
    encoding = getattr(before, "encoding", None) or "utf-8"
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding=encoding, errors="backslashreplace", line_buffering=raw.isatty())


def _be_open(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
