"""Files that hold their old content or their new one at any moment, never half of one."""

import errno
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

GONE: Final = "the working directory is gone: change to one that is there, or make it again and change to it"


def write_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Put content into a file, whole or not at all; what was there is replaced, and the folder must exist.

    Of a link it is the file that is replaced, as others may know it by another name.

    Raises:
        OSError: it cannot be written; the file is as it was. So it is when ``parts`` raises.
    """
    # Made with the usual permissions, which those of tempfile are not; no other thread or process has this name.
    place = path.resolve() if path.is_symlink() else path
    partial = beside(place, f"{os.getpid()}-{threading.get_ident()}")
    try:
        with partial.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error  # that of a full disk names no file
    finally:
        partial.unlink(missing_ok=True)


def beside(path: Path, ending: str) -> Path:
    """Return a hidden file's path in the same folder.

    Raises:
        IsADirectoryError: the path names no file, as an empty one does.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, "it names a folder, not a file", str(path))
    return path.with_name(f".{path.name}.{ending}")


def in_words(error: OSError) -> str:
    """Return an error of the system in words: the file's name where it has one, what is wrong, and where to look."""
    if isinstance(error, FileNotFoundError) and not error.filename and is_folder_gone():
        return GONE
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}; check the path and the disk"


def is_folder_gone() -> bool:
    """Return whether somebody took away the working directory, from which paths are looked for."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def why_not_read(error: OSError) -> str:
    """Return why a file cannot be read, in words that follow its name and a colon."""
    match error:
        case FileNotFoundError():
            return "there is no such file; check its name"
        case IsADirectoryError():
            return "it is a directory; name a file"
        case _:
            return f"it cannot be read: {error.strerror or error}"
