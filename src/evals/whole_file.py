"""Files that hold their old content or their new one at any moment, never half of one."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Put content into a file, whole or not at all; what was there is replaced, and the folder must exist.

    Raises:
        OSError: it cannot be written; the file is as it was. So it is when ``parts`` raises.
    """
    # Made with the usual permissions, which those of tempfile are not; no other thread or process has this name.
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with partial.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
