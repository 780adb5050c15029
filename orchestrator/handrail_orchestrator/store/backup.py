"""Backups of a store by its address: the code of that store is loaded with it, and of no other."""

from pathlib import Path

from handrail_orchestrator.store.address import checked_path


def back_up(url: str, target: Path) -> None:
    """Write a store, as it is at one moment, to a new file; everybody goes on working meanwhile.

    Raises:
        Misuse: the address is none.
        StoreError: the store cannot be read, or the file not written; see its subclasses.
    """
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite.backup import copy_out  # noqa: PLC0415 -- as the module says

    copy_out(path, target)


def restore_backup(source: Path, url: str) -> None:
    """Make a store of a backup, at an address where none is.

    Raises:
        Misuse: the address is none.
        StoreError: there is a store, the backup cannot be read or is damaged, or the store cannot be written.
    """
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite.backup import put_back  # noqa: PLC0415 -- as the module says

    put_back(source, path)
