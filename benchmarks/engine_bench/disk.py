"""The disk the databases are on: a real one, or ``synchronous=FULL`` means nothing."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine_bench.errors import InMemoryDisk

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
"""File systems that keep files in memory, where a commit waits for nothing."""


def file_system(directory: Path) -> str:
    """Return the type of the file system under a directory, or ``unknown`` where the system does not tell."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown"
    resolved, best, kind = directory.resolve(), Path("/"), "unknown"
    for line in mounts.read_text().splitlines():
        _, point, found, *_ = line.split(" ")
        mount = Path(point.replace("\\040", " "))
        if resolved.is_relative_to(mount) and len(mount.parts) >= len(best.parts):
            best, kind = mount, found
    return kind


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Yield a new directory on a real disk, removed afterwards.

    Raises:
        InMemoryDisk: the parent is on a file system in memory.
    """
    parent.mkdir(parents=True, exist_ok=True)
    kind = file_system(parent)
    if kind in IN_MEMORY:
        raise InMemoryDisk(f"{parent} is on {kind}, where a commit waits for nothing: choose one on a disk with --dir")
    directory = Path(tempfile.mkdtemp(prefix="engine-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
