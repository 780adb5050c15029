"""JSON Lines: a file with one value a line, each with its place."""

from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

from handrail_ground.errors import HandrailError
from handrail_ground.files import why_not_read
from handrail_ground.values import InvalidJson, from_json

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors write before UTF-8."""

_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
"""What files that hold others begin with."""


class InvalidLines(HandrailError, ValueError):
    """A file that is no JSON Lines, or cannot be read at all."""

    def __init__(self, *, path: Path, problem: str, line: int | None = None) -> None:
        """Name the file, and the line where it is one."""
        super().__init__(f"{place(path, line)}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class Line(NamedTuple):
    """One line that is not blank."""

    number: int
    """From 1, blank lines counted."""
    text: bytes
    """Without white space around it, and without a byte order mark."""
    end: int
    """How many bytes of the file end with it."""
    is_ended: bool
    """Whether it ends its line; only the last can lack that: a process was stopped while it wrote, or an editor leaves
    it out."""

    def value(self) -> Any:
        """Return the JSON value.

        Raises:
            InvalidJson: it is none, or says what nobody can rely on.
        """
        try:
            return from_json(self.text)
        except InvalidJson as error:
            cause = error.__cause__
            if isinstance(cause, JSONDecodeError) and cause.msg == "Extra data":
                second = f"it holds more than one value, the second from column {cause.colno} on"
                raise InvalidJson(f"{second}: write each into a line of its own, ended by a line feed") from cause
            if self.is_ended or not str(error).startswith("it is not JSON"):
                raise
            problem = "it was only half written: the file ends in the middle of it; finish the line, or take it out"
            raise InvalidJson(problem) from error


def place(path: Path, line: int | None = None, field: str | None = None) -> str:
    """Return where something stands, in words: the file, and its line and field where they are known."""
    where = f"{path}" if line is None else f"{path}, line {line}"
    return where if field is None else f"{where}, field {field!r}"


def read_lines(path: Path, *, longest: int | None = None) -> Iterator[Line]:
    """Yield the lines that are not blank; only line feeds end a line, as JSON Lines has it.

    Raises:
        InvalidLines: the file cannot be read, is no text in UTF-8, its first value goes on over several lines, or a
            line is longer than ``longest`` bytes (None: any number).
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidLines(path=path, problem=why_not_read(error)) from error
    with file:
        number = end = 0
        limit = -1 if longest is None else longest + 1
        while data := _next(path, file, limit):
            number, end = number + 1, end + len(data)
            if longest is not None and len(data) > longest:
                raise InvalidLines(
                    path=path, line=number, problem=f"it is longer than {longest // 2**20} MB; put one value on a line"
                )
            if number == 1:
                _require_text(path, data)
                data = data.removeprefix(BYTE_ORDER_MARK)
            if text := data.strip():
                yield Line(number, text, end, data.endswith(b"\n"))


def _next(path: Path, file: Any, limit: int) -> bytes:
    try:
        line: bytes = file.readline(limit)
    except OSError as error:
        raise InvalidLines(path=path, problem=why_not_read(error)) from error
    return line


def _require_text(path: Path, start: bytes) -> None:
    for magic, kind in _PACKED.items():
        if start.startswith(magic):
            raise InvalidLines(path=path, problem=f"it is compressed ({kind}): unpack it first")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidLines(path=path, problem="it is UTF-16; save the file as UTF-8")
    if start.strip() in {b"{", b"["} and start.endswith(b"\n"):
        problem = "its first value goes on over several lines: write one whole JSON value a line (jq -c . does)"
        raise InvalidLines(path=path, problem=problem)
