"""Backups of a store by its address: a file that is a store itself, whichever database it was made from."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handrail_orchestrator.store.address import checked_path
from handrail_orchestrator.store.address_text import is_server
from handrail_orchestrator.store.copying import copy_all, side_of


def back_up(url: str, target: Path) -> None:
    """Write a store, as it is at one moment, to a new file; everybody goes on working meanwhile.

    Raises:
        Misuse: the address is none.
        StoreError: the store cannot be read, or the file not written; see its subclasses.
    """
    from handrail_orchestrator.store.sqlite import backup as files  # noqa: PLC0415 -- loaded by who uses it

    if not is_server(url):
        files.copy_out(checked_path(url), target)
        return
    with side_of(url, "read") as source, files.made_whole(target) as partial:
        with side_of(f"sqlite:///{partial}", "fill") as made:
            copy_all(source, made, lambda _: None)
            made.commit()
        files.in_one_file(str(partial))
        files.must_be_sound(str(partial))


def restore_backup(source: Path, url: str) -> None:
    """Make a store of a backup, at an address where none is.

    Raises:
        Misuse: the address is none.
        StoreError: there is a store, the backup cannot be read or is damaged, or the store cannot be written.
    """
    from handrail_orchestrator.store.sqlite import backup as files  # noqa: PLC0415 -- as above

    if not is_server(url):
        files.put_back(source, checked_path(url))
        return
    files.must_be_a_backup(source)
    with _of_today(source) as newest, side_of(newest, "read") as kept, side_of(url, "fill") as made:
        copy_all(kept, made, lambda _: None)
        made.commit()


def sealing_of(backup: Path) -> str | None:
    """Return what a backup says of the keys that its values are sealed by; None: they are not.

    Raises:
        StoreError: it cannot be read; see its subclasses.
    """
    from handrail_orchestrator.store.sqlite import backup as files  # noqa: PLC0415 -- as above

    return files.sealing_of(backup)


@contextmanager
def _of_today(source: Path) -> Iterator[str]:
    """Give the block the address of a copy, in the format of today: a backup is never changed."""
    from handrail_orchestrator.store.sqlite.store import SqliteStore  # noqa: PLC0415 -- as above

    with tempfile.TemporaryDirectory(prefix="handrail-restore-") as folder:  # for its owner alone
        copy = Path(folder) / "copy.db"
        shutil.copyfile(source, copy)
        SqliteStore(str(copy), create=False).close()  # sealed or not: what is sealed is copied as it is
        yield f"sqlite:///{copy}"
