"""A store file as it is at one moment, written to another file while everybody goes on, and put back from there."""

import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from handrail_orchestrator.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly
from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.store.sql.sealing import STATE
from handrail_orchestrator.store.sqlite.file_identity import place_of
from handrail_orchestrator.store.sqlite.reading import explaining, is_there, reader

BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite makes beside a store; one that is left over would be read into a new store."""


def copy_out(path: str, target: Path) -> None:
    """Write a store, as it is at one moment, to a new file that only its owner can read; nobody waits for it.

    Raises:
        StoreNotFound: there is no such store.
        StoreError: it is none of this version, the target is there, or cannot be written.
    """
    if path == MEMORY:
        raise StoreError(path, "a store in memory ends with its process and cannot be backed up: use sqlite:///FILE")
    with closing(reader(path)) as checked, made_whole(target) as partial:
        del checked  # it is a store, and one that this version can read
        with explaining(str(target)), closing(sqlite3.connect(place_of(path), isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        must_be_sound(str(partial))


def put_back(source: Path, path: str) -> None:
    """Make a store of a backup, at a path where none is.

    Raises:
        StoreNotFound: there is no such backup.
        StoreCorrupt: it is no store, or damaged.
        StoreError: there is a store, or what is left of one, at the path; or it cannot be written.
    """
    if path == MEMORY:
        raise StoreError(path, "a store in memory cannot be restored: use sqlite:///FILE")
    must_be_a_backup(source)
    for ending in BESIDE:
        if is_there(f"{path}{ending}"):
            raise StoreError(path, f"{path}{ending} is left of a store that was there: move it away with that store")
    with made_whole(Path(path)) as partial:
        shutil.copyfile(source, partial)


def sealing_of(source: Path) -> str | None:
    """Return what a backup says of the keys that its values are sealed by; None: they are not.

    Raises:
        StoreNotFound: there is no such file.
        StoreError: it is no store that this version can read; see its subclasses.
    """
    with closing(reader(str(source))) as connection, explaining(str(source)):
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'settings'").fetchone() is None:
            return None
        found = connection.execute(STATE).fetchone()
    return None if found is None else str(found[0])


def must_be_a_backup(source: Path) -> None:
    """Check that a file is a backup: a sound store that nobody has in use.

    Raises:
        StoreNotFound: there is no such file.
        StoreCorrupt: it is no store, or damaged.
        StoreError: it is in use.
    """
    must_be_sound(str(source))
    if any(is_there(f"{source}{ending}") and Path(f"{source}{ending}").stat().st_size for ending in BESIDE):
        raise StoreError(str(source), "it is a store in use, no backup: make one with `handrail backup`")


def in_one_file(path: str) -> None:
    """Let all of a store be in its file, with nothing beside it: a medium that cannot be written can hold it then."""
    with explaining(path), closing(sqlite3.connect(place_of(path), isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def must_be_sound(path: str) -> None:
    """Read a whole file and check that it is a store of which nothing is damaged.

    Raises:
        StoreNotFound: there is no such file.
        StoreCorrupt: it is no store, or damaged.
        StoreTooNew: a newer version made it.
    """
    with closing(reader(path)) as connection, explaining(path):
        if not connection.execute("PRAGMA application_id").fetchone()[0]:
            raise StoreCorrupt(path, "the file is empty: give the path of a backup")
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise StoreCorrupt(path, f"the file is damaged ({'; '.join(found)}): use an earlier backup")


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """Give the block a file to write, and its place when all of it is on the disk; what is there is never replaced."""
    if is_there(str(target)):
        raise StoreError(str(target), "it is there already and is not replaced: give another name, or move it away")
    if not target.name:
        raise StoreError(str(target), "it names no file")
    partial = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # what it will hold is for its owner
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        _put(partial, target)
    except FileExistsError:
        raise StoreError(str(target), "another process has made it meanwhile: give another name") from None
    except OSError as error:
        kind = StoreFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else StoreReadOnly
        problem = f"it cannot be written ({error.strerror or error}): check the disk and the rights"
        raise kind(str(target), problem) from error
    finally:
        for ending in ("", *BESIDE):
            with suppress(OSError):
                Path(f"{partial}{ending}").unlink(missing_ok=True)


def _put(partial: Path, target: Path) -> None:
    """Give a file its name, unless somebody has taken that; both in one folder, which is on the disk then."""
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        partial.rename(target)  # no file system for links
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
