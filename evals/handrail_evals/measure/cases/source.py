"""The files that cases are read from: which ones are meant, and their bytes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from handrail_evals.errors import InvalidCaseFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors write before UTF-8."""


def files_of(names: Iterable[str | Path]) -> list[str | Path]:
    """Return each file that is meant once: what a pattern such as ``cases/*.yaml`` finds, in the order of its names.

    Raises:
        InvalidCaseFile: a pattern finds nothing.
    """
    found: dict[str | Path, str | Path] = {}
    for name in names:
        for file in _matching(name):
            found.setdefault(file if isinstance(file, str) else file.resolve(), file)
    return list(found.values())


def is_python(name: str | Path) -> bool:
    """Return whether a name is ``FILE.py:NAME``."""
    return isinstance(name, str) and name.rpartition(":")[0].endswith(".py")


def _matching(name: str | Path) -> list[str] | list[Path]:
    if isinstance(name, str) and is_python(name):
        return [name]
    path = Path(name)
    if not any(each in str(name) for each in "*?[") or path.exists():
        return [path]
    from glob import glob  # noqa: PLC0415 -- few names are patterns

    found = glob(str(name), recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
    matching = sorted(each for each in map(Path, found) if each.is_file())
    if not matching:
        raise InvalidCaseFile(path=path, problem=f"no file has such a name (looked from {Path.cwd()})")
    return matching


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        InvalidCaseFile: it is not there, is a directory, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise InvalidCaseFile(path=path, problem="there is no such file; check its name") from error
    except IsADirectoryError as error:
        raise InvalidCaseFile(path=path, problem=_is_folder(path)) from error
    except OSError as error:
        raise InvalidCaseFile(path=path, problem=f"it cannot be read: {error.strerror or error}") from error


def require_file(path: Path) -> None:
    """Check that a name is not that of a directory, before its suffix is looked at.

    Raises:
        InvalidCaseFile: it is.
    """
    try:
        is_folder = path.is_dir()
    except OSError:  # a name that the system refuses: opening it says why
        return
    if is_folder:
        raise InvalidCaseFile(path=path, problem=_is_folder(path))


def _is_folder(path: Path) -> str:
    return f"it is a directory; name its files, such as {path / '*.jsonl'}"


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return in words where bytes are no UTF-8, and what to do."""
    return f"byte {error.start + 1} is not UTF-8 (0x{error.object[error.start]:02x}); save the file as UTF-8"
